import { withBitswap } from '@helia/bitswap'
import { type HeliaWithLibp2p, withLibp2pLight } from '@helia/libp2p'
import { privateKeyFromProtobuf } from '@libp2p/crypto/keys'
import { fetch } from '@libp2p/fetch'
import { identify } from '@libp2p/identify'
import type { Connection, Libp2p, PeerId } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import { createHeliaLight } from 'helia'
import type { Datastore } from 'interface-datastore'
import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { ConflictError, NotFoundError } from '../../model/errors.ts'
import type { ByteDuplex } from '../../sync/duplex.ts'
import { nameOfRoutingKey } from '../../sync/names/ipns-name.ts'
import type { RecordCarrier } from '../../sync/names/record-carrier.ts'
import { SYNC_PROTOCOL } from '../../sync/protocol/sync-limits.ts'
import { fetchByBitswap } from './bitswap-fetch.ts'
import { type BlockView, createBlockstoreView } from './blockstore-view.ts'
import { createConnectionGate } from './connection-gate.ts'
import { dial } from './dial.ts'
import type { Providers } from './discovery/dht.ts'
import { openDiscovery } from './discovery/discovery.ts'
import { libp2pOptions } from './libp2p-options.ts'
import { type AskingServices, createLibp2pPeer, type PingablePeer } from './libp2p-peer.ts'
import { MAX_BITSWAP_STREAMS, MAX_PING_STREAMS, MAX_SYNC_STREAMS, MAX_WANTS_PER_PEER } from './network-limits.ts'
import { listenAddresses, type NetworkProfile } from './network-profile.ts'
import { hostOfAddress, parsePeerAddress } from './peer-address.ts'
import { DEFAULT_PEER_LIMITS, type PeerLimits } from './peer-limits.ts'
import { createRecordTopics, heartbeatOf, type JudgeMessage, recordGossip, type RecordTopics } from './record-topics.ts'
import { streamDuplex } from './stream-duplex.ts'
import { countTraffic, type Traffic } from './traffic.ts'

/** What a node gives to others. Asked for every request anew: whoever answers reads its files at that moment. */
export interface Served {
  /** To everybody, over Bitswap. */
  blocks: BlockView
  /** The newest IPNS record (marshalled) of a name (`k51…`), to everybody, over `/libp2p/fetch/0.0.1`. */
  record(name: string): Promise<Uint8Array | undefined>
  /**
   * Answers one stream of `/jzfs/sync/1`. `peerId` is proven, `host` is the IP address that it comes from; the signal aborts
   * when the peer hangs up.
   */
  sync(duplex: ByteDuplex, peerId: string, options: { host: string; signal: AbortSignal }): Promise<void>
  /** Judges a record that came by topic, before it is passed on (default: nothing is accepted). */
  judge?: JudgeMessage
}

export interface ServingNodeOptions {
  /** The node's identity: libp2p's protobuf of an Ed25519 key. */
  privateKey: Uint8Array
  served: Served
  /** What libp2p remembers of other peers. The caller opens and closes it. */
  datastore: Datastore
  profile?: NetworkProfile
  /** With `public`: addresses of nodes of the DHT to begin with (default: none). */
  bootstrap?: readonly string[] | undefined
  /**
   * With `public`: listens on 127.0.0.1 and dials nothing else, and takes such addresses from the DHT too (default false): a
   * network of its own on one machine, to try things.
   */
  confined?: boolean | undefined
  /** The TCP port to listen on (default 0: any). */
  port?: number
  /** What peers may take (default DEFAULT_PEER_LIMITS). */
  limits?: PeerLimits
  /** Told of each inbound connection that is turned away: `who` is an IP address or a peer id. */
  onRefused?: ((reason: 'host' | 'peer', who: string) => void) | undefined
}

/** A connection as it is shown. */
export interface PeerConnection {
  peerId: string
  address: string
  direction: 'inbound' | 'outbound'
}

