import { CID } from 'multiformats/cid'

import { copyCid, DAG_JSON, DAG_PB, RAW } from '../../model/cid.ts'
import { nodeType } from '../../model/commit/dag-json-node.ts'
import { IntegrityError } from '../../model/errors.ts'
import { MAX_TREE_ENTRIES } from '../../model/limits.ts'
import { treeInvalid } from '../../model/tree/tree-invalid.ts'
import { MAX_OPEN_NODE_BYTES } from '../protocol/sync-limits.ts'
import { checkRoot, type DagNode, openDagJson, openUnchecked, unknownCodec } from './dag-node.ts'
import { type DagPlace, fits, type NodeKind, type Role } from './dag-place.ts'
import { checkSize, openTreeNode } from './tree-node.ts'
import { createVisitedBlocks } from './visited-blocks.ts'

/** The block that comes next in a walk. */
export interface WalkedBlock {
  cid: CID
  /** A raw block: nothing is behind it. */
  isLeaf: boolean
  /** Bytes of the DAG, as its link declares them; of a leaf its own. */
  tsize: number | undefined
}

/** How a walk treats what it passes. */
interface WalkMode {
  /** Whether the blocks come from outside: then all that makes a tree hostile is refused as soon as it is seen. */
  isStrict: boolean
  /** What the roots must be: all of them, or one by one. */
  role: Role | readonly Role[]
  /**
   * Whether what is walked is only to be left out of the walk after it (not of a strict walk): leaves are passed as soon as
   * their links are seen, and of commits that are reached from other commits the trees are not looked at.
   */
  leavesOut?: boolean
}

/**
 * The order of `/jzfs/sync/1`, see README.md: all blocks that roots reach, each once, a node before what it links
 * (depth first, links in their order). Whoever has the blocks and whoever receives them walk alike, so that the
 * receiver knows of each block beforehand which one it must be.
 *
 * `next` says which block comes next; `accept` gives its bytes, already verified. `pass` says that a leaf is not looked
 * at, or that what a node links is left out. What was walked stays visited: a second `begin` leaves it out.
 */
export interface DagWalk {
  /** Blocks passed so far, over all roots. */
  readonly visited: number
  /** Starts at these roots. The walk before must be at its end. IntegrityError `not-a-commit` for another codec. */
  begin(roots: readonly CID[], mode: WalkMode): void
  /** The next block, undefined at the end. Throws what makes the tree invalid. */
  next(): WalkedBlock | undefined
  accept(bytes: Uint8Array): void
  /** `sizeBytes`: the length of a leaf, where it is known. */
  pass(sizeBytes?: number): void
}

/** A walk that has not begun. */
export function createDagWalk(): DagWalk {
  return new DepthFirstWalk()
}

/** A node whose links are being followed. */
interface Frame {
  cid: CID
  node: DagNode
  index: number
  /** The node's number among those visited; -1 for the roots. */
  visit: number
  /** Entries of the tree below, so far, unfolded: what stands there twice counts twice. */
  entries: number
  /** Whether its first link is a tree and the others are parents; known where a walk leaves out. */
  isCommit?: boolean
}

/** What is remembered of a visited node. */
interface Visit {
  kind: NodeKind | undefined
  tsize: number | undefined
  entries: number
}

interface Pending extends WalkedBlock {
  place: DagPlace
  visit: number
  /** Whether it is the parent of a commit. */
  isParent: boolean
}

class DepthFirstWalk implements DagWalk {
  readonly #blocks = createVisitedBlocks()
  readonly #visits: Visit[] = []
  readonly #frames: Frame[] = []
  #openBytes = 0
  #isStrict = false
  #leavesOut = false
  #pending: Pending | undefined

  get visited(): number {
    return this.#blocks.size
  }

