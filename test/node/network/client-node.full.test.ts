import { connect, createServer, type AddressInfo } from 'node:net'

import { expect, it, onTestFinished } from 'vitest'

import { connectPeer } from '../../../src/node/network/client-node.ts'
import { startTestNode } from '../../support/network.ts'

/** A port of this machine that passes everything on to another one, but nothing for so long at first. */
async function startSlowPort(port: number, pauseMs: number): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    setTimeout(() => {
      const to = connect(port, '127.0.0.1').on('error', () => undefined)
      socket.pipe(to).pipe(socket)
    }, pauseMs)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

it('a peer that is busy for 7 s is waited for', async () => {
  const node = await startTestNode([])
  onTestFinished(() => node.stop())
  const address = node.addresses()[0]!
  const port = await startSlowPort(Number(/tcp\/(\d+)/.exec(address)![1]), 7000)
  const peer = await connectPeer(address.replace(/tcp\/\d+/, `tcp/${port}`))
  expect(await peer.ping()).toBeGreaterThan(0)
  await peer.close()
})
