import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { DirectoryNode } from '../../model/directory/directory-node.ts'
import type { UnopenedShard, Versions } from '../../model/directory/directory-versions.ts'
import { WalkBudget } from '../../model/tree/walk-budget.ts'
import type { Link } from '../../model/unixfs/dag-pb.ts'
import { createPlanNode, type FileVersions, type PlanNode, type Side, type SideCandidates } from './merge-plan.ts'

/** What three trees differ in. */
export interface TreeChanges {
  plan: PlanNode
  /** Files that both sides changed, by path. */
  files: Map<string, FileVersions>
  candidates: Record<Side, SideCandidates>
}

/** What is being put together, and how it is read. */
export interface Collection extends TreeChanges {
  source: BlockSource
  options: AbortOptions & { renames: boolean }
  budget: WalkBudget
  /** Entries that one side alone changed, which are taken whole unless renames make it matter what is in them. */
  deferred: Record<Side, OneSidedChange[]>
  /** Shards that ours alone changed: the same. */
  shards: { directory: DirectoryNode; place: Place; shard: UnopenedShard }[]
  /** Of what is deferred, that which is new, by its CID. */
  fresh: Record<Side, Map<string, OneSidedChange[]>>
  /** Directories that one side has no more and the other changed: where they went is seen when all else was gone through. */
  vanished: VanishedDirectory[]
}

/** An entry that one side alone changed. */
export interface OneSidedChange {
  path: string
  base: Link | undefined
  changed: Link | undefined
  depth: number
  /** It is a directory that was moved there as a whole: what is in it is known. */
  isMoved?: boolean
}

/** A directory that one side has no more, and the other changed. */
export interface VanishedDirectory {
  /** The side that has it no more. */
  side: Side
  base: Link
  inside: Versions<DirectoryNode>
  place: Place
}

/** Where a walk is. */
export interface Place {
  path: string
  depth: number
  /** Undefined: nothing is to be decided in here, only candidates for renames are looked for. */
  node: PlanNode | undefined
  /** It matters to where this directory, or one above it, was moved. */
  isFollowed: boolean
  /** The side that moved this directory as a whole, and where it is now. */
  moved?: { side: Side; to: string } | undefined
}

/** Makes an empty collection. */
export function createCollection(source: BlockSource, options: Collection['options']): Collection {
  const candidates = (): SideCandidates => {
    return { added: [], removed: [], movedDirectories: new Map(), moves: [], wentTo: new Map() }
  }
  return {
    plan: { ...createPlanNode(), isDirectory: true, keepsEmpty: true },
    files: new Map(),
    candidates: { ours: candidates(), theirs: candidates() },
    source,
    options,
    budget: new WalkBudget(options),
    deferred: { ours: [], theirs: [] },
    shards: [],
    fresh: { ours: new Map(), theirs: new Map() },
    vanished: [],
  }
}
