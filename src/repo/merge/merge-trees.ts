import type { CID } from 'multiformats/cid'

import type { Block, BlockSource } from '../../model/block.ts'
import { compareNames } from '../../model/compare.ts'
import type { Versions } from '../../model/directory/directory-versions.ts'
import { collectChanges } from './collect-changes.ts'
import type { BlockReceiver } from './file-mode.ts'
import { createMergeNotes } from './merge-notes.ts'
import { mergeRenames } from './renames/merge-renames.ts'
import type { Settling } from './settle-file.ts'
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
  const { similarity = 0.5, renameLimit = DEFAULT_RENAME_LIMIT, directoryRenames = 'conflict' } = options
  const content = { signal, favour, style, depth, labels: { base: 'base', ours: 'ours', theirs: 'theirs', ...labels } }
  const changes = await collectChanges(source, trees, { signal, renames })
  const lookup = createTreeLookup(source, trees, { signal })
  const notes = createMergeNotes()
  // What was made for a file that moved is read again where it is decided.
  const made = new Map<string, Block>()
  const reread: BlockSource = {
    get: async (cid, abort) => made.get(cid.toString())?.bytes ?? source.get(cid, abort),
  }
  if (renames) {
    const keep = (block: Block): void => {
      made.set(block.cid.toString(), block)
      receive(block)
    }
    const searching = { ...content, similarity, renameLimit, directoryRenames }
    await mergeRenames({ source: reread, receive: keep, lookup, notes, options: searching }, changes)
  }
  const settling: Settling = {
    source: made.size === 0 ? source : reread,
    receive,
    options: content,
    conflicts: [],
    notes,
    freePath: createFreePaths(lookup, depth === 0 ? 1 : 0),
  }
  const tree = await settlePlan(settling, changes.plan, trees.ours)
  const conflicts = settling.conflicts.sort((a, b) => compareNames(a.path, b.path))
  return { tree, conflicts, notes: notes.sorted() }
}

/** git's. */
const DEFAULT_RENAME_LIMIT = 7000

/**
 * Finds paths that are not taken in any tree, nor by an earlier one: `path_1` where `path` is. In a virtual base they are
 * counted from 0, as git does: renames are found by them.
 */
function createFreePaths(lookup: TreeLookup, first: number): (path: string) => Promise<string> {
  const given = new Set<string>()
  return async (path) => {
    for (let count = first - 1; ; count++) {
      const free = count < first ? path : `${path}_${count}`
      const { base, ours, theirs } = await lookup.find(free)
      if (given.has(free) || base !== undefined || ours !== undefined || theirs !== undefined) continue
      given.add(free)
      return free
    }
  }
}
