import type { Stream } from '@libp2p/interface'
import { expect, test } from 'vitest'

import { READ_AHEAD_BYTES } from '../../../src/node/network/network-limits.ts'
import { streamDuplex } from '../../../src/node/network/stream-duplex.ts'

/** A stream whose connection breaks: it cannot be told any more to go on. */
class BrokenStream extends EventTarget {
  status = 'open'
  readStatus = 'readable'
  readableEnded = false

  pause(): void {
    this.readStatus = 'paused'
  }

  resume(): void {
    throw new Error('the connection is closed')
  }

  bring(piece: Uint8Array): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data: piece }))
  }
}

test.each(['at hand', 'awaited'])('what came before a connection broke is read first (%s)', async (way) => {
  const stream = new BrokenStream()
  const { source } = streamDuplex(stream as unknown as Stream)
  const pieces = Array.from({ length: 4 }, (_, number) => new Uint8Array(READ_AHEAD_BYTES / 4).fill(number))
  for (const piece of pieces) stream.bring(piece)
  const read: Uint8Array[] = []
  if (way === 'at hand') for (let piece = source.atHand?.(); piece; piece = source.atHand?.()) read.push(piece)
  const rest = async (): Promise<void> => {
    for await (const piece of source) read.push(piece)
  }
  await expect(rest()).rejects.toThrow('the connection is closed')
  expect(read).toEqual(pieces)
})
