import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { MemoryDatastore } from 'datastore-core'
import { createLibp2p } from 'libp2p'
import type { CID } from 'multiformats/cid'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'

import { JzfsError } from '../../../src/model/errors.ts'
import { generateEd25519Key } from '../../../src/node/home/ed25519-key.ts'
import { FORGETFUL_VIEW } from '../../../src/node/network/blockstore-view.ts'
import { connectPeer } from '../../../src/node/network/client-node.ts'
import { libp2pOptions } from '../../../src/node/network/libp2p-options.ts'
import { DEFAULT_PEER_LIMITS, type PeerLimits } from '../../../src/node/network/peer-limits.ts'
import { type ServingNode, startServingNode } from '../../../src/node/network/serving-node.ts'
import { createStreamQuota } from '../../../src/node/network/stream-quota.ts'
import { encodeRequest } from '../../../src/sync/protocol/messages/sync-message.ts'
import { serveSync } from '../../../src/sync/protocol/serve-sync.ts'
import { SYNC_PROTOCOL } from '../../../src/sync/protocol/sync-limits.ts'
import { createNode } from '../../support/jzfs.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { offerAll } from '../../support/offer.ts'
import { seededBytes } from '../../support/seeded.ts'
import { commitTree, receiveInto, temporaryStore } from '../../support/transfer.ts'

/** A node that serves 6 MiB under limits, and how the exchanges failed. */
interface Limited {
  node: ServingNode
  address: string
  commit: CID
  failures: string[]
}

async function startLimited(changed: Partial<PeerLimits>): Promise<Limited> {
  const limits = { ...DEFAULT_PEER_LIMITS, ...changed }
  const blocks = new MemoryBlocks()
  const commit = commitTree(blocks, { data: Buffer.from(seededBytes('limits', 6 << 20)) })
  const quota = createStreamQuota(limits)
  const failures: string[] = []
  const node = await startServingNode({
    privateKey: generateEd25519Key().protobuf,
    datastore: new MemoryDatastore(),
    limits,
    served: {
      blocks: FORGETFUL_VIEW,
      record: async () => undefined,
      sync: async (stream, peer) => {
        try {
          const { idleTimeoutMs } = limits
          await quota.run(peer, stream, (duplex) => serveSync(duplex, offerAll(blocks), { label: peer, idleTimeoutMs }))
        } catch (error) {
          failures.push(error instanceof JzfsError ? error.code : String(error))
        }
      },
    },
  })
  onTestFinished(() => node.stop())
  return { node, address: node.addresses()[0]!, commit, failures }
}

/** Clones what is served, as an honest peer does; how long it took, in milliseconds. */
async function fetchHonestly({ address, commit }: Limited): Promise<number> {
  const startedAt = performance.now()
  const peer = await connectPeer(address)
  try {
    const duplex = await peer.openSync!()
    await receiveInto(await temporaryStore(), duplex!, [commit])
    return performance.now() - startedAt
  } finally {
    await peer.close()
  }
}

/** A peer that opens streams as it likes. */
async function startHostile(address: string, privateKey?: PrivateKey) {
  const libp2p = await createLibp2p(libp2pOptions(privateKey === undefined ? {} : { privateKey }))
  onTestFinished(async () => libp2p.stop())
  const connection = await libp2p.dial(multiaddr(address))
  return { open: (): Promise<Stream> => connection.newStream(SYNC_PROTOCOL, { maxOutboundStreams: 10_000 }) }
}

/** Opens connections from another address of this machine, and says nothing on them. */
function openSockets(count: number, port: number): void {
  for (let opened = 0; opened < count; opened++) {
    const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' })
    all.push(socket.on('error', () => undefined).resume())
  }
}

const all: Socket[] = []
afterEach(() => all.splice(0).forEach((socket) => socket.destroy()))

