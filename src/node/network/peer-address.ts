import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'

import { InvalidError } from '../../model/errors.ts'
import type { NetworkProfile } from './network-profile.ts'

/**
 * Reads the address of a peer (`/ip4/127.0.0.1/tcp/4001/p2p/12D3Koo…`).
 *
 * Throws InvalidError `address-invalid`, and `address-outside-profile` for one that the network profile does not reach
 * (details: `address`).
 */
export function parsePeerAddress(text: string, profile: NetworkProfile): Multiaddr {
  const address = parse(text)
  if (profile === 'loopback' && !isLoopbackAddress(address)) {
    throw new InvalidError('address-outside-profile', `the network profile "loopback" does not reach ${text}`, {
      hint: 'use an address of this machine (127.0.0.1); wider profiles are not there yet',
      details: { address: text, profile },
    })
  }
  return address
}

/** Whether an address is one of this machine alone. Names are not: who knows where they lead. */
export function isLoopbackAddress(address: Multiaddr): boolean {
  const [first] = address.getComponents()
  if (first?.name === 'ip4') return first.value?.startsWith('127.') === true
  return first?.name === 'ip6' && first.value === '::1'
}

function parse(text: string): Multiaddr {
  try {
    const address = multiaddr(text)
    if (address.getComponents().some(({ name }) => name === 'tcp')) return address
  } catch {
    // Not an address at all: the same remedy.
  }
  throw new InvalidError('address-invalid', `this is no address of a peer: ${text}`, {
    hint: 'give one as `jzfs id` shows it: /ip4/127.0.0.1/tcp/PORT/p2p/PEER',
    details: { address: text },
  })
}
