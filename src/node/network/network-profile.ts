import type { Multiaddr } from '@multiformats/multiaddr'

import { InvalidError } from '../../model/errors.ts'
import { type AddressScope, scopeOfAddress, scopeOfHost } from './address-scope.ts'

/** How far a node reaches: this machine, the local network, or the Internet. */
export type NetworkProfile = 'loopback' | 'lan' | 'public'

/** The addresses that a node of this profile listens on. Port 0 is any that is free. */
export function listenAddresses(profile: NetworkProfile, port: number): string[] {
  if (profile === 'loopback') return [`/ip4/127.0.0.1/tcp/${port}`]
  return [`/ip4/0.0.0.0/tcp/${port}`, `/ip6/::/tcp/${port}`]
}

/**
 * Whether a node of this profile dials an address, and lets in who comes from it. `lan` takes no names: who knows where they
 * lead.
 */
export function reachesAddress(profile: NetworkProfile, address: Multiaddr): boolean {
  return REACHED[profile].includes(scopeOfAddress(address))
}

/** The same for the host of a URL. Names below `.local` are only known in the local network, so `lan` takes these. */
export function reachesHost(profile: NetworkProfile, host: string): boolean {
  const scope = scopeOfHost(host)
  return REACHED[profile].includes(scope) || (profile === 'lan' && host.endsWith('.local'))
}

/** Those of a node's own addresses that it tells others: of this machine only where there are no others. */
export function announcedAddresses(profile: NetworkProfile, own: Multiaddr[]): Multiaddr[] {
  const reached = own.filter((address) => reachesAddress(profile, address))
  const wider = reached.filter((address) => scopeOfAddress(address) !== 'machine')
  return wider.length > 0 ? wider : reached
}

/** What is said of a place that a profile does not reach. */
export function addressOutside(profile: NetworkProfile, place: string): InvalidError {
  const [own, wider] =
    profile === 'loopback' ? ['of this machine (127.0.0.1)', 'lan'] : ['of the local network, in numbers', 'public']
  return new InvalidError('address-outside-profile', `the network profile "${profile}" does not reach ${place}`, {
    hint: `use an address ${own}, or reach further: \`jzfs config --user network.profile ${wider}\``,
    details: { address: place, profile },
  })
}

const REACHED: Record<NetworkProfile, readonly AddressScope[]> = {
  loopback: ['machine'],
  lan: ['machine', 'local'],
  public: ['machine', 'local', 'anywhere', 'name'],
}
