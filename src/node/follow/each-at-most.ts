/** Does some work for each of many things, at most `limit` at a time. The first failure ends it, once what runs has ended. */
export async function eachAtMost<T>(
  limit: number,
  things: readonly T[],
  work: (thing: T) => Promise<void>,
): Promise<void> {
  const waiting = things.values()
  const workOn = async (): Promise<void> => {
    for (const thing of waiting) await work(thing)
  }
  const done = await Promise.allSettled(Array.from({ length: Math.min(limit, things.length) }, workOn))
  const failed = done.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}
