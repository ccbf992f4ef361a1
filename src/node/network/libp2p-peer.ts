import type { Fetch } from '@libp2p/fetch'
import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface'
import type { Ping } from '@libp2p/ping'
import type { Multiaddr } from '@multiformats/multiaddr'

import type { AbortOptions } from '../../model/block.ts'
import { UnavailableError } from '../../model/errors.ts'
import { ipnsRoutingKey } from '../../sync/names/ipns-name.ts'
import type { Peer } from '../../sync/peer.ts'
import { askRecord } from '../../sync/protocol/ask-record.ts'
import { SYNC_PROTOCOL } from '../../sync/protocol/sync-limits.ts'
import { dial } from './dial.ts'
import { ANSWER_TIMEOUT_MS } from './network-limits.ts'
import { streamDuplex } from './stream-duplex.ts'

/** The services that a node needs to ask others. */
export type AskingServices = { fetch: Fetch; ping: Ping }

/** A peer that can also be pinged. */
export interface PingablePeer extends Peer {
  fetchBlock: NonNullable<Peer['fetchBlock']>
  /** The round trip to the peer and back, in milliseconds. Throws UnavailableError `peer-silent`. */
  ping(options?: AbortOptions): Promise<number>
}

/**
 * A peer as sync needs it, at an address or by its id where it is connected; it is dialled when it is first asked, and
 * again when the connection broke.
 */
export function createLibp2pPeer(
  libp2p: Libp2p<AskingServices>,
  address: Multiaddr | PeerId,
  fetchBlock: NonNullable<Peer['fetchBlock']>,
): PingablePeer {
  const label = address.toString()
  const connect = (options: AbortOptions): Promise<Connection> => dial(libp2p, address, options)
  const openSync: NonNullable<Peer['openSync']> = async (options = {}) => {
    const connection = await connect(options)
    let stream: Stream
    try {
      stream = await connection.newStream(SYNC_PROTOCOL, { signal: inTime(options) })
    } catch (error) {
      if (isUnsupported(error)) return undefined
      throw silent(label, options, error)
    }
    return streamDuplex(stream)
  }
  return {
    label,
    fetchBlock,
    openSync,
    async resolveName(name, options = {}) {
      const key = ipnsRoutingKey(name)
      const { remotePeer } = await connect(options)
      let record: Uint8Array | undefined
      try {
        record = await libp2p.services.fetch.fetch(remotePeer, key, { signal: inTime(options) })
      } catch (error) {
        if (!isUnsupported(error)) throw silent(label, options, error)
      }
      // That protocol does not know who asks.
      return record ?? askRecord({ label, openSync }, name, options)
    },
    async ping(options = {}) {
      const { remotePeer } = await connect(options)
      const start = performance.now()
      try {
        await libp2p.services.ping.ping(remotePeer, { signal: inTime(options) })
      } catch (error) {
        throw silent(label, options, error)
      }
      return performance.now() - start
    },
  }
}

function inTime({ signal }: AbortOptions): AbortSignal {
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout])
}

function isUnsupported(error: unknown): boolean {
  return error instanceof Error && error.name === 'UnsupportedProtocolError'
}

function silent(peer: string, { signal }: AbortOptions, cause: unknown): UnavailableError {
  signal?.throwIfAborted()
  return new UnavailableError('peer-silent', `the peer does not answer: ${peer}`, {
    hint: 'try again later, or use another peer',
    cause,
    details: { peer },
  })
}
