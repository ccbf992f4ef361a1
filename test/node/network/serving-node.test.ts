import { generateKeyPair } from '@libp2p/crypto/keys'
import { ping } from '@libp2p/ping'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { afterEach, describe, expect, it, vi } from 'vitest'

import { cidOf, RAW, sha256 } from '../../../src/model/cid.ts'
import { generateEd25519Key } from '../../../src/node/home/ed25519-key.ts'
import { type ConnectedPeer, connectPeer } from '../../../src/node/network/client-node.ts'
import { libp2pOptions } from '../../../src/node/network/libp2p-options.ts'
import type { ServingNode } from '../../../src/node/network/serving-node.ts'
import type { ByteDuplex } from '../../../src/sync/duplex.ts'
import { startTestNode } from '../../support/network.ts'

const open: { stop?(): Promise<void>; close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await (each.stop?.() ?? each.close?.())
})
const keep = async <T extends { stop?(): Promise<void>; close?(): Promise<void> }>(made: Promise<T>): Promise<T> => {
  const value = await made
  open.push(value)
  return value
}
const addressOf = (node: ServingNode): string => node.addresses()[0] ?? ''

const bytes = Buffer.from('a block')
const block = { cid: cidOf(RAW, bytes), bytes }

describe('a serving node', () => {
  it('listens on loopback only and says its address with its id', async () => {
    const node = await keep(startTestNode([]))
    expect(node.addresses()).toEqual([expect.stringMatching(`^/ip4/127\\.0\\.0\\.1/tcp/\\d+/p2p/${node.peerId}$`)])
  })

  it('answers pings, and lists who is connected', async () => {
    const node = await keep(startTestNode([]))
    const peer = await keep(connectPeer(addressOf(node)))
    expect(await peer.ping()).toBeGreaterThan(0)
    expect(node.connections()).toEqual([expect.objectContaining({ direction: 'inbound' })])
  })

  it('answers pings that overlap, and one right after another', async () => {
    const node = await keep(startTestNode([]))
    const peer = await keep(connectPeer(addressOf(node)))
    const times = await Promise.all(Array.from({ length: 8 }, () => peer.ping()))
    for (let again = 0; again < 20; again++) times.push(await peer.ping())
    expect(Math.min(...times)).toBeGreaterThan(0)
  })

  it('gives records for the names that it answers for, and for no other', async () => {
    const { name } = generateEd25519Key()
    const node = await keep(startTestNode([], { record: async (asked) => (asked === name ? bytes : undefined) }))
    const peer = await keep(connectPeer(addressOf(node)))
    expect(Buffer.from((await peer.resolveName(name)) ?? [])).toEqual(bytes)
    expect(await peer.resolveName(generateEd25519Key().name)).toBeUndefined()
  })

  it('serves blocks over Bitswap, verified by the asker', async () => {
    const node = await keep(startTestNode([block]))
    const peer = await keep(connectPeer(addressOf(node)))
    expect(Buffer.from((await peer.fetchBlock?.(block.cid)) ?? [])).toEqual(bytes)
  })

  it('lets an asker wait for a block that it does not serve until the asker gives up', async () => {
    const node = await keep(startTestNode([block]))
    const peer = await keep(connectPeer(addressOf(node)))
    await peer.fetchBlock?.(block.cid)
    const other = cidOf(RAW, Buffer.from('another block'))
    await expect(peer.fetchBlock?.(other, { signal: AbortSignal.timeout(300) })).rejects.toThrow()
  })

  it('goes on serving a peer after a block that turned out to be missing', async () => {
    const missing = { cid: cidOf(RAW, Buffer.from('gone')), bytes }
    const view = { has: async () => true }
    const node = await keep(startTestNode([block], {}, { view }))
    const peer = await keep(connectPeer(addressOf(node)))
    await expect(peer.fetchBlock?.(missing.cid, { signal: AbortSignal.timeout(500) })).rejects.toThrow()
    expect(Buffer.from((await peer.fetchBlock?.(block.cid)) ?? [])).toEqual(bytes)
  })

  it('knows the peer that opens a sync stream', async () => {
    let asker: string | undefined
    const sync = async (duplex: ByteDuplex, peerId: string, { host }: { host: string }): Promise<void> => {
      asker = `${peerId} at ${host}`
      await duplex.closeWrite()
    }
    const server = await keep(startTestNode([], { sync }))
    const client = await keep(startTestNode([]))
    const duplex = await client.peer(addressOf(server)).openSync?.()
    await duplex?.closeWrite()
    expect(await Array.fromAsync(duplex?.source ?? [])).toEqual([])
    expect(asker).toBe(`${client.peerId} at 127.0.0.1`)
  })

  it('knows when who asks hangs up', async () => {
    const { promise: hungUp, resolve } = Promise.withResolvers<void>()
    const sync = async (_: ByteDuplex, _peer: string, { signal }: { signal: AbortSignal }): Promise<void> => {
      signal.addEventListener('abort', () => resolve())
      await hungUp
    }
    const server = await keep(startTestNode([], { sync }))
    const peer = await keep(connectPeer(addressOf(server)))
    const duplex = await peer.openSync?.()
    await duplex?.send(bytes)
    duplex?.abort(new Error('enough'))
    await expect(hungUp).resolves.toBeUndefined()
  })

  it('is found by its id once it is connected', async () => {
    const server = await keep(startTestNode([]))
    const client = await keep(startTestNode([]))
    expect(() => client.peer(server.peerId)).toThrow(expect.objectContaining({ code: 'peer-not-connected' }))
    await client.connect(addressOf(server))
    expect(await client.peer(server.peerId).ping()).toBeGreaterThan(0)
  })

  it('takes ten diallers at once, each at its first try: libp2p alone turns away half of them', async () => {
    const node = await keep(startTestNode([]))
    const diallers = await Promise.all(Array.from({ length: 10 }, () => createLibp2p(libp2pOptions({}))))
    open.push(...diallers.map((dialler) => ({ stop: async () => dialler.stop() })))
    const dials = await Promise.allSettled(diallers.map((dialler) => dialler.dial(multiaddr(addressOf(node)))))
    expect(dials.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 'fulfilled'))
    await vi.waitFor(() => expect(node.connections()).toHaveLength(10))
  })

  it('says which port is taken', async () => {
    const node = await keep(startTestNode([]))
    const port = Number(/tcp\/(\d+)/.exec(addressOf(node))?.[1])
    await expect(startTestNode([], {}, { port })).rejects.toMatchObject({ code: 'port-taken', details: { port } })
  })
})

