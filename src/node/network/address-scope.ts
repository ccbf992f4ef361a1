import { BlockList, isIP } from 'node:net'

import type { Multiaddr } from '@multiformats/multiaddr'

/** Where an address leads: to this machine, into the local network, anywhere else; a name may lead anywhere. */
export type AddressScope = 'machine' | 'local' | 'anywhere' | 'name'

/** Where the first part of an address leads. */
export function scopeOfAddress(address: Multiaddr): AddressScope {
  const [first] = address.getComponents()
  if (first?.name === 'ip6zone') return 'local'
  return first?.name === 'ip4' || first?.name === 'ip6' ? scopeOfHost(first.value ?? '') : 'name'
}

/** Where a host leads: an IP address, also in the brackets of a URL, or a name. */
export function scopeOfHost(host: string): AddressScope {
  const ip = host.replace(/^\[(.*)\]$/, '$1')
  const family = isIP(ip)
  if (family === 0) return host === 'localhost' ? 'machine' : 'name'
  const type = family === 4 ? 'ipv4' : 'ipv6'
  if (MACHINE.check(ip, type)) return 'machine'
  return LOCAL.check(ip, type) ? 'local' : 'anywhere'
}

const MACHINE = new BlockList()
MACHINE.addSubnet('127.0.0.0', 8, 'ipv4')
MACHINE.addAddress('::1', 'ipv6')

/** Private and link-local addresses: RFC 1918, RFC 3927, RFC 4193, RFC 4291. */
const LOCAL = new BlockList()
LOCAL.addSubnet('10.0.0.0', 8, 'ipv4')
LOCAL.addSubnet('172.16.0.0', 12, 'ipv4')
LOCAL.addSubnet('192.168.0.0', 16, 'ipv4')
LOCAL.addSubnet('169.254.0.0', 16, 'ipv4')
LOCAL.addSubnet('fc00::', 7, 'ipv6')
LOCAL.addSubnet('fe80::', 10, 'ipv6')
