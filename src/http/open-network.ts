import type { AbortOptions } from '../model/block.ts'
import { type JzfsError, UnavailableError } from '../model/errors.ts'
import type { Home } from '../node/home/home.ts'
import { SELF_KEY } from '../node/home/key-store.ts'
import type { NetworkProfile } from '../node/network/network-profile.ts'
import type { Peer } from '../sync/peer.ts'
import { connectControl, type ControlClient } from './control-client.ts'

/** The peers that a command may ask, and what was opened for them. */
export interface Network {
  peers: Peer[]
  /** The DHT, through the daemon, where no addresses are given: it knows what names mean, and nothing more. */
  dht?: Peer | undefined
  /** Why those of the given addresses are left out that nobody answers at. */
  unreachable: JzfsError[]
  close(): Promise<void>
}

export interface OpenNetworkOptions extends AbortOptions {
  /** The addresses to ask (default: this node, and the peers that its daemon is connected to). */
  addresses: readonly string[]
  profile?: NetworkProfile
}

/**
 * Opens the network for one command: through the home's daemon where one runs, else by a node of this process. An address
 * of this node's own is answered from the home's files. Throws what `connectPeer` throws; where an address is
 * merely not reached, only if none is.
 */
export async function openNetwork(home: Home, options: OpenNetworkOptions): Promise<Network> {
  const closing: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    await Promise.allSettled(closing.map((each) => each()))
  }
  try {
    const daemon = await connectControl(home, options)
    if (options.addresses.length === 0) {
      const connected = (await daemon?.peers(options)) ?? []
      const ids = new Set(connected.map(({ peerId }) => peerId))
      return {
        peers: [await openOwn(home, closing), ...[...ids].map((id) => daemon!.peer(id))],
        dht: daemon?.dht,
        unreachable: [],
        close,
      }
    }
    const self = home.keys.read(SELF_KEY)
    const peers: Peer[] = []
    const unreachable: JzfsError[] = []
    for (const address of options.addresses) {
      const isOwn = self !== undefined && address.endsWith(`/p2p/${self.peerId}`)
      try {
        peers.push(
          await (isOwn
            ? openOwn(home, closing)
            : openOther(address, daemon, { ...options, privateKey: self?.protobuf }, closing)),
        )
      } catch (error) {
        if (!(error instanceof UnavailableError) || error.details['peer'] === undefined) throw error
        unreachable.push(error)
      }
    }
    if (peers.length === 0 && unreachable[0] !== undefined) throw unreachable[0]
    return { peers, unreachable, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openOwn(home: Home, closing: (() => Promise<void>)[]): Promise<Peer> {
  const { createHomePeer } = await import('../node/offer/home-peer.ts')
  const peer = createHomePeer(home)
  closing.push(() => peer.close())
  return peer
}

async function openOther(
  address: string,
  daemon: ControlClient | undefined,
  { privateKey, ...options }: OpenNetworkOptions & { privateKey: Uint8Array | undefined },
  closing: (() => Promise<void>)[],
): Promise<Peer> {
  const connect = async (identity: { privateKey?: Uint8Array | undefined }) => {
    const { connectPeer } = await import('../node/network/client-node.ts')
    const peer = await connectPeer(address, { ...options, ...identity })
    closing.push(() => peer.close())
    return peer
  }
  // Without a daemon this process is the home's node: it may have what is published to that one.
  if (daemon === undefined) return connect({ privateKey })
  await daemon.connect(address, options)
  // The daemon carries streams, not single blocks: for a peer that only speaks Bitswap this process asks itself.
  let direct: ReturnType<typeof connect> | undefined
  const fetchBlock: Peer['fetchBlock'] = async (cid, fetchOptions) => {
    const peer = await (direct ??= connect({}))
    return peer.fetchBlock(cid, fetchOptions)
  }
  return { ...daemon.peer(address), fetchBlock }
}
