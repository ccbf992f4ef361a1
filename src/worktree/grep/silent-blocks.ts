import type { CID } from 'multiformats/cid'

import { RAW, SHA2_256 } from '../../model/cid.ts'
import { createDigestTable } from '../../store/pack/digest-table.ts'

/** Files and whole directories in which a search found nothing, by CID: 48 bytes each. */
export interface SilentBlocks {
  has(cid: CID): boolean
  add(cid: CID): void
}

/** An empty set. */
export function createSilentBlocks(): SilentBlocks {
  // Bytes can be a file's and those of a directory's block at once.
  const leaves = createDigestTable()
  const nodes = createDigestTable()
  const tableOf = ({ code }: CID) => (code === RAW ? leaves : nodes)
  return {
    has: (cid) => cid.multihash.code === SHA2_256 && tableOf(cid).findDigest(cid.multihash.digest) !== -1,
    add(cid) {
      if (cid.multihash.code === SHA2_256 && !this.has(cid)) tableOf(cid).addDigest(cid.multihash.digest, 0)
    },
  }
}
