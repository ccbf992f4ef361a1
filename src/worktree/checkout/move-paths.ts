import { mkdirSync, renameSync, type BigIntStats } from 'node:fs'
import { dirname, join } from 'node:path'

import { JzfsError } from '../../model/errors.ts'
import type { PathRename } from '../../repo/operation/operation-entry.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import type { CheckoutReport } from './checkout-trees.ts'
import { statAt } from './found-content.ts'
import { createRealFolders, parentOf } from './real-folders.ts'

/** Whether what stands at a path may be replaced: it was there when the move was decided on. */
export type MayOverwrite = (path: string, found: BigIntStats) => boolean

/**
 * Moves files and folders of a working tree. It may be run again after a crash at any point: what is at its new path
 * already stays there, and what somebody has put at one of the two paths since is left alone and named. A folder that
 * becomes empty goes.
 */
export function movePaths(top: string, renames: readonly PathRename[], mayOverwrite: MayOverwrite): CheckoutReport {
  const report: CheckoutReport = { left: [], failed: [] }
  const folders = createRealFolders(top)
  for (const rename of renames) {
    try {
      if (movePath(top, rename, mayOverwrite)) folders.removeEmpty(parentOf(rename.from))
      else report.left.push(rename.from)
    } catch (error) {
      if (!(error instanceof JzfsError)) throw error
      report.failed.push({ path: rename.from, error })
    }
  }
  return report
}

/** Whether it is at its new path, now or since before. */
function movePath(top: string, { from, to, inode }: PathRename, mayOverwrite: MayOverwrite): boolean {
  const [source, target] = [join(top, from), join(top, to)]
  const found = statAt(source)
  const there = statAt(target)
  if (found === undefined) return there !== undefined
  if (found.ino !== inode) return there?.ino === inode
  // Another spelling of the same name, where the file system does not tell them apart, is no other file.
  const isOther = there !== undefined && (there.ino !== found.ino || there.dev !== found.dev)
  if (isOther && !mayOverwrite(to, there)) return false
  try {
    mkdirSync(dirname(target), { recursive: true })
    renameSync(source, target)
    return true
  } catch (error) {
    throw explainFsError(error, source)
  }
}
