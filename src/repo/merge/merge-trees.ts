import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../../model/block.ts'
import { compareNames } from '../../model/compare.ts'
import type { Versions } from '../../model/directory/directory-versions.ts'
import { collectChanges } from './collect-changes.ts'
import type { BlockReceiver } from './file-mode.ts'
import { createMergeNotes } from './merge-notes.ts'
import { settlePlan } from './settle-plan.ts'
import { createTreeLookup, type TreeLookup } from './tree-lookup.ts'
import type { MergeOptions, TreeMerge } from './tree-merge.ts'

/**
 * Merges two trees that came from a third (undefined: one with nothing in it). Blocks that are made go to `receive`, children
 * before parents; those that are not in the end part of the tree, or of a conflict, do no harm.
 *
 * Only what differs is read, and no file's content unless both sides changed a text, or a rename may be found by it. See
 * `README.md` for how each thing is decided. Errors as of `diffTrees`, `block-missing` and `block-corrupt` among them, with the
 * path in the message and in their details.
 */
export async function mergeTrees(
  source: BlockSource,
  receive: BlockReceiver,
  trees: Versions<CID>,
  options: MergeOptions & { depth?: number } = {},
): Promise<TreeMerge> {
  const { labels, favour, style, signal, renames = true, depth = 0 } = options
  const changes = await collectChanges(source, trees, { signal, renames })
  const lookup = createTreeLookup(source, trees, { signal })
  const notes = createMergeNotes()
  const settling = {
    source,
    receive,
    options: { signal, favour, style, depth, labels: { base: 'base', ours: 'ours', theirs: 'theirs', ...labels } },
    conflicts: [],
    notes,
    freePath: createFreePaths(lookup),
  }
  const tree = await settlePlan(settling, changes.plan, trees.ours)
  const { conflicts }: Pick<TreeMerge, 'conflicts'> = settling
  return { tree, conflicts: conflicts.sort((a, b) => compareNames(a.path, b.path)), notes: notes.sorted() }
}

/** Finds paths that are not taken in any tree, nor by an earlier one: git's `path_1` where `path` is. */
function createFreePaths(lookup: TreeLookup): (path: string) => Promise<string> {
  const given = new Set<string>()
  return async (path) => {
    for (let count = 0; ; count++) {
      const free = count === 0 ? path : `${path}_${count}`
      const { base, ours, theirs } = await lookup.find(free)
      if (given.has(free) || base !== undefined || ours !== undefined || theirs !== undefined) continue
      given.add(free)
      return free
    }
  }
}
