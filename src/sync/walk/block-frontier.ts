import { CID } from 'multiformats/cid'

import { RAW } from '../../model/cid.ts'
import { treeInvalid } from '../../model/tree/tree-invalid.ts'
import { MAX_OPEN_NODE_BYTES } from '../protocol/sync-limits.ts'
import { type DagNode, known, openUnchecked } from './dag-node.ts'
import { createVisitedBlocks } from './visited-blocks.ts'

/** Blocks that are wanted because a block that is there links them, in no promised order. */
export interface BlockFrontier {
  /** A block that was not given before; undefined where none is known now. */
  next(): { cid: CID; tsize: number | undefined } | undefined
  /** Adds what a node links. Throws IntegrityError `tree-invalid`, `not-a-commit` … for what is no node. */
  open(cid: CID, bytes: Uint8Array): void
  /** Remembers the length of a leaf. */
  measure(cid: CID, sizeBytes: number): void
  /** The length of a leaf that was measured. */
  leafSize(cid: CID): number | undefined
}

/** Starts at some roots. Links of the newest node come first, so that few nodes are held at a time. */
export function createBlockFrontier(roots: readonly CID[]): BlockFrontier {
  const visited = createVisitedBlocks()
  const frames: { node: Pick<DagNode, 'count' | 'sizeBytes' | 'link' | 'place'>; index: number }[] = []
  let openBytes = 0
  const rootNode = {
    count: roots.length,
    sizeBytes: 0,
    link: (index: number) => roots[index]!.bytes,
    place: () => ({ role: 'any' as const, depth: 0 }),
  }
  frames.push({ node: rootNode, index: 0 })

  return {
    next() {
      for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
        if (frame.index === frame.node.count) {
          openBytes -= frame.node.sizeBytes
          frames.pop()
          continue
        }
        const index = frame.index++
        const link = frame.node.link(index)
        const digest = link.subarray(link.length - 32)
        const isLeaf = link[0] === 1 && link[1] === RAW
        if ((isLeaf ? visited.findLeaf(digest) : visited.findNode(digest)) !== -1) continue
        const cid = CID.decode(new Uint8Array(link))
        visited.add(cid.code, digest)
        return { cid, tsize: isLeaf ? frame.node.place(index).tsize : undefined }
      }
      return undefined
    },
    open(cid, bytes) {
      const node = openUnchecked(cid, bytes)
      openBytes += node.sizeBytes
      if (openBytes > MAX_OPEN_NODE_BYTES * 4) throw treeInvalid(cid, 'more nodes are open than any real tree needs')
      frames.push({ node, index: 0 })
    },
    measure(cid, sizeBytes) {
      visited.setLeafSize(visited.findLeaf(cid.multihash.digest), sizeBytes)
    },
    leafSize(cid) {
      const leaf = visited.findLeaf(cid.multihash.digest)
      return leaf === -1 ? undefined : known(visited.leafSize(leaf))
    },
  }
}
