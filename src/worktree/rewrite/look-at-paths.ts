import { type BigIntStats, lstatSync } from 'node:fs'

import { parentOf } from '../checkout/real-folders.ts'
import { KIND_DIRECTORY } from '../index/index-entry.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { isStatUnchanged } from '../scan/is-stat-unchanged.ts'
import { fileStat } from '../scan/scan-worktree.ts'
import { CANDIDATE, type Scan, type ScanOptions, UNCHANGED } from '../scan/scan.ts'
import type { PathChange } from './paths-in-the-way.ts'

/**
 * Looks at changed paths one by one, where nothing but what is expected can be there: a tracked file to be written over or
 * removed, or nothing. Puts what it sees into `scan`, and returns the changes at whose places more is to be found out, by
 * scanning: something untracked, missing, of another kind, that cannot be seen, or that lies in another repository.
 *
 * To list the folders instead would take many times as long where a few of their files change.
 */
export function lookAtPaths(
  {
    worktree,
    index,
    keeps = { executableBit: true, symlinks: true },
  }: Pick<ScanOptions, 'worktree' | 'index' | 'keeps'>,
  changes: readonly PathChange[],
  scan: Pick<Scan, 'states' | 'stats'>,
): PathChange[] {
  const top = worktree.endsWith('/') ? worktree : `${worktree}/`
  const folders = createFolders(top)
  return changes.filter(({ path, after }) => {
    if (after === 'directory') return true
    const position = index.find(path)
    const folder = folders(parentOf(path))
    if (position === -1) {
      if (after === undefined || folder === 'other' || isInConflict(index, path)) return true
      return folder === 'real' && statOf(top + path) !== 'missing'
    }
    if (folder !== 'real' || index.kindBits(position) === KIND_DIRECTORY) return true
    const stat = statOf(top + path)
    if (typeof stat === 'string' || !(stat.isFile() || stat.isSymbolicLink())) return true
    const isUnchanged = isStatUnchanged(index, position, stat, keeps)
    scan.states[position] = isUnchanged ? UNCHANGED : CANDIDATE
    if (!isUnchanged) scan.stats.set(position, fileStat(stat))
    return false
  })
}

type FolderState = 'real' | 'missing' | 'other'

/** Says of a folder whether it is there, a directory all the way down and none of another repository; each looked at once. */
function createFolders(top: string): (path: string) => FolderState {
  const known = new Map<string, FolderState>([['', 'real']])
  const look = (path: string): FolderState => {
    const above = stateOf(parentOf(path))
    if (above !== 'real') return above
    const stat = statOf(top + path)
    if (typeof stat === 'string') return stat
    const isOurs = stat.isDirectory() && !/(^|\/)\.git$/.test(path) && statOf(`${top}${path}/.jzfs`) === 'missing'
    return isOurs ? 'real' : 'other'
  }
  const stateOf = (path: string): FolderState => {
    const state = known.get(path) ?? look(path)
    known.set(path, state)
    return state
  }
  return stateOf
}

function statOf(path: string): BigIntStats | 'missing' | 'other' {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? 'missing'
  } catch {
    return 'other'
  }
}

function isInConflict(index: StagingIndex, path: string): boolean {
  const position = index.lowerBound(path)
  return position < index.count && index.path(position) === path
}
