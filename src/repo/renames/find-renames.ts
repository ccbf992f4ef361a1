import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { NodeKind } from '../../model/unixfs/node.ts'
import { findExactRenames } from './exact-renames.ts'
import { findSimilarRenames } from './similar-renames.ts'

/** A path that only one of two versions has, and what is there. */
export interface RenameSide {
  path: string
  kind: NodeKind
  /** The CID without the mode. */
  contentCid: CID
  size: number
}

/** A removed and an added path that are taken for one file that moved. */
export interface Rename<Side extends RenameSide = RenameSide> {
  before: Side
  after: Side
  /** How alike both are, from 0 to 1; 1 only where the contents are the same. */
  similarity: number
}

/**
 * How alike two files are, from 0 to 1, by git's measure. What is less than `atLeast` is of no interest, and may be given
 * as 0 without a look at the contents.
 */
export type EstimateSimilarity<Side extends RenameSide = RenameSide> = (
  before: Side,
  after: Side,
  atLeast: number,
) => Promise<number>

/** How renames are found. */
export interface RenameOptions<Side extends RenameSide = RenameSide> extends AbortOptions {
  /** Undefined: only exact renames are found. */
  estimate?: EstimateSimilarity<Side> | undefined
  /** The least similarity of a rename, above 0; 1: only exact ones. Default: 0.5. */
  threshold?: number | undefined
  /**
   * Where more than the square of this many pairs would have to be compared, only exact renames and those that keep a name
   * which nothing else has are found. Default: 1000.
   */
  limit?: number
}

/** The renames in the order of the added paths, and whether there were too many pairs to compare all. */
export interface FoundRenames<Side extends RenameSide = RenameSide> {
  renames: Rename<Side>[]
  isLimited: boolean
}

/**
 * Pairs removed with added paths, as git's `diffcore-rename` does. Both lists are in the order of the bytes of the paths;
 * no side is in two pairs. Directories and empty files are not renamed: git pairs empty files, which says nothing.
 *
 * 1. Of one content: each added path takes the first removed one of its name, else the first.
 * 2. Of one name that no other path left over on its side has, and more alike than halfway from the threshold to equal.
 * 3. The most alike first; those of one name before others.
 */
export async function findRenames<Side extends RenameSide>(
  removed: readonly Side[],
  added: readonly Side[],
  options: RenameOptions<Side> = {},
): Promise<FoundRenames<Side>> {
  const { estimate, threshold = 0.5 } = options
  if (removed.length === 0 || added.length === 0) return { renames: [], isLimited: false }
  const sources = new Map<Side, Rename<Side>>()
  for (const rename of findExactRenames(removed, added)) sources.set(rename.after, rename)
  let isLimited = false
  if (estimate !== undefined && threshold < 1) {
    const used = new Set([...sources.values()].map(({ before }) => before))
    const rest = {
      removed: removed.filter((side) => isFile(side) && !used.has(side)),
      added: added.filter((side) => isFile(side) && !sources.has(side)),
    }
    const similar = await findSimilarRenames(rest, { ...options, estimate, threshold })
    for (const rename of similar.renames) sources.set(rename.after, rename)
    isLimited = similar.isLimited
  }
  return { renames: added.flatMap((side) => sources.get(side) ?? []), isLimited }
}

function isFile({ kind, size }: RenameSide): boolean {
  return (kind === 'file' || kind === 'executable') && size > 0
}
