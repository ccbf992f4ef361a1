import type { TreeChange } from '../../model/tree/tree-diff.ts'
import { fromByteString } from '../index/byte-string.ts'
import { emptyFolderEntry } from '../index/index-entry.ts'
import { updateIndex, type IndexChange } from '../index/index-update.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import type { FoundPath } from '../scan/scan.ts'
import type { FileRewrite } from './rewrite-files.ts'
import { isEmptyFolder } from './scan-in-the-way.ts'

/**
 * The files before and after changes that lead from `index` to `next`: an empty folder in the way (of the untracked paths
 * that were found there) is part of them, so that it goes where a file comes. Then `EMPTY_DIRECTORY` must be in the store.
 * `all` are the changes as they were found; they are passed on where nothing else differs.
 */
export function filesInPlace(
  index: StagingIndex,
  next: StagingIndex,
  untracked: readonly FoundPath[],
  changes: readonly Extract<IndexChange, { entries: unknown }>[],
  all?: readonly TreeChange[],
): NonNullable<FileRewrite['files']> {
  const removed = new Set(changes.filter(({ entries }) => entries.length === 0).map(({ path }) => path))
  const folders = untracked.filter(isEmptyFolder).map(({ key }) => fromByteString(key))
  const inTheWay = folders.filter((path) => !removed.has(path))
  // The paths are one list where entries took the place of others, and nothing else was done.
  const hasSamePaths = index.columns.paths === next.columns.paths
  if (inTheWay.length === 0) return { before: index, after: next, changes: hasSamePaths ? all : undefined }
  const before = updateIndex(
    index,
    inTheWay.map((path) => ({ path, entries: [emptyFolderEntry(path)] })),
  )
  return {
    before,
    after: updateIndex(before, [...inTheWay.map((path) => ({ path, entries: [] })), ...changes]),
  }
}
