import { baseName } from '../../renames/base-name.ts'
import type { Rename } from '../../renames/find-renames.ts'
import type { SideCandidates } from '../merge-plan.ts'
import { joinPath, parentPath } from '../tree-path.ts'

/** Where the directories went that a side has no more. */
export interface DirectoryRenames {
  /** By the old path: the one to which most of its files went. */
  moved: Map<string, string>
  /** Those whose files went to several, and to none most. */
  split: Set<string>
}

/**
 * Concludes from the files that a side moved to where it moved directories: there, where most files of each went. A file
 * speaks for its directory, and for those above it as long as the ends of both paths are the same:
 * `a/b/c/x` → `a/d/c/x` says that `a/b/c` became `a/d/c`, and `a/b` became `a/d`, but nothing of `a`.
 */
export function findDirectoryRenames(
  renames: readonly Rename[],
  { movedDirectories, wentTo }: Pick<SideCandidates, 'movedDirectories' | 'wentTo'>,
): DirectoryRenames {
  const counts = new Map<string, Map<string, number>>()
  for (const { before, after } of renames) {
    let old = parentPath(before.path)
    let fresh = parentPath(after.path)
    for (let isOwn = true; ; isOwn = false) {
      const relevance = movedDirectories.get(old)
      if (relevance === undefined) break
      if (isOwn || relevance === 'self') countUp(counts, old, fresh)
      if (old === '' || fresh === '' || baseName(old) !== baseName(fresh)) break
      old = parentPath(old)
      fresh = parentPath(fresh)
    }
  }
  const found: DirectoryRenames = { moved: new Map(), split: new Set() }
  for (const [old, targets] of counts) {
    const [best, next] = [...targets].sort((a, b) => b[1] - a[1])
    if (best === undefined || best[1] === next?.[1]) found.split.add(old)
    else found.moved.set(old, best[0])
  }
  for (const [old, fresh] of wentTo) {
    if (movedDirectories.has(old)) found.moved.set(old, fresh)
  }
  return found
}

function countUp(counts: Map<string, Map<string, number>>, old: string, fresh: string): void {
  const targets = counts.get(old) ?? new Map<string, number>()
  counts.set(old, targets.set(fresh, (targets.get(fresh) ?? 0) + 1))
}

/** A directory that both sides moved says nothing of where its files belong: it is left out of both. */
export function dropMovedByBoth(ours: DirectoryRenames, theirs: DirectoryRenames): void {
  for (const old of ours.moved.keys()) {
    if (!theirs.moved.has(old)) continue
    ours.moved.delete(old)
    theirs.moved.delete(old)
  }
}

/** The nearest directory above a path that is one of these. */
export function nearestAbove(directories: { has(path: string): boolean }, path: string): string | undefined {
  for (let directory = parentPath(path); directory !== ''; directory = parentPath(directory)) {
    if (directories.has(directory)) return directory
  }
  return undefined
}

/** Where a path belongs whose directory `old` became `fresh`. */
export function movedPath(path: string, old: string, fresh: string): string {
  return joinPath(fresh, path.slice(old.length + 1))
}
