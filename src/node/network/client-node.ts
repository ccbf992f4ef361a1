import { privateKeyFromProtobuf } from '@libp2p/crypto/keys'
import { fetch } from '@libp2p/fetch'
import { ping } from '@libp2p/ping'
import { createLibp2p } from 'libp2p'
import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { letHeapGrow } from '../../sync/protocol/heap-growth.ts'
import { libp2pOptions } from './libp2p-options.ts'
import { createLibp2pPeer, type PingablePeer } from './libp2p-peer.ts'
import { DIAL_TIMEOUT_MS, MAX_PING_STREAMS } from './network-limits.ts'
import type { NetworkProfile } from './network-profile.ts'
import { parsePeerAddress } from './peer-address.ts'

/** A peer that a node of ours, made for it alone, is connected to. */
export interface ConnectedPeer extends PingablePeer {
  /** Hangs up and ends the node. */
  close(): Promise<void>
}

/**
 * Connects to a peer from a process that has no daemon: by a libp2p node that does not listen, keeps nothing and has a
 * throw-away peer id unless it is given a key: then it may have what is published to that one. Helia is loaded only if a block is asked for by Bitswap.
 * A transfer is this process's main work from now on: see `letHeapGrow`.
 *
 * Throws what `parsePeerAddress` and `dial` throw.
 */
export async function connectPeer(
  addressText: string,
  options: AbortOptions & { profile?: NetworkProfile; privateKey?: Uint8Array | undefined } = {},
): Promise<ConnectedPeer> {
  const { profile = 'loopback' } = options
  const address = parsePeerAddress(addressText, profile)
  const identity = options.privateKey === undefined ? {} : { privateKey: privateKeyFromProtobuf(options.privateKey) }
  const shared = libp2pOptions({ ...identity, profile })
  const libp2p = await createLibp2p({
    ...shared,
    // libp2p leaves 6 s to each address, so that there is time for the next one. There is none.
    connectionManager: { ...shared.connectionManager, addressDialTimeout: DIAL_TIMEOUT_MS },
    services: {
      fetch: fetch(),
      ping: ping({ maxInboundStreams: MAX_PING_STREAMS, maxOutboundStreams: MAX_PING_STREAMS }),
    },
  })
  let bitswap: Promise<BitswapClient> | undefined
  const fetchBlock = async (cid: CID, fetchOptions?: AbortOptions): Promise<Uint8Array> => {
    bitswap ??= import('./bitswap-client.ts').then(({ connectBitswap }) => connectBitswap(address, profile))
    return (await bitswap).fetchBlock(cid, fetchOptions)
  }
  const peer = createLibp2pPeer(libp2p, address, fetchBlock)
  const close = async (): Promise<void> => {
    await Promise.allSettled([libp2p.stop(), bitswap?.then((client) => client.close())])
  }
  try {
    await peer.ping(options)
  } catch (error) {
    await close()
    throw error
  }
  letHeapGrow()
  return { ...peer, close }
}

/** What `bitswap-client.ts` makes: named here so that nothing of Helia is loaded for its type. */
export interface BitswapClient {
  fetchBlock(cid: CID, options?: AbortOptions): Promise<Uint8Array>
  close(): Promise<void>
}
