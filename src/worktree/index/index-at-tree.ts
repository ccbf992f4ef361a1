import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { DirectoryChange } from '../../model/tree/tree-diff.ts'
import { packAndStore } from '../../store/pack/pack-and-store.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import type { Store } from '../../store/store.ts'
import { adoptDirectories } from './adopt-directories.ts'
import { indexChanges } from './index-of-tree.ts'
import { updateIndex } from './index-update.ts'
import { withoutConflicts } from './record-index.ts'
import type { StagingIndex } from './staging-index.ts'
import { writeTree } from './write-tree.ts'

/**
 * The index that says what a tree says (undefined: nothing), made from another one: what is the same in both keeps its stat
 * data, and only what differs is read. Conflicts go. The directories of the old index are added to the pack.
 */
export async function indexAtTree(
  store: Store,
  index: StagingIndex,
  pack: PackWriter,
  tree: CID | undefined,
  options: AbortOptions = {},
): Promise<StagingIndex> {
  const merged = withoutConflicts(index)
  const isEmpty = merged.count === 0
  const before = isEmpty ? undefined : await writeTree(merged, (block) => void pack.add(block), store)
  const blocks = packAndStore(pack, store)
  const directories: DirectoryChange[] = []
  const onDirectory = (change: DirectoryChange) => void directories.push(change)
  const changes = await indexChanges(blocks, { before, after: tree }, { signal: options.signal, onDirectory })
  const next = updateIndex(merged, changes, [])
  adoptDirectories(merged, next, directories)
  return next
}