/** A node that listens, serves and asks. */
export interface ServingNode {
  peerId: string
  /** The addresses it listens on, each with `/p2p/` and the peer id. */
  addresses(): string[]
  connections(): PeerConnection[]
  /** How many streams are open, by direction and protocol. */
  streams(): { direction: 'inbound' | 'outbound'; protocol: string; count: number }[]
  /** Bytes since the start. */
  traffic: Pick<Traffic, 'total' | 'byProtocol'>
  /** Inbound connections that were turned away, by why. */
  refusedConnections: Readonly<Record<'host' | 'peer', number>>
  /**
   * The peer at an address, connected to when it is first asked, or the connected one with that id. Throws what
   * `parsePeerAddress` throws, and NotFoundError `peer-not-connected` (details: `peer`).
   */
  peer(addressOrId: string): PingablePeer
  /** Connects to the peer at an address. Throws what `parsePeerAddress` and `dial` throw. */
  connect(address: string, options?: AbortOptions): Promise<PeerConnection>
  /** Tells of each peer, by its id, that is connected from now on; returns what ends that. */
  onConnected(listener: (peerId: string) => void): () => void
  /** Records by topic. */
  topics: RecordTopics
  /** The DHT, where the profile has it. */
  dht?: (RecordCarrier & Providers) | undefined
  /** Ends streams and connections and stops listening. */
  stop(): Promise<void>
}

/**
 * Starts a node: Helia with Bitswap over what is served, our protocol and the record protocol.
 *
 * Throws ConflictError `port-taken` (details: `port`), and what `openDiscovery` throws.
 */
export async function startServingNode(options: ServingNodeOptions): Promise<ServingNode> {
  const { served, datastore, profile = 'loopback', port = 0, limits = DEFAULT_PEER_LIMITS, onRefused } = options
  const { maxConnections } = limits
  const gate = createConnectionGate({ limits, onRefused })
  const traffic = countTraffic()
  // What it reaches, and what it may ask, are two things only where it is confined.
  const reach = options.confined === true ? 'loopback' : profile
  const discovery = await openDiscovery({ ...options, profile })
  const blockstore = createBlockstoreView(served.blocks)
  const helia = withBitswap(
    withLibp2pLight(createHeliaLight({ blockstore, datastore }), {
      ...libp2pOptions({
        profile: reach,
        listen: listenAddresses(reach, port),
        privateKey: privateKeyFromProtobuf(options.privateKey),
        maxConnections,
        gater: gate.gater,
      }),
      ...(discovery.peerDiscovery === undefined ? {} : { peerDiscovery: discovery.peerDiscovery }),
      metrics: traffic.metrics,
      services: {
        ...discovery.services,
        fetch: fetch(),
        identify: identify(),
        gossip: recordGossip(),
        ping: ping({ maxInboundStreams: MAX_PING_STREAMS, maxOutboundStreams: MAX_PING_STREAMS }),
      },
    }),
    BITSWAP_LIMITS,
  )
  try {
    await helia.start()
    await serve(helia, served)
  } catch (error) {
    await helia.stop()
    throw explainListen(error, port)
  }
  const topics = createRecordTopics(helia.libp2p.services.gossip, served.judge ?? (async () => 'ignore'))
  const found = discovery.begin(helia.libp2p)
  const node = nodeOf(helia, reach)
  const stop = async (): Promise<void> => {
    found.end()
    const heartbeat = heartbeatOf(helia.libp2p.services.gossip)
    await node.stop()
    heartbeat.forget()
  }
  return { ...node, topics, dht: found.dht, traffic, refusedConnections: gate.refused, stop }
}

/** Helia declares `maxWantlistSize` and reads `maxWantListSize`. */
const BITSWAP_LIMITS = {
  maxInboundStreams: MAX_BITSWAP_STREAMS,
  maxWantlistSize: MAX_WANTS_PER_PEER,
  maxWantListSize: MAX_WANTS_PER_PEER,
}

