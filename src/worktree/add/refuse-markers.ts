import { readFileSync } from 'node:fs'

import { ConflictError, type JzfsError } from '../../model/errors.ts'
import { hasConflictMarkers } from '../../repo/merge/text/conflict-markers.ts'
import { MAX_MERGED_BYTES } from '../../repo/merge/text/max-merged-bytes.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import type { Pathspec } from '../pathspec/pathspec.ts'
import { listPaths } from '../rewrite/would-overwrite.ts'
import type { Scan } from '../scan/scan.ts'

const TYPE_MASK = 0o170000
const TYPE_FILE = 0o100000

/**
 * Refuses paths that are, or were, in conflict and whose files still have conflict markers, unless a pathspec names just the
 * file: ConflictError `conflict-markers` (details: `paths`). Returns none where there are none.
 */
export function refuseMarkers(
  worktree: string,
  pathspecs: readonly Pathspec[],
  { index, scan }: { index: StagingIndex; scan: Scan },
): JzfsError[] {
  const paths: string[] = []
  // Also what was taken out of its conflict, by `restore --staged` above all.
  const noted = new Set(index.notes.map(({ path }) => path))
  for (const [position, { mode, size }] of scan.stats) {
    const key = index.key(position)
    if (index.stage(position) === 0 && (noted.size === 0 || !noted.has(index.path(position)))) continue
    if (paths.at(-1) === index.path(position)) continue
    // Larger files are not merged line by line, so nothing was marked in them.
    if ((mode & TYPE_MASK) !== TYPE_FILE || size > MAX_MERGED_BYTES) continue
    if (pathspecs.some((each) => !each.isExclude && each.pattern === undefined && each.key === key)) continue
    if (isMarked(`${worktree}/${index.path(position)}`)) paths.push(index.path(position))
  }
  if (paths.length === 0) return []
  return [
    new ConflictError('conflict-markers', `there are conflict markers left: ${listPaths(paths)}`, {
      hint: 'settle the conflicts; to take a file as it is, name it: `jzfs add FILE`',
      details: { paths },
    }),
  ]
}

function isMarked(path: string): boolean {
  try {
    return hasConflictMarkers(readFileSync(path))
  } catch {
    // A file that nobody may read, or that is gone by now: adding it says so.
    return false
  }
}
