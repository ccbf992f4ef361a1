import { once } from 'node:events'
import { createServer, type IncomingMessage, request as startRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

import { onTestFinished } from 'vitest'

import { connectPeer } from '../../src/node/network/client-node.ts'
import { lengthPrefixed } from './hostile-peer.ts'
import { startTestNode } from './network.ts'

/** What is sent in place of the parts of an honest transfer: header, CAR header, sections. It may never end. */
export type Lie = (parts: Uint8Array[]) => Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** Nodes that pass on all that an honest one says, but for the blocks: there they say what `lie` makes of them. */
export interface TamperingProxies {
  /** The address of each, by its carrier. */
  libp2p: string
  http: string
  /** May be changed while they run; undefined: they are honest. */
  lie: Lie | undefined
}

/** Starts one proxy for each carrier, before a daemon that listens for both. */
export async function startTamperingProxies(honest: { libp2p: string; http: string }): Promise<TamperingProxies> {
  const proxies: TamperingProxies = { libp2p: '', http: '', lie: undefined }
  const answer = (asked: Uint8Array, given: Uint8Array): ReturnType<Lie> => {
    const isTransfer = Buffer.from(asked).includes('jzfs/sync-request/1')
    return isTransfer && proxies.lie ? proxies.lie([...lengthPrefixed(Buffer.from(given))]) : [given]
  }
  proxies.http = await startHttpProxy(honest.http, answer)
  const peer = await connectPeer(honest.libp2p)
  const node = await startTestNode([], {
    record: async (name) => (await peer.resolveName(name)) ?? undefined,
    async sync(duplex) {
      const asked = Buffer.concat(await Array.fromAsync(duplex.source))
      const stream = (await peer.openSync?.())!
      await stream.send(asked)
      await stream.closeWrite()
      const given = Buffer.concat(await Array.fromAsync(stream.source))
      for await (const piece of answer(asked, given)) await duplex.send(piece)
      await duplex.closeWrite()
    },
  })
  onTestFinished(() => Promise.all([node.stop(), peer.close()]).then(() => undefined))
  proxies.libp2p = node.addresses()[0]!
  return proxies
}

async function startHttpProxy(
  honest: string,
  answer: (asked: Uint8Array, given: Uint8Array) => ReturnType<Lie>,
): Promise<string> {
  const server = createServer((request, response) => {
    const pass = async (): Promise<void> => {
      const asked = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Uint8Array>))
      const { method, headers } = request
      const onward = startRequest(new URL(request.url ?? '', honest), { method, headers })
      onward.end(asked)
      const given = await new Promise<IncomingMessage>((resolve, reject) => {
        onward.once('response', resolve).once('error', reject)
      })
      const body = Buffer.concat(await Array.fromAsync(given as AsyncIterable<Uint8Array>))
      response.writeHead(given.statusCode ?? 500, { 'content-type': given.headers['content-type'] })
      for await (const piece of answer(asked, body)) {
        if (response.destroyed) return
        if (!response.write(piece)) await once(response, 'drain')
      }
      response.end()
    }
    pass().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