async function serve(helia: HeliaWithLibp2p<AskingServices>, served: Served): Promise<void> {
  const { libp2p } = helia
  libp2p.services.fetch.registerLookupFunction('/ipns/', async (key) => {
    const name = nameOfRoutingKey(key)
    return name === undefined ? undefined : served.record(name)
  })
  await libp2p.handle(
    SYNC_PROTOCOL,
    (stream, { remotePeer, remoteAddr }) => {
      const hungUp = new AbortController()
      stream.addEventListener('close', () => hungUp.abort())
      const options = { host: hostOfAddress(remoteAddr), signal: hungUp.signal }
      return served.sync(streamDuplex(stream), remotePeer.toString(), options)
    },
    { maxInboundStreams: MAX_SYNC_STREAMS },
  )
}

function nodeOf(
  helia: HeliaWithLibp2p<AskingServices>,
  profile: NetworkProfile,
): Omit<ServingNode, 'topics' | 'dht' | 'traffic' | 'refusedConnections'> {
  const { libp2p } = helia
  const fetchBlock = (cid: CID, options?: AbortOptions): Promise<Uint8Array> =>
    fetchByBitswap(helia.blockstore, cid, options)
  return {
    peerId: libp2p.peerId.toString(),
    addresses: () => libp2p.getMultiaddrs().map(String),
    connections: () => libp2p.getConnections().map(connectionOf),
    streams: () => countStreams(libp2p),
    peer: (text) => {
      const target = text.startsWith('/') ? parsePeerAddress(text, profile) : connectedPeer(libp2p, text)
      return createLibp2pPeer(libp2p, target, fetchBlock)
    },
    connect: async (address, connectOptions) =>
      connectionOf(await dial(libp2p, parsePeerAddress(address, profile), connectOptions)),
    onConnected: (listener) => {
      const tell = ({ detail }: CustomEvent<PeerId>): void => listener(detail.toString())
      libp2p.addEventListener('peer:connect', tell)
      return () => libp2p.removeEventListener('peer:connect', tell)
    },
    stop: async () => {
      await helia.stop()
      forgetAddressUpdate(libp2p)
    },
  }
}

/**
 * When a listener closes, libp2p 3.3 notes the node's addresses a second later, whatever stopped meanwhile: the process would
 * not end before.
 */
function forgetAddressUpdate(libp2p: Libp2p<AskingServices>): void {
  const { components } = libp2p as { components?: { addressManager?: { _updatePeerStoreAddresses?: unknown } } }
  const update = components?.addressManager?._updatePeerStoreAddresses
  if (typeof update === 'function' && 'stop' in update && typeof update.stop === 'function') update.stop()
}

function countStreams(libp2p: Libp2p<AskingServices>): ReturnType<ServingNode['streams']> {
  const counts = new Map<string, ReturnType<ServingNode['streams']>[number]>()
  for (const { direction, protocol } of libp2p.getConnections().flatMap(({ streams }) => streams)) {
    const key = `${direction} ${protocol}`
    const found = counts.get(key) ?? { direction, protocol: protocol === '' ? 'unnegotiated' : protocol, count: 0 }
    found.count++
    counts.set(key, found)
  }
  return [...counts.values()]
}

function connectedPeer(libp2p: Libp2p<AskingServices>, id: string): PeerId {
  const connection = libp2p.getConnections().find(({ remotePeer }) => remotePeer.toString() === id)
  if (connection !== undefined) return connection.remotePeer
  throw new NotFoundError('peer-not-connected', `not connected to a peer ${id}`, {
    hint: 'give its address, or connect to it first: `jzfs peer connect ADDRESS`',
    details: { peer: id },
  })
}

function connectionOf({ remotePeer, remoteAddr, direction }: Connection): PeerConnection {
  return { peerId: remotePeer.toString(), address: remoteAddr.toString(), direction }
}

function explainListen(error: unknown, port: number): unknown {
  if (!String(error).includes('EADDRINUSE')) return error
  return new ConflictError('port-taken', `another program listens on port ${port}`, {
    hint: 'choose another port, or 0 for any',
    cause: error,
    details: { port },
  })
}
