import { createServer, get } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

import { expect, it, onTestFinished, vi } from 'vitest'

import { limitHosts } from '../../../src/http/listener/host-limit.ts'

it('one host has so many connections, and another one is answered meanwhile', async () => {
  const server = createServer((_request, response) => void response.end('here'))
  const refused: string[] = []
  limitHosts(server, 3, (host) => refused.push(host))
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const sockets: Socket[] = Array.from({ length: 200 }, () =>
    connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' })
      .on('error', () => undefined)
      .resume(),
  )
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.closeAllConnections()
    server.close()
  })
  await vi.waitFor(() => expect(refused).toHaveLength(197))
  expect(new Set(refused)).toEqual(new Set(['127.0.0.2']))
  const ask = (localAddress: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      get({ port, host: '127.0.0.1', localAddress, agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).on('error', reject)
    })
  expect(await ask('127.0.0.1')).toBe(200)
  for (const socket of sockets) socket.destroy()
  await vi.waitFor(async () => expect(await ask('127.0.0.2')).toBe(200))
})
