import type { ByteDuplex } from '../sync/duplex.ts'
import { countPassed } from '../sync/protocol/passed-buffers.ts'

/** The same duplex, with the bytes that it carried so far. */
export function countDuplex(duplex: ByteDuplex): ByteDuplex & { counts: { received: number; sent: number } } {
  const counts = { received: 0, sent: 0 }
  return {
    ...duplex,
    counts,
    source: (async function* () {
      for await (const piece of duplex.source) {
        counts.received += piece.length
        yield piece
      }
    })(),
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

async function carry(from: ByteDuplex, to: ByteDuplex): Promise<void> {
  for await (const piece of from.source) {
    countPassed(piece.length)
    await to.send(piece)
  }
  await to.closeWrite()
}
