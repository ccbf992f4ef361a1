/** Work that goes on side by side, and whose results are handed on in the order in which it was begun. */
export interface InOrder<T> {
  /** Begins one more piece of work, as soon as there is room for it. Throws what handing on an earlier result throws. */
  begin(work: () => Promise<T>): Promise<void>
  /** Resolves when the results of all that was begun were handed on. */
  drain(): Promise<void>
  /** Resolves when nothing is being worked on any more; what is not handed on yet is dropped. */
  stop(): Promise<void>
}

/** At most `limit` pieces of work at once, whose results are given to `onDone`. */
export function createInOrder<T>(limit: number, onDone: (result: T) => void): InOrder<T> {
  const begun: Promise<T>[] = []
  const handOn = async (): Promise<void> => {
    const first = await begun[0]!
    void begun.shift()
    onDone(first)
  }
  return {
    async begin(work) {
      while (begun.length >= limit) await handOn()
      const started = work()
      // It is awaited in its turn; failing before that is no unhandled rejection.
      started.catch(() => undefined)
      begun.push(started)
    },
    async drain() {
      while (begun.length > 0) await handOn()
    },
    async stop() {
      await Promise.allSettled(begun.splice(0))
    },
  }
}
