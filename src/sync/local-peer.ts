import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../model/block.ts'
import { createDuplexPair } from './memory-duplex.ts'
import type { Peer } from './peer.ts'
import { serveSync } from './protocol/serve-sync.ts'

/** What a peer in this process has. */
export interface LocalPeerOptions {
  label: string
  source: BlockSource
  /** The newest record of a name (`k51…`), marshalled. */
  record(name: string): Promise<Uint8Array | undefined>
  mayServe(cid: CID): boolean | Promise<boolean>
  /** As in `serveSync`. */
  countBlocks?(want: CID): number | undefined
}

/**
 * A peer in this process: it answers as one over the wire does, by the same code. A name or address that is this node's
 * own is served so, since libp2p does not dial itself.
 */
export function createLocalPeer({ label, record, ...served }: LocalPeerOptions): Peer {
  return {
    label,
    resolveName: (name) => record(name),
    async openSync(options = {}) {
      const [here, there] = createDuplexPair()
      // What goes wrong there shows here as a stream that breaks.
      serveSync(there, { ...served, label: 'this process', ...options }).catch(() => undefined)
      return here
    },
  }
}
