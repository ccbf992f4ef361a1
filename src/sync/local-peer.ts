import { createDuplexPair } from './memory-duplex.ts'
import type { Peer } from './peer.ts'
import type { Offer } from './protocol/offer.ts'
import { serveSync } from './protocol/serve-sync.ts'

/** What a peer in this process has. */
export interface LocalPeerOptions {
  label: string
  /** The newest record of a name (`k51…`), marshalled. */
  record(name: string): Promise<Uint8Array | undefined>
  /** What it offers to us. Asked anew for each stream. */
  offer(): Offer
}

/**
 * A peer in this process: it answers as one over the wire does, by the same code. A name or address that is this node's
 * own is served so, since libp2p does not dial itself.
 */
export function createLocalPeer({ label, record, offer }: LocalPeerOptions): Peer {
  return {
    label,
    resolveName: (name) => record(name),
    async openSync(options = {}) {
      const [here, there] = createDuplexPair()
      // What goes wrong there shows here as a stream that breaks.
      serveSync(there, { record, ...offer() }, { label: 'this process', ...options }).catch(() => undefined)
      return here
    },
  }
}