describe('thousands of connections from one host', () => {
  it('are turned away, file descriptors stay bounded, and a peer of another host is served meanwhile', async () => {
    const node = createNode()
    const daemon = await node.daemon()
    const files = (): number => readdirSync(`/proc/${daemon.process.pid}/fd`).length
    const port = Number(/tcp\/(\d+)/.exec(daemon.address)?.[1])
    const before = files()
    let most = 0
    const watching = setInterval(() => (most = Math.max(most, files())), 20)
    openSockets(3000, port)
    const again = setInterval(() => openSockets(50, port), 100)
    onTestFinished(() => {
      clearInterval(again)
      clearInterval(watching)
    })
    for (let asked = 0; asked < 5; asked++) {
      const peer = await connectPeer(daemon.address)
      expect(await peer.ping()).toBeGreaterThan(0)
      await peer.close()
      await sleep(200)
    }
    clearInterval(again)
    expect(most).toBeLessThan(before + 300)
    // Those that say nothing are given up, the others were turned away; the kernel would go on to try for a minute.
    for (const socket of all) if (socket.connecting) socket.destroy()
    await vi.waitFor(() => expect(files()).toBeLessThan(before + 5), { timeout: 30_000, interval: 50 })
    // What it says of them does not flood its log.
    const log = await node.jzfs(['daemon', 'logs', '-n', '100000', '--json'])
    const refused = log.stdout.split('\n').filter((line) => line.includes('connection refused'))
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.length).toBeLessThanOrEqual(40)
    const metrics = await node.jzfs(['daemon', 'metrics'])
    expect(Number(/jzfs_connections_refused_total\{limit="host"\} (\d+)/.exec(metrics.stdout)?.[1])).toBeGreaterThan(
      500,
    )
    await daemon.stop()
  })

  it('by one peer, secured, are held to its limit', async () => {
    const limited = await startLimited({ maxConnectionsPerPeer: 3 })
    const privateKey = await generateKeyPair('Ed25519')
    const same = await Promise.all(Array.from({ length: 8 }, () => startHostile(limited.address, privateKey)))
    await vi.waitFor(() => expect(limited.node.connections()).toHaveLength(3))
    await vi.waitFor(() => expect(limited.node.refusedConnections).toEqual({ host: 0, peer: same.length - 3 }))
    await fetchHonestly(limited)
  })
})

describe('a peer that wastes time', () => {
  it('with requests that come byte by byte is given up, and others are served meanwhile', async () => {
    const limited = await startLimited({ idleTimeoutMs: 1000 })
    const hostile = await startHostile(limited.address)
    const streams = await Promise.all(Array.from({ length: 10 }, () => hostile.open()))
    // A header of 1000 bytes is announced.
    for (const stream of streams) stream.send(new Uint8Array([0xe8, 0x07]))
    const dripping = setInterval(() => {
      for (const stream of streams) if (stream.writeStatus === 'writable') stream.send(new Uint8Array([0x20]))
    }, 100)
    onTestFinished(() => clearInterval(dripping))
    await fetchHonestly(limited)
    await vi.waitFor(() => expect(limited.failures).toHaveLength(10), { timeout: 10_000 })
    expect(new Set(limited.failures)).toEqual(new Set(['peer-too-slow']))
  })

  it('with streams that it says nothing on is given up, and has no more than its share of them', async () => {
    const limited = await startLimited({ idleTimeoutMs: 1500, maxSyncStreamsPerPeer: 5 })
    const hostile = await startHostile(limited.address)
    const opened = await Promise.allSettled(Array.from({ length: 60 }, () => hostile.open()))
    expect(opened.length).toBe(60)
    const { count } = limited.node.streams().find(({ protocol }) => protocol === SYNC_PROTOCOL) ?? { count: 0 }
    expect(count).toBeLessThanOrEqual(5)
    await fetchHonestly(limited)
    await vi.waitFor(() => expect(limited.failures.filter((code) => code === 'peer-too-slow')).toHaveLength(5), {
      timeout: 10_000,
    })
    expect(limited.failures.filter((code) => code === 'too-many-streams').length).toBeGreaterThan(5)
    await fetchHonestly(limited)
  })

  it('by never reading what it asked for is given up, and holds no more than the windows meanwhile', async () => {
    const limited = await startLimited({ idleTimeoutMs: 1000 })
    const peer = await connectPeer(limited.address)
    onTestFinished(() => peer.close())
    const duplex = (await peer.openSync!())!
    await duplex.send(encodeRequest({ wants: [limited.commit], haves: [], resume: 0 }))
    await fetchHonestly(limited)
    await vi.waitFor(() => expect(limited.failures).toEqual(['peer-too-slow']), { timeout: 10_000 })
    await fetchHonestly(limited)
  })
})

describe('bandwidth and time', () => {
  it('of one peer are what the limits say', async () => {
    const limited = await startLimited({ maxBytesPerSecondPerPeer: 3 << 20 })
    const ms = await fetchHonestly(limited)
    // 6 MiB at 3 MiB/s, less the first tenth of a second.
    expect(ms).toBeGreaterThan(1800)
    expect(ms).toBeLessThan(20_000)
    const late = await startLimited({ maxBytesPerSecondPerPeer: 1 << 20, maxExchangeMs: 1000 })
    await expect(fetchHonestly(late)).rejects.toMatchObject({ code: 'peer-closed-early' })
  })
})
