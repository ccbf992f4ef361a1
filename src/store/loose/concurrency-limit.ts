/** Runs a task when fewer than the limit are running; tasks start in the order in which they came. */
export type ConcurrencyLimit = <T>(task: () => Promise<T>) => Promise<T>

/** Lets at most `limit` tasks run at once. */
export function createConcurrencyLimit(limit: number): ConcurrencyLimit {
  let running = 0
  const waiting: (() => void)[] = []
  return async (task) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await task()
    } finally {
      // The place is handed on rather than given back, so that nobody who comes now gets in between.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
