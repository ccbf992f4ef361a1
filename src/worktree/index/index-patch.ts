import { differingPositions } from './differing-positions.ts'
import { type IndexPatch, isIndexFileOf, readChecksum } from './index-file.ts'
import { emptyIndex, type IndexedChange, updateIndex } from './index-update.ts'
import { StagingIndex } from './staging-index.ts'

/*
 * A patch stands for an index that is still to be written: while an operation rewrites files, its next index is the file
 * `.jzfs/index` with the patch applied. It is as durable as an index, and as small as what changes; the whole index is written
 * once, when the stat data of the files is known.
 */

/** A patch with more changes than one in so many entries is not worth it. */
const LARGE_PART = 4

/**
 * The patch that makes `after` of `before`, which was read from the file at `path`. `changed` are the paths that differ, where
 * they are known and none goes. Undefined where it would be large, there are conflicts, or the file is another by now.
 */
export function patchOf(
  path: string,
  before: StagingIndex,
  after: StagingIndex,
  changed?: readonly string[],
): IndexPatch | undefined {
  if (before.count === 0 || before.isUnmerged() || after.isUnmerged() || !isIndexFileOf(path, before)) return undefined
  const of = readChecksum(path)
  const most = before.count / LARGE_PART
  if (of === undefined || (changed !== undefined && changed.length > most)) return undefined
  const removed: string[] = []
  const entries: IndexedChange[] = []
  for (const { from, to } of changed === undefined ? differingPositions(before, after) : positionsOf(after, changed)) {
    if (to !== undefined) entries.push({ path: after.path(to), from: after, position: to })
    else if (from !== undefined) removed.push(before.path(from))
    if (entries.length + removed.length > most) return undefined
  }
  const { columns, directories } = updateIndex(emptyIndex(), entries)
  return { of, removed, entries: new StagingIndex(columns, directories, after.tree, undefined, after.notes) }
}

function* positionsOf(
  after: StagingIndex,
  changed: readonly string[],
): Generator<{ from: undefined; to: number }, void, undefined> {
  for (const path of changed) yield { from: undefined, to: after.find(path) }
}

/** The index that a patch makes of one. Directories in which something changes are not known. */
export function applyPatch(base: StagingIndex, { entries, removed }: IndexPatch): StagingIndex {
  const changes = [
    ...removed.map((path) => ({ path, entries: [] })),
    ...Array.from({ length: entries.count }, (_, position) => ({
      path: entries.path(position),
      from: entries,
      position,
    })),
  ]
  const { columns, directories } = updateIndex(base, changes, [])
  return new StagingIndex(columns, directories, entries.tree, base.file, entries.notes)
}
