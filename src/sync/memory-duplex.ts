import type { ByteDuplex } from './duplex.ts'

/** One direction: at most a few pieces wait in it, the writer waits for the reader. */
interface Pipe {
  source: AsyncIterable<Uint8Array>
  send(bytes: Uint8Array): Promise<void>
  close(): void
  fail(error: Error): void
}

/** How many pieces may wait in one direction before `send` waits. */
const HIGH_WATER_PIECES = 4

/** Two ends of one stream in this process: what one sends the other reads. */
export function createDuplexPair(): [ByteDuplex, ByteDuplex] {
  const there = createPipe()
  const back = createPipe()
  return [createEnd(back, there), createEnd(there, back)]
}

function createEnd(incoming: Pipe, outgoing: Pipe): ByteDuplex {
  return {
    source: incoming.source,
    send: (bytes) => outgoing.send(bytes),
    closeWrite: async () => outgoing.close(),
    abort(error) {
      incoming.fail(error)
      outgoing.fail(error)
    },
  }
}

function createPipe(): Pipe {
  const pieces: Uint8Array[] = []
  let closed = false
  let failure: Error | undefined
  let wake: (() => void)[] = []
  const changed = (): void => {
    const waiting = wake
    wake = []
    for (const resume of waiting) resume()
  }
  const wait = (): Promise<void> => new Promise((resolve) => wake.push(resolve))

  return {
    source: {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          if (failure !== undefined) throw failure
          const piece = pieces.shift()
          if (piece !== undefined) {
            changed()
            yield piece
          } else if (closed) return
          else await wait()
        }
      },
    },
    async send(bytes) {
      for (;;) {
        if (failure !== undefined) throw failure
        if (closed) throw new Error('the stream was closed for writing')
        if (pieces.length < HIGH_WATER_PIECES) break
        await wait()
      }
      pieces.push(bytes)
      changed()
    },
    close() {
      closed = true
      changed()
    },
    fail(error) {
      if (failure !== undefined || (closed && pieces.length === 0)) return
      failure = error
      changed()
    },
  }
}
