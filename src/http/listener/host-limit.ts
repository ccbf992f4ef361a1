import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Lets one host have only so many connections to a server at a time; others are closed at once. `onRefused` is told the
 * host's IP address.
 */
export function limitHosts(server: Server, maxPerHost: number, onRefused: (host: string) => void): void {
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const host = socket.remoteAddress
    // It hung up already.
    if (host === undefined) return
    const count = (open.get(host) ?? 0) + 1
    if (count > maxPerHost) {
      socket.destroy()
      onRefused(host)
      return
    }
    open.set(host, count)
    socket.once('close', () => {
      const left = (open.get(host) ?? 1) - 1
      if (left === 0) open.delete(host)
      else open.set(host, left)
    })
  })
}
