import type { Stream } from '@libp2p/interface'

import type { ByteDuplex, ByteSource } from '../../sync/duplex.ts'
import { READ_AHEAD_BYTES, SEND_BYTES } from './network-limits.ts'

/** A libp2p stream as a duplex of bytes, with backpressure in both directions. To be called before anything else awaits. */
export function streamDuplex(stream: Stream): ByteDuplex {
  return {
    source: readStream(stream),
    async send(bytes) {
      for (let at = 0; at < bytes.length; at += SEND_BYTES) {
        if (!stream.send(bytes.subarray(at, at + SEND_BYTES))) await drained(stream)
      }
    },
    closeWrite: () => stream.close(),
    abort: (error) => stream.abort(error),
  }
}

/**
 * Waits until the stream takes more. Not by `stream.onDrain()`: in libp2p 3.3 its promise stays fulfilled after the first
 * time, and then everything that is sent piles up in memory.
 */
async function drained(stream: Stream): Promise<void> {
  while (stream.writableNeedsDrain) {
    await new Promise<void>((resolve, reject) => {
      const settle = (event: Event): void => {
        stream.removeEventListener('drain', settle)
        stream.removeEventListener('close', settle)
        if (event.type === 'drain') resolve()
        else reject(closeError(event))
      }
      if (stream.status !== 'open') reject(new Error(`the stream is ${stream.status}`))
      stream.addEventListener('drain', settle)
      stream.addEventListener('close', settle)
    })
  }
}

function readStream(stream: Stream): ByteSource {
  const pieces: Uint8Array[] = []
  let unreadBytes = 0
  let isResuming = false
  let ended = stream.readableEnded
  let failure: Error | undefined
  let wake: (() => void) | undefined
  const changed = (): void => {
    wake?.()
    wake = undefined
  }
  const pauseIfFull = (): void => {
    if (!isResuming && unreadBytes >= READ_AHEAD_BYTES && stream.readStatus === 'readable') stream.pause()
  }
  // What arrived meanwhile is given to the listener inside `resume`. Pausing there would be undone at its end: yamux would
  // make room for more, and libp2p break the stream when its buffer is full.
  const resumeIfLow = (): void => {
    if (unreadBytes >= READ_AHEAD_BYTES / 2 || stream.readStatus !== 'paused') return
    isResuming = true
    try {
      stream.resume()
    } catch (error) {
      // The connection is gone. What came before that is read first.
      failure ??= error instanceof Error ? error : new Error(String(error))
    }
    isResuming = false
    pauseIfFull()
  }
  stream.addEventListener('message', ({ data }) => {
    for (const piece of data instanceof Uint8Array ? [data] : data) pieces.push(piece)
    unreadBytes += data.byteLength
    pauseIfFull()
    changed()
  })
  stream.addEventListener('end', () => {
    ended = true
    changed()
  })
  stream.addEventListener('close', (event) => {
    if ('error' in event && event.error instanceof Error) failure = event.error
    changed()
  })

  const atHand = (): Uint8Array | undefined => {
    const piece = pieces.shift()
    if (piece === undefined) return undefined
    unreadBytes -= piece.byteLength
    resumeIfLow()
    return piece
  }
  async function* read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = atHand()
      if (piece !== undefined) yield piece
      else if (failure !== undefined) throw failure
      else if (ended) return
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  return Object.assign(read(), { atHand })
}

function closeError(event: Event): Error {
  return 'error' in event && event.error instanceof Error ? event.error : new Error('the stream was closed')
}
