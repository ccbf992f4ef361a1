import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { IndexRecord } from '../../repo/operation/index-record.ts'
import { type ConflictNoteDocument, noteOf } from './conflict-notes.ts'
import { type IndexEntry, NO_STAMP } from './index-entry.ts'
import { indexChanges } from './index-of-tree.ts'
import { updateIndex } from './index-update.ts'
import { withoutConflicts } from './record-index.ts'
import type { StagingIndex } from './staging-index.ts'

/**
 * The index that a record tells of. What the index of now (`index`, recorded as `now`) has as well keeps its stat data; only
 * what differs is read. Throws what the store throws where a directory of the record is gone.
 */
export async function indexOfRecord(
  source: BlockSource,
  record: IndexRecord,
  { index, now }: { index: StagingIndex; now: IndexRecord },
  options: AbortOptions = {},
): Promise<StagingIndex> {
  const changes = await indexChanges(source, { before: now.tree, after: record.tree }, { signal: options.signal })
  const stages = new Map<string, IndexEntry[]>()
  for (const entry of record.rest) {
    const entries = stages.get(entry.path) ?? []
    stages.set(entry.path, [...entries, { ...NO_STAMP, ...entry, racy: false }])
  }
  const conflicts = Array.from(stages, ([path, entries]) => ({ path, entries }))
  const notes = (record.notes as readonly ConflictNoteDocument[]).map(noteOf)
  return updateIndex(withoutConflicts(index), [...changes, ...conflicts], notes)
}

/** Whether two records tell of the same index. */
export function isSameRecord(a: IndexRecord, b: IndexRecord): boolean {
  const [one, other] = [a, b].map(({ rest, notes }) => JSON.stringify({ rest, notes }))
  return a.tree.equals(b.tree) && one === other
}
