import type { NodeEntry } from '../../model/tree/tree-diff.ts'
import type { Link } from '../../model/unixfs/dag-pb.ts'
import type { ConflictKind, ConflictStages } from './tree-merge.ts'

/** A side of a merge. */
export type Side = 'ours' | 'theirs'

/** The other side. */
export function otherSide(side: Side): Side {
  return side === 'ours' ? 'theirs' : 'ours'
}

/** A path where a file or symlink of one version meets another, as it is known so far. */
export interface FileVersions {
  path: string
  /** Files and symlinks only. Following a rename moves a version to the path where another is. */
  stages: ConflictStages
  /** Where each version stands in its tree: elsewhere than `path` once a rename was followed. */
  paths: { base: string; ours: string; theirs: string }
  /** Whether ours has a directory here, with something in it. */
  isDirectoryInOurs: boolean
  /** A conflict about where the file belongs: it stays one even where the contents can be merged. */
  conflict?: { kind: ConflictKind; message: string }
  /** Two files meet here because one was moved to the other's place. */
  collision?: ConflictKind
  /** Nothing stays here: the file was followed to where it was moved. */
  isGone: boolean
}

/** What is to be done at a path and below it, so that ours becomes the merged tree. */
export interface PlanNode {
  children: Map<string, PlanNode> | undefined
  /** Stands here instead of what ours has; null: nothing does. */
  taken?: Link | null
  /** What was taken is of ours: it stays though the directory around it begins with nothing. */
  isTakenFromOurs?: boolean
  /** A file that is still to be decided. */
  file?: FileVersions
  /** Whether a directory may be here: it is put together from its children, and goes where nothing is left in it. */
  isDirectory: boolean
  /** What ours has here, where that is known. */
  ours?: Link | undefined
  /** Ours has no directory here: what is put together begins with nothing. */
  startsEmpty: boolean
  /** The directory stays also with nothing in it. */
  keepsEmpty: boolean
}

/** Makes a node that changes nothing. */
export function createPlanNode(): PlanNode {
  return { children: undefined, isDirectory: false, startsEmpty: false, keepsEmpty: false }
}

/** The node of a name below another, made where it is not there yet. */
export function planChild(node: PlanNode, name: string): PlanNode {
  node.children ??= new Map()
  let child = node.children.get(name)
  if (child === undefined) {
    child = createPlanNode()
    node.children.set(name, child)
  }
  return child
}

/** A path that only one of base and a side has, and so perhaps one end of a rename. */
export interface RenameCandidate {
  path: string
  /** The entry of the version that has it: base's of a removed one, the side's of an added one. */
  link: Link
  /** The same as it was opened; undefined: it is a raw leaf, which says all by its link. */
  entry: NodeEntry | undefined
  /**
   * Of a removed one: `content` where the other side changed it (or removed it too), `location` where it tells to where a
   * directory moved. Undefined: what becomes of it does not matter.
   */
  relevance?: 'content' | 'location' | undefined
}

/** What a side has and base has not, and the other way round. */
export interface SideCandidates {
  added: RenameCandidate[]
  removed: RenameCandidate[]
  /**
   * Directories that the side does not have any more, into which the other side may have put a file (`self`: it has), so that
   * it matters to where they moved. By path.
   */
  movedDirectories: Map<string, 'self' | 'ancestor'>
  /** Files that the side moved with the whole of their directory, of those that the other side changed. */
  moves: { from: string; to: string }[]
  /** Directories that the side moved as a whole, and into which the other side may have put something: where they are now. */
  wentTo: Map<string, string>
}
