import { join } from 'node:path'

import { ConflictError } from '../../model/errors.ts'
import type { OverwrittenFile, PathRename } from '../../repo/operation/operation-entry.ts'
import type { LoggedCommand } from '../../repo/undo/logged-command.ts'
import { statAt } from '../checkout/found-content.ts'
import { createRealFolders, parentOf } from '../checkout/real-folders.ts'
import type { IndexEntry } from '../index/index-entry.ts'
import { listPaths } from '../rewrite/would-overwrite.ts'
import { fileStat } from '../scan/scan-worktree.ts'
import type { ReversedFiles } from './file-change.ts'

/** Renames that take back others. */
export interface ReversedRenames {
  renames: PathRename[]
  /** Files that the renames write over: they came when the others were taken back before. */
  overwritten: OverwrittenFile[]
  /** What they take the place of: files and empty folders. */
  replaced: IndexEntry[]
}

/**
 * Works out how what a command moved goes back, local changes and all; takes out of `changes` what that alone does.
 *
 * Throws ConflictError `would-overwrite` (details: `paths`) where something was moved on since, or another thing is in its
 * old place.
 */
export function reverseRenames(
  top: string,
  { operations }: LoggedCommand,
  { changes }: ReversedFiles,
): ReversedRenames {
  const reversed: ReversedRenames = { renames: [], overwritten: [], replaced: [] }
  const folders = createRealFolders(top)
  const refused: string[] = []
  for (const { from, to } of operations.flatMap(({ renames }) => renames).toReversed()) {
    const moved = folders.has(parentOf(to)) ? statAt(join(top, to)) : undefined
    if (moved === undefined) refused.push(to)
    else reversed.renames.push({ from: to, to: from, inode: moved.ino })
    const change = changes.get(from)
    const there = folders.has(parentOf(from)) ? statAt(join(top, from)) : undefined
    if (there === undefined) continue
    const isSame = there.ino === moved?.ino && there.dev === moved.dev
    if (change?.now === undefined || there.isDirectory()) {
      if (!isSame) refused.push(from)
      continue
    }
    // The change of this path is that it makes way: it was looked at already whether it is as it was.
    changes.delete(from)
    reversed.replaced.push(change.now)
    const { mtimeNs, ctimeNs, inode } = fileStat(there)
    reversed.overwritten.push({ path: from, mtimeNs, ctimeNs, inode })
  }
  for (const { to } of reversed.renames) {
    const folder = changes.get(parentOf(to))
    if (folder?.now?.kind !== 'directory') continue
    changes.delete(folder.path)
    reversed.replaced.push(folder.now)
  }
  if (refused.length === 0) return reversed
  throw new ConflictError('would-overwrite', `these were moved since, or are in the way: ${listPaths(refused)}`, {
    hint: 'move them back, or out of the way, first',
    details: { paths: refused },
  })
}
