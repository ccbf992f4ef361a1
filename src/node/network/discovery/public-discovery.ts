import { kadDHT, type KadDHT, passthroughMapper, removePrivateAddressesMapper } from '@libp2p/kad-dht'
import type { Libp2p } from 'libp2p'

import { DIAL_TIMEOUT_MS } from '../network-limits.ts'
import { parsePeerAddress } from '../peer-address.ts'
import { selectRecord, validateRecord } from './dht-record-rules.ts'
import { createDht } from './dht.ts'
import type { Discovery, DiscoveryOptions } from './discovery.ts'

/** How often to look whether the way into the DHT is still open, in milliseconds. */
const BOOTSTRAP_INTERVAL_MS = 60_000

/** Later than any process lives: what is provided is said again by `provideHeads`, which knows what is still published. */
const NEVER_MS = 2_147_483_647

/**
 * Finds others by the DHT of the IPFS network (https://specs.ipfs.tech/routing/kad-dht/). This node is a client of it: it asks
 * and tells, and holds nothing for others, who could make that grow.
 *
 * Throws what `parsePeerAddress` throws for `bootstrap`.
 */
export function publicDiscovery({ bootstrap, confined }: Required<Omit<DiscoveryOptions, 'profile'>>): Discovery {
  const addresses = (bootstrap ?? []).map((each) => parsePeerAddress(each, confined ? 'loopback' : 'public'))
  let dht: KadDHT | undefined
  const create = kadDHT({
    protocol: '/ipfs/kad/1.0.0',
    clientMode: true,
    // Who speaks of addresses in private networks would have us dial into our own.
    peerInfoMapper: confined ? passthroughMapper : removePrivateAddressesMapper,
    validators: { ipns: validateRecord },
    selectors: { ipns: selectRecord },
    reprovide: { interval: NEVER_MS },
  })
  return {
    services: { dht: (components) => (dht = create(components)) },
    begin(libp2p) {
      const end = keepOpen(libp2p, addresses)
      return dht === undefined ? { end } : { dht: createDht(dht), end }
    },
  }
}

/** Connects to the nodes to begin with, and again whenever no connection of our making is left. */
function keepOpen(libp2p: Libp2p, addresses: ReturnType<typeof parsePeerAddress>[]): () => void {
  const ended = new AbortController()
  const open = (): void => {
    if (libp2p.getConnections().some(({ direction }) => direction === 'outbound')) return
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)])
    for (const address of addresses) libp2p.dial(address, { signal }).catch(() => undefined)
  }
  open()
  const timer = setInterval(open, BOOTSTRAP_INTERVAL_MS)
  return () => {
    clearInterval(timer)
    ended.abort()
  }
}
