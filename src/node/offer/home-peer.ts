import { createLocalPeer } from '../../sync/local-peer.ts'
import type { Peer } from '../../sync/peer.ts'
import type { Home } from '../home/home.ts'
import { createHomeOffer } from './home-offer.ts'
import { publishedRecord } from './published-record.ts'
import { createServedBlocks } from './served-blocks.ts'

/** This node as a peer of its own user: without a network, and whatever the audience is. */
export interface HomePeer extends Peer {
  close(): Promise<void>
}

/** What a home publishes, as a peer in this process: libp2p does not dial itself. */
export function createHomePeer(home: Home): HomePeer {
  const served = createServedBlocks(home)
  const peer = createLocalPeer({
    label: 'this node',
    record: (name) => publishedRecord(home, name, 'self'),
    offer: () => createHomeOffer(home, 'self', { served, now: () => new Date() }),
  })
  return { ...peer, isOwn: true, close: () => served.close() }
}
