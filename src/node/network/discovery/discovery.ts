import type { KadDHT, KadDHTComponents } from '@libp2p/kad-dht'
import type { Libp2p, Libp2pOptions } from 'libp2p'

import type { RecordCarrier } from '../../../sync/names/record-carrier.ts'
import type { NetworkProfile } from '../network-profile.ts'
import type { Providers } from './dht.ts'

/** What messages call the DHT, where peers have an address. */
export const DHT_LABEL = 'dht'

/** How a node finds others, as its profile has it. */
export interface Discovery {
  /** What libp2p is started with. */
  peerDiscovery?: NonNullable<Libp2pOptions['peerDiscovery']>
  services: { dht?: (components: KadDHTComponents) => KadDHT }
  /** Begins, when the node listens. `end` ends it. */
  begin(libp2p: Libp2p): { dht?: RecordCarrier & Providers; end(): void }
}

/** What a node is told of finding others. */
export interface DiscoveryOptions {
  profile: NetworkProfile
  /** Addresses of nodes of the DHT to begin with (default: none, so that the DHT stays empty). */
  bootstrap?: readonly string[] | undefined
  /** Whether `public` stays on this machine: see `ServingNodeOptions.confined`. */
  confined?: boolean | undefined
}

/** Loads what the profile needs, and nothing for `loopback`, which finds nobody. */
export async function openDiscovery({
  profile,
  bootstrap = [],
  confined = false,
}: DiscoveryOptions): Promise<Discovery> {
  if (profile === 'lan') {
    const { localDiscovery } = await import('./local-discovery.ts')
    return localDiscovery()
  }
  if (profile === 'public') {
    const { publicDiscovery } = await import('./public-discovery.ts')
    return publicDiscovery({ bootstrap, confined })
  }
  return { services: {}, begin: () => ({ end: () => undefined }) }
}
