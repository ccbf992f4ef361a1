import type { PeerDiscovery, PeerId, PeerInfo } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import type { Libp2p } from 'libp2p'

import { DIAL_TIMEOUT_MS } from '../network-limits.ts'
import type { Discovery } from './discovery.ts'

/** Finds others of the local network by mDNS, as Kubo does (service `_p2p._udp.local`), and connects to them. */
export function localDiscovery(): Discovery {
  let found: PeerDiscovery | undefined
  const create = mdns()
  return {
    peerDiscovery: [(components: Parameters<typeof create>[0]) => (found = create(components))],
    services: {},
    begin: (libp2p) => ({ end: found === undefined ? () => undefined : greetFound(found, libp2p) }),
  }
}

/** Peers that are connected to because they were found, at a time: a network may be full of them. */
const MAX_GREETED = 32

/** Connects to those that are found, up to MAX_GREETED. Returns what ends that. */
export function greetFound(
  found: Pick<PeerDiscovery, 'addEventListener' | 'removeEventListener'>,
  libp2p: Pick<Libp2p, 'peerId' | 'peerStore' | 'dial' | 'addEventListener' | 'removeEventListener'>,
): () => void {
  const greeted = new Set<string>()
  const greet = async ({ id, multiaddrs }: PeerInfo): Promise<void> => {
    const peer = id.toString()
    if (greeted.has(peer) || greeted.size >= MAX_GREETED || id.equals(libp2p.peerId)) return
    greeted.add(peer)
    try {
      await libp2p.peerStore.merge(id, { multiaddrs })
      await libp2p.dial(id, { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) })
    } catch {
      // Nobody asked for this one: it is tried again when it is heard of again.
      greeted.delete(peer)
    }
  }
  const hear = ({ detail }: CustomEvent<PeerInfo>): void => void greet(detail)
  const forget = ({ detail }: CustomEvent<PeerId>): void => void greeted.delete(detail.toString())
  found.addEventListener('peer', hear)
  libp2p.addEventListener('peer:disconnect', forget)
  return () => {
    found.removeEventListener('peer', hear)
    libp2p.removeEventListener('peer:disconnect', forget)
  }
}
