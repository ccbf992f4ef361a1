import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import type { IndexRecord, RecordedEntry } from '../../repo/operation/index-record.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import type { Store } from '../../store/store.ts'
import { noteDocument } from './conflict-notes.ts'
import { updateIndex } from './index-update.ts'
import type { StagingIndex } from './staging-index.ts'
import { writeTree } from './write-tree.ts'

/**
 * Records what an index is, for the entry of an operation that changes it: the directories that are not known go into the
 * pack, and nothing is to be done for those that are.
 */
export async function recordIndex(index: StagingIndex, pack: PackWriter, store: Store): Promise<IndexRecord> {
  const rest = unmergedEntries(index)
  const tree = await writeTree(withoutConflicts(index, rest), (block) => void pack.add(block), store)
  if (rest.length === index.count) pack.add(EMPTY_DIRECTORY)
  return { tree, rest, notes: index.notes.map(noteDocument) }
}

/** The entries of an index that are no stage of a conflict. */
export function withoutConflicts(index: StagingIndex, conflicts = unmergedEntries(index)): StagingIndex {
  if (conflicts.length === 0) return index
  const paths = new Set(conflicts.map(({ path }) => path))
  const changes = [...paths].map((path) => ({ path, entries: [] }))
  return updateIndex(index, changes, [])
}

function unmergedEntries(index: StagingIndex): RecordedEntry[] {
  if (!index.isUnmerged()) return []
  const entries: RecordedEntry[] = []
  for (let position = 0; position < index.count; position++) {
    if (index.stage(position) === 0) continue
    const { path, stage, kind, cid, contentCid, size, tsize } = index.entry(position)
    entries.push({ path, stage, kind, cid, contentCid, size, tsize })
  }
  return entries
}
