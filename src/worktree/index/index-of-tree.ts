import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../../model/block.ts'
import { diffTrees, type NodeEntry, type TreeDiffOptions } from '../../model/tree/tree-diff.ts'
import type { PathFilter } from '../pathspec/pathspec.ts'
import { toByteString } from './byte-string.ts'
import { NO_STAMP, type IndexEntry } from './index-entry.ts'
import type { IndexChange } from './index-update.ts'

/** The changes of an index that lead from one tree to another, within a filter. */
export async function indexChanges(
  source: BlockSource,
  trees: { before: CID | undefined; after: CID | undefined },
  options: TreeDiffOptions & { filter?: PathFilter | undefined } = {},
): Promise<IndexChange[]> {
  const changes: IndexChange[] = []
  for await (const { path, after } of diffTrees(source, trees.before, trees.after, options)) {
    if (options.filter?.matches(toByteString(path)) === false) continue
    changes.push({ path, entries: after === undefined ? [] : [indexEntry(path, after)] })
  }
  return changes
}

/** The entry of a file that was not compared with the working tree yet. */
export function indexEntry(path: string, { cid, tsize, node }: NodeEntry): IndexEntry {
  const { kind, contentCid, size } = node
  return { ...NO_STAMP, path, stage: 0, kind, cid, contentCid, size, tsize, racy: false }
}
