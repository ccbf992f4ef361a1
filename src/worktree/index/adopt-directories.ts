import type { DirectoryChange } from '../../model/tree/tree-diff.ts'
import { toByteString } from './byte-string.ts'
import { findDirectory, knownDirectory, setKnown } from './index-directories.ts'
import type { StagingIndex } from './staging-index.ts'

/**
 * Tells an index the CIDs of directories that a tree has, so that they need not be built: `next` was made from `index` by all
 * that `diffTrees` found between two trees, and `changes` are the directories that it went into. Only those are taken that
 * `index` had as the tree before has them.
 */
export function adoptDirectories(index: StagingIndex, next: StagingIndex, changes: Iterable<DirectoryChange>): void {
  for (const { path, before, after } of changes) {
    const key = toByteString(path)
    const was = directoryAt(index, key)
    const known = was === -1 ? undefined : knownDirectory(index.directories, was)?.cid
    const isAsBefore = before === undefined ? was === -1 : known?.equals(before) === true
    const is = isAsBefore ? directoryAt(next, key) : -1
    if (is !== -1) setKnown(next.directories, is, after)
  }
}

/** The directory with this byte string, or -1. */
function directoryAt(index: StagingIndex, key: string): number {
  // The top is there in an index with nothing in it, too.
  if (index.count === 0) return -1
  const first = index.lowerBoundOfKey(key === '' ? '' : `${key}/`)
  return findDirectory(index.columns, index.directories, key, first)
}
