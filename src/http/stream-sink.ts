import type { Writable } from 'node:stream'

import type { ByteDuplex } from '../sync/duplex.ts'

/** The writing half of a duplex over a Node stream: what is written waits for the other side to read. */
export function streamSink(stream: Writable): Omit<ByteDuplex, 'source'> {
  // Whoever writes learns of an error there; unheard it would end the process.
  stream.on('error', () => undefined)
  return {
    async send(bytes) {
      if (stream.destroyed || stream.writableEnded) throw stream.errored ?? new Error('the connection is closed')
      if (stream.write(bytes)) return
      await drained(stream)
    },
    closeWrite: () =>
      new Promise((resolve) => {
        if (stream.destroyed || stream.writableEnded) resolve()
        else stream.end(resolve)
      }),
    // Why is this side's business: the other one sees the connection break.
    abort: () => void stream.destroy(),
  }
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      stream.off('drain', settle).off('close', settle)
      if (stream.destroyed) reject(stream.errored ?? new Error('the connection is closed'))
      else resolve()
    }
    stream.once('drain', settle).once('close', settle)
  })
}
