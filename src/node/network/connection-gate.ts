import type { ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface'

import { hostOfAddress } from './peer-address.ts'
import type { PeerLimits } from './peer-limits.ts'

/** What lets inbound connections in, up to so many from one host and to one peer. */
export interface ConnectionGate {
  /** What libp2p asks. */
  gater: Required<Pick<ConnectionGater, 'denyInboundConnection' | 'denyInboundEncryptedConnection'>>
  /** Connections that were turned away, by why. */
  refused: Record<'host' | 'peer', number>
}

export interface ConnectionGateOptions {
  limits: Pick<PeerLimits, 'maxConnectionsPerHost' | 'maxConnectionsPerPeer'>
  /** Told of each connection that is turned away: `who` is an IP address or a peer id. */
  onRefused?: ((reason: 'host' | 'peer', who: string) => void) | undefined
}

/** Inbound connections of one host that are still being secured, as a part of what the host may have. */
const PENDING_SHARE = 4

/**
 * A gate for inbound connections. libp2p has a limit for all connections and one for those that are still being secured: by
 * these alone one host could take all places.
 */
export function createConnectionGate({ limits, onRefused }: ConnectionGateOptions): ConnectionGate {
  const hosts = countOpen()
  const pending = countOpen()
  const peers = countOpen()
  const refused = { host: 0, peer: 0 }
  const secured = new WeakMap<MultiaddrConnection, () => void>()
  const refuse = (reason: 'host' | 'peer', who: string): true => {
    refused[reason]++
    onRefused?.(reason, who)
    return true
  }
  return {
    refused,
    gater: {
      denyInboundConnection(connection) {
        const host = hostOfAddress(connection.remoteAddr)
        const mayPend = Math.max(1, Math.floor(limits.maxConnectionsPerHost / PENDING_SHARE))
        if (hosts.of(host) >= limits.maxConnectionsPerHost || pending.of(host) >= mayPend) return refuse('host', host)
        hosts.add(host, connection)
        secured.set(connection, pending.add(host, connection))
        return false
      },
      denyInboundEncryptedConnection(peerId: PeerId, connection) {
        secured.get(connection)?.()
        const peer = peerId.toString()
        if (peers.of(peer) >= limits.maxConnectionsPerPeer) return refuse('peer', peer)
        peers.add(peer, connection)
        return false
      },
    },
  }
}

/** Counts connections by a key until they close, or until they are taken back. */
function countOpen() {
  const counts = new Map<string, number>()
  return {
    of: (key: string): number => counts.get(key) ?? 0,
    add(key: string, connection: MultiaddrConnection): () => void {
      counts.set(key, (counts.get(key) ?? 0) + 1)
      let isCounted = true
      const remove = (): void => {
        if (!isCounted) return
        isCounted = false
        const left = (counts.get(key) ?? 1) - 1
        if (left === 0) counts.delete(key)
        else counts.set(key, left)
      }
      connection.addEventListener('close', remove)
      if (connection.status !== 'open') remove()
      return remove
    },
  }
}
