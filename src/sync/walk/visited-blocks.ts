import { RAW } from '../../model/cid.ts'
import { createDigestTable } from '../../store/pack/digest-table.ts'

/**
 * The blocks that a walk has passed, by codec and digest: 48 bytes each. One digest as a leaf and as a node is two
 * blocks here, since only a node has links. CIDv0 is CIDv1 of dag-pb.
 */
export interface VisitedBlocks {
  /** Blocks passed. */
  readonly size: number
  /** The number of a leaf, or -1. Leaves are numbered from 0. */
  findLeaf(digest: Uint8Array): number
  /** The number of a node, or -1. Nodes are numbered from 0. */
  findNode(digest: Uint8Array): number
  /** Adds a block that is not there, and returns its number. */
  add(codec: number, digest: Uint8Array): number
  /** Remembers the length of a leaf. */
  setLeafSize(leaf: number, sizeBytes: number): void
  /** The length of a leaf, or -1 where it was not read. */
  leafSize(leaf: number): number
}

/** An empty set. */
export function createVisitedBlocks(): VisitedBlocks {
  return new DigestTables()
}

class DigestTables implements VisitedBlocks {
  readonly #leaves = createDigestTable()
  readonly #nodes = createDigestTable()

  get size(): number {
    return this.#leaves.size + this.#nodes.size
  }

  findLeaf(digest: Uint8Array): number {
    return this.#leaves.findDigest(digest)
  }

  findNode(digest: Uint8Array): number {
    return this.#nodes.findDigest(digest)
  }

  add(codec: number, digest: Uint8Array): number {
    return (codec === RAW ? this.#leaves : this.#nodes).addDigest(digest, -1)
  }

  setLeafSize(leaf: number, sizeBytes: number): void {
    this.#leaves.positions[leaf] = sizeBytes
  }

  leafSize(leaf: number): number {
    return this.#leaves.positions[leaf] ?? -1
  }
}
