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