describe('connecting to a peer', () => {
  it('refuses addresses outside this machine, and what is no address', async () => {
    const outside = ['/ip4/192.0.2.1/tcp/4001', '/dns4/localhost/tcp/4001', '/ip6/2001:db8::1/tcp/4001']
    for (const address of outside) {
      await expect(connectPeer(address)).rejects.toMatchObject({
        code: 'address-outside-profile',
        details: { address },
      })
    }
    for (const address of ['', 'localhost:4001', '/ip4/127.0.0.1/udp/4001', '/ip4/127.0.0.1/tcp/99999999']) {
      await expect(connectPeer(address)).rejects.toMatchObject({ code: 'address-invalid' })
    }
  })

  it('says that nobody is there', async () => {
    const node = await startTestNode([])
    const address = addressOf(node)
    await node.stop()
    await expect(connectPeer(address)).rejects.toMatchObject({ code: 'peer-unreachable', details: { peer: address } })
  })

  it('says that another peer is there', async () => {
    const node = await keep(startTestNode([]))
    const { publicKey } = await generateKeyPair('Ed25519')
    const address = addressOf(node).replace(node.peerId, publicKey.toString())
    await expect(connectPeer(address)).rejects.toMatchObject({ code: 'peer-not-expected', details: { peer: address } })
  })

  it('carries more than all windows and buffers hold, and no faster than it is read', async () => {
    const total = 48
    let sent = 0
    const sync = async (duplex: ByteDuplex): Promise<void> => {
      for (; sent < total; sent++) await duplex.send(Buffer.alloc(1 << 20, sent))
      await duplex.closeWrite()
    }
    const node = await keep(startTestNode([], { sync }))
    const peer: ConnectedPeer = await keep(connectPeer(addressOf(node)))
    const duplex = await peer.openSync?.()
    const pieces = duplex?.source[Symbol.asyncIterator]()
    const received: Uint8Array[] = [(await pieces?.next())?.value as Uint8Array]
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(sent).toBeLessThan(total - 8)
    for (let next = await pieces?.next(); next?.done === false; next = await pieces?.next()) received.push(next.value)
    const whole = Buffer.concat(Array.from({ length: total }, (_, index) => Buffer.alloc(1 << 20, index)))
    expect(sha256(Buffer.concat(received))).toEqual(sha256(whole))
    await duplex?.closeWrite()
  })

  it('carries more than all windows and buffers hold to a reader that is always a little behind', async () => {
    const total = 24
    const sync = async (duplex: ByteDuplex): Promise<void> => {
      for (let sent = 0; sent < total; sent++) await duplex.send(Buffer.alloc(1 << 20))
      await duplex.closeWrite()
    }
    const node = await keep(startTestNode([], { sync }))
    const peer = await keep(connectPeer(addressOf(node)))
    const duplex = await peer.openSync?.()
    let received = 0
    for await (const piece of duplex?.source ?? []) {
      received += piece.length
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(received).toBe(total << 20)
    await duplex?.closeWrite()
  })

  it('gives undefined where the peer does not speak our protocol', async () => {
    const options = libp2pOptions({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    const stranger = await createLibp2p({ ...options, services: { ping: ping() } })
    open.push({ stop: async () => stranger.stop() })
    const peer = await keep(connectPeer(String(stranger.getMultiaddrs()[0])))
    expect(await peer.openSync?.()).toBeUndefined()
    expect(await peer.resolveName(generateEd25519Key().name)).toBeUndefined()
  })

  it('tells the reader that the peer broke the stream', async () => {
    const sync = async (duplex: ByteDuplex): Promise<void> => {
      for await (const piece of duplex.source) {
        await duplex.send(piece)
        duplex.abort(new Error('no more'))
      }
    }
    const node = await keep(startTestNode([], { sync }))
    const peer = await keep(connectPeer(addressOf(node)))
    const duplex = await peer.openSync?.()
    await duplex?.send(bytes)
    await expect(Array.fromAsync(duplex?.source ?? [])).rejects.toThrow()
  })
})