  begin(roots: readonly CID[], { isStrict, role, leavesOut = false }: WalkMode): void {
    if (this.#frames.length > 0) throw new TypeError('the walk before is not at its end')
    this.#isStrict = isStrict
    this.#leavesOut = leavesOut && !isStrict
    const roleOf = (index: number): Role => (typeof role === 'string' ? role : (role[index] ?? 'any'))
    for (const [index, root] of roots.entries()) checkRoot(root, roleOf(index))
    const node: DagNode = {
      kind: undefined,
      count: roots.length,
      sizeBytes: 0,
      tsize: undefined,
      link: (index) => roots[index]!.bytes,
      place: (index) => ({ role: roleOf(index), depth: 0 }),
    }
    if (roots[0] !== undefined) this.#frames.push({ cid: roots[0], node, index: 0, visit: -1, entries: 0 })
  }

  next(): WalkedBlock | undefined {
    if (this.#pending !== undefined) throw new TypeError('the block before was neither accepted nor passed')
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      const { node, index } = frame
      if (index === node.count) {
        this.#close(frame)
        continue
      }
      frame.index++
      this.#pending = this.#follow(frame, index)
      // Nothing comes after the last parent of a commit: so a long history is not a deep stack.
      if (frame.index === node.count && frame.cid.code === DAG_JSON) this.#close(frame)
      if (this.#pending !== undefined) return this.#pending
    }
    return undefined
  }

  accept(bytes: Uint8Array): void {
    const { cid, isLeaf, isParent, place, visit } = this.#take()
    if (isLeaf) {
      this.#measure(cid, place, visit, bytes.length)
      return
    }
    const isCommit = this.#leavesOut && nodeType(cid, bytes) === 'jzfs/commit/1'
    const node = this.#open(cid, bytes, place)
    this.#visits[visit] = { kind: node.kind, tsize: node.tsize, entries: 0 }
    this.#openBytes += node.sizeBytes
    if (this.#openBytes > MAX_OPEN_NODE_BYTES) throw endless(cid, 'more nodes are open at once than any real one needs')
    // The trees of versions before the newest would be as much again for each, and share nearly all with it.
    this.#frames.push({ cid, node, index: isCommit && isParent ? 1 : 0, visit, entries: 0, isCommit })
  }

  pass(sizeBytes?: number): void {
    const { cid, isLeaf, place, visit } = this.#take()
    if (!isLeaf && this.#isStrict) throw new TypeError('a strict walk wants the bytes of each node')
    if (isLeaf && sizeBytes !== undefined) this.#measure(cid, place, visit, sizeBytes)
  }

  #measure(cid: CID, place: DagPlace, leaf: number, sizeBytes: number): void {
    this.#blocks.setLeafSize(leaf, sizeBytes)
    if (this.#isStrict) checkLeaf(cid, place, sizeBytes)
  }

  #take(): Pending {
    const pending = this.#pending
    if (pending === undefined) throw new TypeError('no block is due')
    this.#pending = undefined
    return pending
  }

  #open(cid: CID, bytes: Uint8Array, place: DagPlace): DagNode {
    if (!this.#isStrict) return openUnchecked(cid, bytes)
    return cid.code === DAG_JSON ? openDagJson(cid, bytes, place.role) : openTreeNode(cid, bytes, place)
  }

  /** The block behind a link, if it is new. */
  #follow(frame: Frame, index: number): Pending | undefined {
    const link = frame.node.link(index)
    const digest = link.subarray(link.length - 32)
    const isLeaf = link[1] === RAW && link[0] === 1
    const visit = isLeaf ? this.#blocks.findLeaf(digest) : this.#blocks.findNode(digest)
    if (visit !== -1) {
      if (this.#isStrict) this.#checkAgain(frame, index, isLeaf, visit)
      return undefined
    }
    if (!(isLeaf && this.#leavesOut)) {
      const isParent = frame.isCommit === true && index > 0
      return this.#visit(copyCid(link), frame.node.place(index), isParent)
    }
    this.#blocks.add(RAW, digest)
    return undefined
  }

  #visit(cid: CID, place: DagPlace, isParent: boolean): Pending {
    const { code } = cid
    const isLeaf = code === RAW
    if (!isLeaf && code !== DAG_PB && code !== DAG_JSON) throw unknownCodec(cid)
    if (this.#isStrict && !isRightCodec(code, place)) throw wrongCodec(cid, place)
    const visit = this.#blocks.add(code, cid.multihash.digest)
    if (isLeaf) this.#countEntries(place, 0)
    return { cid, isLeaf, tsize: place.tsize, place, visit, isParent }
  }

  /** A block that was walked before must fit here as well. */
  #checkAgain(frame: Frame, index: number, isLeaf: boolean, visit: number): void {
    const place = frame.node.place(index)
    // Decoded where it is needed: a tree that came again has thousands of leaves that are as they were.
    const decode = (): CID => CID.decode(frame.node.link(index))
    if (isLeaf) {
      if (!isRightCodec(RAW, place)) throw wrongCodec(decode(), place)
      const size = this.#blocks.leafSize(visit)
      if (size >= 0) checkLeaf(decode(), place, size)
      this.#countEntries(place, 0)
      return
    }
    const cid = decode()
    if (!isRightCodec(cid.code, place)) throw wrongCodec(cid, place)
    const known = this.#visits[visit]
    if (known?.kind === undefined) return
    if (!fits(known.kind, place)) {
      throw known.kind === 'tag' || known.kind === 'manifest' || place.role === 'commit'
        ? new IntegrityError('not-a-commit', `${cid.toString()} is a ${known.kind}, not a ${place.role}`)
        : treeInvalid(cid, `it cannot stand where there must be a ${place.role}`)
    }
    checkSize(cid, 'DAG', place.tsize, known.tsize)
    this.#countEntries(place, known.entries)
  }

  /** Closes the last frame. */
  #close(frame: Frame): void {
    this.#frames.pop()
    this.#openBytes -= frame.node.sizeBytes
    const visit = this.#visits[frame.visit]
    if (visit === undefined || frame.cid.code !== DAG_PB) return
    visit.entries = frame.entries
    const above = this.#frames.at(-1)
    if (above !== undefined && above.visit !== -1 && above.cid.code === DAG_PB) {
      this.#countEntries(above.node.place(above.index - 1), frame.entries)
    }
  }

  /** Adds a finished child to its directory: itself if it is an entry, and what it unfolds to. */
  #countEntries(place: DagPlace, below: number): void {
    const frame = this.#frames.at(-1)
    if (frame === undefined) return
    frame.entries += below + (place.role === 'entry' ? 1 : 0)
    if (frame.entries > MAX_TREE_ENTRIES) {
      throw endless(frame.cid, `it unfolds to more than ${MAX_TREE_ENTRIES} entries`)
    }
  }
}

function checkLeaf(cid: CID, place: DagPlace, sizeBytes: number): void {
  checkSize(cid, 'leaf', place.tsize, sizeBytes)
  checkSize(cid, 'leaf', place.contentSize, sizeBytes)
}

/** Whether a block of this codec can be what it must be, before it is asked for or read. */
function isRightCodec(code: number, { role }: DagPlace): boolean {
  if (role === 'any' || role === 'target') return true
  if (code === RAW) return role === 'entry' || role === 'content'
  return code === (role === 'commit' || role === 'tag' || role === 'manifest' ? DAG_JSON : DAG_PB)
}

function wrongCodec(cid: CID, { role }: DagPlace): IntegrityError {
  return treeInvalid(cid, `it cannot be a ${role}`)
}

function endless(cid: CID, problem: string): IntegrityError {
  return treeInvalid(cid, `${problem}: it is taken for one that unfolds without end`)
}
