import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'

import {
  announcedAddresses,
  listenAddresses,
  type NetworkProfile,
  reachesAddress,
  reachesHost,
} from '../../../src/node/network/network-profile.ts'
import { parsePeerAddress } from '../../../src/node/network/peer-address.ts'

const machine = ['/ip4/127.0.0.1/tcp/1', '/ip4/127.9.9.9/tcp/1', '/ip6/::1/tcp/1']
const local = [
  '/ip4/10.0.0.1/tcp/1',
  '/ip4/172.16.0.1/tcp/1',
  '/ip4/172.31.255.255/tcp/1',
  '/ip4/192.168.1.1/tcp/1',
  '/ip4/169.254.1.1/tcp/1',
  '/ip6/fd00::1/tcp/1',
  '/ip6/fe80::1/tcp/1',
  '/ip6/::ffff:10.0.0.1/tcp/1',
]
const anywhere = [
  '/ip4/172.32.0.1/tcp/1',
  '/ip4/192.0.2.1/tcp/1',
  '/ip4/100.64.0.1/tcp/1',
  '/ip4/0.0.0.0/tcp/1',
  '/ip6/2001:db8::1/tcp/1',
  '/dns4/localhost/tcp/1',
  '/dnsaddr/example.org',
]

describe('a network profile', () => {
  it.each<[NetworkProfile, string[]]>([
    ['loopback', machine],
    ['lan', [...machine, ...local]],
    ['public', [...machine, ...local, ...anywhere]],
  ])('%s reaches what it says, and nothing beyond', (profile, reached) => {
    const all = [...machine, ...local, ...anywhere]
    expect(all.filter((text) => reachesAddress(profile, multiaddr(text)))).toEqual(reached)
    for (const text of all.filter((each) => !reached.includes(each))) {
      expect(() => parsePeerAddress(text, profile)).toThrow(
        expect.objectContaining({ code: 'address-outside-profile' }),
      )
    }
  })

  it('has the same rules for hosts of URLs', () => {
    const hosts = ['localhost', '127.0.0.1', '[::1]', '10.1.2.3', '[fd00::1]', 'nas.local', '192.0.2.1', 'example.org']
    expect(hosts.filter((host) => reachesHost('loopback', host))).toEqual(hosts.slice(0, 3))
    expect(hosts.filter((host) => reachesHost('lan', host))).toEqual(hosts.slice(0, 6))
    expect(hosts.filter((host) => reachesHost('public', host))).toEqual(hosts)
  })

  it('listens beyond this machine only where it reaches further', () => {
    expect(listenAddresses('loopback', 7)).toEqual(['/ip4/127.0.0.1/tcp/7'])
    expect(listenAddresses('lan', 7)).toEqual(['/ip4/0.0.0.0/tcp/7', '/ip6/::/tcp/7'])
  })

  it('tells others only addresses that it is reached at', () => {
    const own = ['/ip4/127.0.0.1/tcp/1', '/ip4/10.0.0.1/tcp/1', '/ip4/192.0.2.1/tcp/1'].map((text) => multiaddr(text))
    const told = (profile: NetworkProfile) => announcedAddresses(profile, own).map(String)
    expect(told('loopback')).toEqual(['/ip4/127.0.0.1/tcp/1'])
    expect(told('lan')).toEqual(['/ip4/10.0.0.1/tcp/1'])
    expect(told('public')).toEqual(['/ip4/10.0.0.1/tcp/1', '/ip4/192.0.2.1/tcp/1'])
    expect(announcedAddresses('lan', own.slice(0, 1)).map(String)).toEqual(['/ip4/127.0.0.1/tcp/1'])
  })
})
