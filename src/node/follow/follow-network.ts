import type { Peer } from '../../sync/peer.ts'
import type { ServingNode } from '../network/serving-node.ts'

/** Who can be asked for records and blocks. */
export interface FollowNetwork {
  /** The peers that are connected, each once. */
  connected(): Peer[]
  /** The peer at an address; it is dialled when it is asked. Throws what `parsePeerAddress` throws. */
  peer(address: string): Peer
  /** Tells of each peer that is connected from now on; returns what ends that. */
  onConnected(listener: (peer: Peer) => void): () => void
  /** Takes the names whose records shall be brought unasked, as soon as they are there. */
  follow(names: readonly string[]): void
  /** Brings a record to those that follow its name over this node. */
  tell(name: string, record: Uint8Array): Promise<void>
}

/** The network of a daemon's node, as its follower needs it. */
export function followNetworkOf(node: ServingNode): FollowNetwork {
  const ids = (): string[] => [...new Set(node.connections().map(({ peerId }) => peerId))]
  return {
    connected: () => ids().map((id) => node.peer(id)),
    peer: (address) => {
      // One that is connected is not dialled again, and is asked once for all names.
      const id = ids().find((each) => address.endsWith(`/p2p/${each}`))
      return node.peer(id ?? address)
    },
    onConnected: (listener) =>
      node.onConnected((peerId) => {
        // It may be gone already.
        if (ids().includes(peerId)) listener(node.peer(peerId))
      }),
    follow: (names) => node.topics.follow(names),
    tell: (name, record) => node.topics.publish(name, record),
  }
}
