import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { NodeEntry } from '../../model/tree/tree-diff.ts'
import type { ConflictStyle } from './text/write-merged.ts'

/** How trees are merged. */
export interface MergeOptions extends AbortOptions {
  /** What the sides are called in markers, messages and names of files that are moved aside. Default: `ours` and `theirs`. */
  labels?: { base?: string; ours: string; theirs: string } | undefined
  /** Settles conflicting regions of texts, and whole other files and symlinks, by one side: git's `-X`. */
  favour?: 'ours' | 'theirs' | undefined
  /** How conflicts in texts are marked. Default: `merge`. */
  style?: ConflictStyle | undefined
  /** Whether files that were moved are followed. Default: true. */
  renames?: boolean | undefined
  /** How alike a moved text must still be, 0 to 1. Default: 0.5. */
  similarity?: number | undefined
  /** Default: `conflict`, as git's `merge.directoryRenames`. */
  directoryRenames?: 'conflict' | 'apply' | 'ignore' | undefined
  /** Candidates a side, above which moved files are only found by equal content or name. Default: 7000. */
  renameLimit?: number | undefined
}

/** What became of a merge of trees. */
export interface TreeMerge {
  /**
   * The merged tree. At a path in conflict it holds what the working tree is to show: marked text, else the side that is
   * there, else (of two that cannot be joined) ours. Artefacts are not in it.
   */
  tree: CID
  /** In the order of the paths' bytes. None: the merge is clean. */
  conflicts: PathConflict[]
  /** What is worth saying, in the order of paths: texts that were merged, renames that were followed, each conflict. */
  notes: MergeNote[]
}

/** What a conflict is about; see `README.md` for how each comes about, and what the tree and the index then hold. */
export type ConflictKind =
  /** Both sides changed the same lines of a text. */
  | 'content'
  /** Both sides changed a file that is no text, or is too large to be merged by lines. */
  | 'binary'
  /** Both sides added a file. */
  | 'add-add'
  /** Ours changed it, theirs deleted it. */
  | 'modify-delete'
  /** Ours deleted it, theirs changed it. */
  | 'delete-modify'
  /** A file of one side is a directory of the other: the file was moved aside. */
  | 'file-directory'
  /** Two targets of a symlink, or a symlink against a file: the file was moved aside. */
  | 'symlink'
  /** Both sides added the same content, one of them executable. */
  | 'mode'
  /** Both sides moved one file, to two places; or moved two files to one place. */
  | 'rename-rename'
  /** One side moved what the other deleted. */
  | 'rename-delete'
  /** One side moved a file to where the other added one. */
  | 'rename-add'
  /** A file added (or moved) on one side, in a directory that the other side moved. */
  | 'directory-rename'

/** The versions of a path that is in conflict: what the index holds as stages 1, 2 and 3. */
export interface ConflictStages {
  base?: NodeEntry
  ours?: NodeEntry
  theirs?: NodeEntry
}

/** A path that the user has to decide. */
export interface PathConflict {
  path: string
  kind: ConflictKind
  stages: ConflictStages
  /** What stands at the path in the merged tree; undefined: nothing. */
  entry: NodeEntry | undefined
  /** Theirs, to be written beside a file that could not be merged: it is neither in the tree nor for the index's stages. */
  artefact?: { path: string; entry: NodeEntry }
  /** One line for the user, as git's `CONFLICT (…): …`. */
  message: string
}

/** Something that a merge did. */
export interface MergeNote {
  kind: 'merged' | 'conflict' | 'renamed' | 'rename-limit'
  path: string
  /** One line for the user: `Auto-merging x`, `CONFLICT (content): Merge conflict in x`. */
  text: string
}
