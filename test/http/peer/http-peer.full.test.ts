import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import { describe, expect, it, onTestFinished } from 'vitest'

import { SYNC_TYPE } from '../../../src/http/asker-signature.ts'
import { createHttpPeer } from '../../../src/http/peer/http-peer.ts'
import { generateEd25519Key } from '../../../src/node/home/ed25519-key.ts'
import { withLength } from '../../../src/sync/protocol/length-prefix.ts'

const key = generateEd25519Key()

/** Longer than an answer with a challenge is waited for. */
const LONG_MS = 11_000

async function startServer(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/data`
}

/** Begins an exchange that is signed; what is answered. */
async function exchange(peer: ReturnType<typeof createHttpPeer>): Promise<string> {
  const duplex = (await peer.openSync?.())!
  await duplex.send(withLength(Buffer.from('a message')))
  await duplex.closeWrite()
  return Buffer.concat(await Array.fromAsync(duplex.source)).toString()
}

describe('a node over HTTP', () => {
  it('may carry as much as it has connections for: what is asked meanwhile waits', { timeout: 60_000 }, async () => {
    const held: ServerResponse[] = []
    const url = await startServer((request, response) => {
      if (request.method === 'GET') response.end(JSON.stringify({ challenge: 'c', peerId: key.peerId }))
      else held.push(response.setHeader('content-type', SYNC_TYPE))
    })
    const peer = createHttpPeer(url, { key })
    onTestFinished(() => peer.close())
    const answers = Array.from({ length: 8 }, () => exchange(peer))
    await expect.poll(() => held.length, { timeout: 5000 }).toBe(8)
    answers.push(exchange(peer))
    await Promise.race([sleep(LONG_MS), ...answers])
    const answering = setInterval(() => held.splice(0).map((response) => response.end('answered')), 20)
    onTestFinished(() => clearInterval(answering))
    expect(await Promise.all(answers)).toEqual(Array(9).fill('answered'))
  })

  it('that gives no challenge in time is said to answer to nobody', { timeout: 60_000 }, async () => {
    const url = await startServer((_, response) => void response.writeHead(200).write('{'))
    const peer = createHttpPeer(url, { key })
    onTestFinished(() => peer.close())
    await expect(exchange(peer)).rejects.toMatchObject({ code: 'peer-unreachable', details: { peer: url } })
  })
})
