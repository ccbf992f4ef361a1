import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { NodeEntry } from '../../model/tree/tree-diff.ts'
import { diffTrees } from '../../model/tree/tree-diff.ts'
import { readFile } from '../../model/unixfs/file-content.ts'
import { createSimilarity } from '../merge/similarity.ts'
import { findRenames, type RenameSide } from '../renames/find-renames.ts'
import type { FileVersion } from './file-versions.ts'

/** Where a file was before it was renamed. */
export interface RenameSource {
  path: string
  version: FileVersion
}

/**
 * Finds what a file that only `after` has was in `before`: a file that is gone, of the same content or alike (git's
 * measure, half of it at least).
 */
export async function findRenameSource(
  source: BlockSource,
  path: string,
  trees: { before: CID; after: CID },
  options: AbortOptions,
): Promise<RenameSource | undefined> {
  const removed: Side[] = []
  const added: Side[] = []
  for await (const change of diffTrees(source, trees.before, trees.after, options)) {
    if (change.before !== undefined && change.after === undefined) removed.push(sideOf(change.path, change.before))
    if (change.path === path && change.after !== undefined) added.push(sideOf(path, change.after))
  }
  const estimate = createSimilarity<Side>({
    read: ({ cid }, readOptions) => readFile(source, cid, readOptions),
    signal: options.signal,
  })
  const { renames } = await findRenames(removed, added, { estimate, signal: options.signal })
  const before = renames[0]?.before
  return before === undefined ? undefined : { path: before.path, version: before }
}

type Side = RenameSide & FileVersion

function sideOf(path: string, { cid, node }: NodeEntry): Side {
  const { kind, contentCid, size } = node
  return { path, kind, cid, contentCid, size }
}
