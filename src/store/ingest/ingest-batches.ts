import { RANGE_SIZE } from './ingest-reader.ts'

/** Files in one task: enough that messages cost little, few enough that threads finish together. */
const BATCH_FILES = 256

/** Requests, taken from their source as they are needed. */
export interface Batches<R> {
  /** Whether all fits into one thread's hands: asked before the first batch. Looks ahead no further than that. */
  isSmall(limits: { files: number; bytes: number }): Promise<boolean>
  /** The next requests, up to BATCH_FILES and about RANGE_SIZE bytes; undefined at the end. */
  next(): Promise<R[] | undefined>
  /** Tells the source that no more is wanted. */
  close(): Promise<void>
}

/** Groups requests into tasks by their sizes. */
export function createBatches<R extends { size: number }>(requests: Iterable<R> | AsyncIterable<R>): Batches<R> {
  const source = Symbol.asyncIterator in requests ? requests[Symbol.asyncIterator]() : requests[Symbol.iterator]()
  const ahead: R[] = []
  let isDone = false

  const pull = async (): Promise<R | undefined> => {
    if (isDone) return undefined
    const result = await source.next()
    if (result.done !== true) return result.value
    isDone = true
    return undefined
  }

  return {
    async isSmall({ files, bytes }) {
      let total = 0
      while (ahead.length < files && total < bytes) {
        const request = await pull()
        if (request === undefined) return true
        ahead.push(request)
        total += request.size
      }
      return false
    },
    async next() {
      const batch: R[] = []
      for (let bytes = 0; batch.length < BATCH_FILES && bytes < RANGE_SIZE;) {
        const request = ahead.shift() ?? (await pull())
        if (request === undefined) break
        batch.push(request)
        bytes += request.size
      }
      return batch.length === 0 ? undefined : batch
    },
    async close() {
      if (isDone) return
      isDone = true
      await source.return?.()
    },
  }
}
