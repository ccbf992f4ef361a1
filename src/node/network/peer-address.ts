import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'

import { InvalidError } from '../../model/errors.ts'
import { addressOutside, type NetworkProfile, reachesAddress } from './network-profile.ts'

/**
 * Reads the address of a peer (`/ip4/127.0.0.1/tcp/4001/p2p/12D3Koo…`).
 *
 * Throws InvalidError `address-invalid`, and `address-outside-profile` for one that the network profile does not reach
 * (details: `address`).
 */
export function parsePeerAddress(text: string, profile: NetworkProfile): Multiaddr {
  const address = parse(text)
  if (!reachesAddress(profile, address)) throw addressOutside(profile, text)
  return address
}

/** The IP address in an address, by which a host is counted; the whole address where it begins otherwise. */
export function hostOfAddress(address: Multiaddr): string {
  const [first] = address.getComponents()
  return first?.value ?? address.toString()
}

function parse(text: string): Multiaddr {
  try {
    const address = multiaddr(text)
    if (address.getComponents().some(({ name }) => name === 'tcp' || name === 'dnsaddr')) return address
  } catch {
    // Not an address at all: the same remedy.
  }
  throw new InvalidError('address-invalid', `this is no address of a peer: ${text}`, {
    hint: 'give one as `jzfs id` shows it: /ip4/127.0.0.1/tcp/PORT/p2p/PEER',
    details: { address: text },
  })
}
