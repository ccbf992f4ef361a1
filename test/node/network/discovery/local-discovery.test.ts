import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { expect, it, onTestFinished, vi } from 'vitest'

import { greetFound } from '../../../../src/node/network/discovery/local-discovery.ts'
import { libp2pOptions } from '../../../../src/node/network/libp2p-options.ts'
import { startTestNode } from '../../../support/network.ts'

it('peers that mDNS tells of are connected to, within the profile', async () => {
  const node = await startTestNode([])
  onTestFinished(() => node.stop())
  const libp2p = await createLibp2p(libp2pOptions({ profile: 'lan' }))
  onTestFinished(async () => libp2p.stop())
  const found = new EventTarget() as Parameters<typeof greetFound>[0] & EventTarget
  onTestFinished(greetFound(found, libp2p))
  const tell = (peerId: string, address: string): void => {
    const detail = { id: peerIdFromString(peerId), multiaddrs: [multiaddr(address)] }
    found.dispatchEvent(new CustomEvent('peer', { detail }))
  }
  tell('12D3KooWKnDdG3iXw9eTFijk3EWSunZcFi54Zka4wmtqtt6rPxc8', '/ip4/192.0.2.1/tcp/4001')
  tell(node.peerId, node.addresses()[0]!)
  await vi.waitFor(() => expect(libp2p.getConnections()).toHaveLength(1))
  expect(libp2p.getConnections()[0]?.remotePeer.toString()).toBe(node.peerId)
})
