import type { ConnectionGater, PrivateKey } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import type { Libp2pOptions } from 'libp2p'

import {
  DIAL_TIMEOUT_MS,
  INBOUND_CONNECTIONS_PER_SECOND,
  MAX_PENDING_CONNECTIONS,
  MAX_READ_BUFFER_BYTES,
  MAX_STREAMS_PER_CONNECTION,
  STREAM_WINDOW_BYTES,
} from './network-limits.ts'
import { announcedAddresses, type NetworkProfile, reachesAddress } from './network-profile.ts'
import { DEFAULT_PEER_LIMITS } from './peer-limits.ts'

/** What a node of ours may be given. */
export interface NodeInit {
  /** How far it reaches (default `loopback`). */
  profile?: NetworkProfile | undefined
  listen?: string[]
  privateKey?: PrivateKey
  /** Connections in all. */
  maxConnections?: number
  /** What decides on inbound connections. */
  gater?: ConnectionGater
}

/**
 * What all our libp2p nodes have in common: TCP, TLS (a third faster than noise, which is offered too), yamux with a
 * wide window, limits set by us, and nobody dialled or let in from beyond what the profile reaches. No discovery, no relay,
 * no other service than those the caller adds.
 *
 * Without `listen` the node does not listen; without a key it makes a new one: a throw-away peer id.
 */
export function libp2pOptions(init: NodeInit): Omit<Libp2pOptions, 'services'> {
  const { profile = 'loopback', maxConnections = DEFAULT_PEER_LIMITS.maxConnections, gater } = init
  return {
    ...(init.privateKey === undefined ? {} : { privateKey: init.privateKey }),
    addresses: { listen: init.listen ?? [], announceFilter: (own) => announcedAddresses(profile, own) },
    transports: [tcp({ maxConnections })],
    connectionEncrypters: [tls(), noise()],
    streamMuxers: [
      yamux({
        maxInboundStreams: MAX_STREAMS_PER_CONNECTION,
        streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES, maxReadBufferLength: MAX_READ_BUFFER_BYTES },
      }),
    ],
    connectionManager: {
      maxConnections,
      inboundConnectionThreshold: INBOUND_CONNECTIONS_PER_SECOND,
      maxIncomingPendingConnections: MAX_PENDING_CONNECTIONS,
      dialTimeout: DIAL_TIMEOUT_MS,
    },
    connectionGater: {
      ...gater,
      denyDialMultiaddr: (address) => !reachesAddress(profile, address),
      denyInboundConnection: (connection) =>
        !reachesAddress(profile, connection.remoteAddr) || (gater?.denyInboundConnection?.(connection) ?? false),
    },
  }
}
