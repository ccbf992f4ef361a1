import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'

import { RAW, SHA2_256 } from '../../model/cid.ts'
import { createDigestTable } from '../../store/pack/digest-table.ts'

/** The leaves of a transfer, numbered from 0 in the order of the walk: 48 bytes each. */
export interface LeafList {
  readonly count: number
  /** Leaves that have come. */
  readonly here: number
  /** Adds a leaf that is not there yet, with the size that its link declares. */
  add(cid: CID, sizeBytes: number | undefined): void
  cid(leaf: number): CID
  /** Bytes that a leaf counts for while it is asked for. */
  declaredSize(leaf: number): number
  isHere(leaf: number): boolean
  /** Says that a leaf has come, of this length. */
  arrived(leaf: number, sizeBytes: number): void
  /** The length of a leaf that has come; undefined for another. */
  sizeOf(cid: CID): number | undefined
  /** Of which leaf a digest is, or -1. */
  find(digest: Uint8Array): number
}

/** What a leaf counts for whose link does not say its size. */
const UNKNOWN_BYTES = 1_048_576

/** An empty list. */
export function createLeafList(): LeafList {
  // A position below zero is a declared size, less one, of a leaf that is awaited; else the length of one that is here.
  const table = createDigestTable()
  let here = 0
  return {
    get count() {
      return table.size
    },
    get here() {
      return here
    },
    add({ multihash }, sizeBytes = UNKNOWN_BYTES) {
      if (table.findDigest(multihash.digest) === -1) table.addDigest(multihash.digest, -1 - sizeBytes)
    },
    cid: (leaf) => CID.createV1(RAW, createDigest(SHA2_256, table.digests.slice(leaf * 32, leaf * 32 + 32))),
    declaredSize: (leaf) => Math.max(0, -1 - table.positions[leaf]!),
    isHere: (leaf) => table.positions[leaf]! >= 0,
    arrived(leaf, sizeBytes) {
      if (table.positions[leaf]! < 0) here++
      table.positions[leaf] = sizeBytes
    },
    sizeOf({ multihash }) {
      const leaf = table.findDigest(multihash.digest)
      const size = leaf === -1 ? -1 : table.positions[leaf]!
      return size < 0 ? undefined : size
    },
    find: (digest) => table.findDigest(digest),
  }
}
