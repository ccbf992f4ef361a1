import type { StagingIndex } from '../index/staging-index.ts'
import { matchesPathspec, pathspecUnmatched, type Pathspec } from './pathspec.ts'

/**
 * Throws NotFoundError `pathspec-unmatched` for a pathspec that matches no entry of the index, and none of `others` (byte
 * strings). Exclusions, and the whole working tree, need no match.
 */
export function refuseUnmatched(
  pathspecs: readonly Pathspec[],
  index: StagingIndex,
  others: readonly string[] = [],
): void {
  for (const pathspec of pathspecs) {
    if (pathspec.isExclude || pathspec.key === '' || matchesEntry(pathspec, index)) continue
    if (!others.some((key) => matchesPathspec(pathspec, key))) throw pathspecUnmatched(pathspec)
  }
}

/** Whether a pathspec matches any entry of the index. */
export function matchesEntry(pathspec: Pathspec, index: StagingIndex): boolean {
  for (let position = index.lowerBoundOfKey(pathspec.literal); position < index.count; position++) {
    const key = index.key(position)
    if (!key.startsWith(pathspec.literal)) return false
    if (matchesPathspec(pathspec, key)) return true
  }
  return false
}
