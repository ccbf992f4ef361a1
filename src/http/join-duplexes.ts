import { setImmediate } from 'node:timers/promises'

import type { ByteDuplex, ByteSource } from '../sync/duplex.ts'
import { countPassed } from '../sync/protocol/passed-buffers.ts'

/** The same duplex, with the bytes that it carried so far. */
export function countDuplex(duplex: ByteDuplex): ByteDuplex & { counts: { received: number; sent: number } } {
  const counts = { received: 0, sent: 0 }
  const { source } = duplex
  const atHand = (): Uint8Array | undefined => {
    const piece = source.atHand?.()
    counts.received += piece?.length ?? 0
    return piece
  }
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      counts.received += piece.length
      yield piece
    }
  }
  return {
    ...duplex,
    counts,
    source: Object.assign(counted(), { atHand }),
    send(bytes) {
      counts.sent += bytes.length
      return duplex.send(bytes)
    },
  }
}

/** Carries bytes both ways between two duplexes until both have ended; where one breaks, the other is aborted. */
export async function joinDuplexes(one: ByteDuplex, other: ByteDuplex): Promise<void> {
  try {
    await Promise.all([carry(one, other), carry(other, one)])
  } catch (error) {
    const reason = error instanceof Error ? error : new Error(String(error))
    one.abort(reason)
    other.abort(reason)
  }
}

async function carry({ source }: ByteDuplex, to: ByteDuplex): Promise<void> {
  for await (const piece of source) {
    const bytes = source.atHand === undefined ? piece : await withNext(source, piece)
    countPassed(bytes.length)
    await to.send(bytes)
  }
  await to.closeWrite()
}

/** How many bytes are sent in one piece. */
const GATHERED_BYTES = 262_144

/** A piece with those that come in the same turn of the event loop: TLS gives 16 KiB at a time, and each write is a system call. */
async function withNext(source: ByteSource, first: Uint8Array): Promise<Uint8Array> {
  await setImmediate()
  const pieces = [first]
  for (let bytes = first.length; bytes < GATHERED_BYTES;) {
    const next = source.atHand?.()
    if (next === undefined) break
    pieces.push(next)
    bytes += next.length
  }
  return pieces.length === 1 ? first : Buffer.concat(pieces)
}
