import { createDigestTable } from '../pack/digest-table.ts'

/** What is known of a live block: bits of its state. */
export const FOLLOWED = 1
/** A pack that is not touched holds it. */
export const STAYS = 2
/** Its copy outside of what is removed was verified. */
export const SAFE = 4

/**
 * The blocks that must not be removed, by sha2-256 digest, with a few bits for each: 48 bytes a block.
 *
 * Digests come as 32 bytes, or as words (see `DigestTable`). Blocks are numbered from 0 and never leave the set.
 */
export interface LiveBlocks {
  readonly size: number
  /** The number of a block, or -1. */
  find(digest: Uint8Array): number
  findWords(words: Uint32Array, at: number): number
  /** The number of a block, which is added where it is new. */
  add(digest: Uint8Array): number
  /** Whether all these bits are set. */
  is(block: number, bits: number): boolean
  set(block: number, bits: number): void
}

/** An empty set. */
export function createLiveBlocks(): LiveBlocks {
  const table = createDigestTable()
  return {
    get size() {
      return table.size
    },
    find: (digest) => table.findDigest(digest),
    findWords: (other, at) => table.find(other, at),
    add(digest) {
      const known = table.findDigest(digest)
      return known === -1 ? table.addDigest(digest, 0) : known
    },
    is: (block, bits) => (table.positions[block]! & bits) === bits,
    set(block, bits) {
      table.positions[block]! |= bits
    },
  }
}
