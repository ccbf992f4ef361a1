import { once } from 'node:events'
import type { Duplex } from 'node:stream'

import type { ByteDuplex } from '../sync/duplex.ts'

/** A socket as a duplex of bytes; `head` is what of the other side's bytes was read already. */
export function socketDuplex(socket: Duplex, head: Uint8Array = new Uint8Array()): ByteDuplex {
  // Whoever reads or writes learns of an error there; unheard it would end the process.
  socket.on('error', () => undefined)
  if (head.length > 0) socket.unshift(head)
  return {
    source: socket.iterator({ destroyOnReturn: false }),
    async send(bytes) {
      if (socket.destroyed || socket.writableEnded) throw socket.errored ?? new Error('the socket is closed')
      if (socket.write(bytes)) return
      const ended = new AbortController()
      try {
        const { signal } = ended
        await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })])
      } finally {
        ended.abort()
      }
      if (socket.destroyed) throw socket.errored ?? new Error('the socket is closed')
    },
    closeWrite: () =>
      new Promise((resolve) => {
        socket.end(resolve)
      }),
    abort: (error) => {
      socket.destroy(error)
    },
  }
}

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
  for await (const piece of from.source) await to.send(piece)
  await to.closeWrite()
}
