import { existsSync, lstatSync, mkdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { OperationEntry } from '../../repo/operation-entry.ts'
import type { Repository } from '../../repo/repository.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import { readIndexFile } from '../index-file.ts'
import type { StagingIndex } from '../staging-index.ts'
import { checkoutTrees, type CheckoutOptions, type CheckoutReport, type WorkingFiles } from './checkout-trees.ts'
import { fileModes } from './write-entry.ts'

/**
 * Does what an operation says of the files of the working tree; interrupted, it can be done again.
 *
 * A file is known to be unchanged by the index from before the operation, which is in place until the files are done.
 */
export async function worktreeStep(
  entry: OperationEntry,
  repository: Repository,
  options: CheckoutOptions = {},
): Promise<CheckoutReport> {
  const { worktree } = repository
  if (worktree === undefined) return { left: [] }
  for (const { from, to } of entry.renames) movePath(join(worktree, from), join(worktree, to))
  if (entry.worktree === undefined) return { left: [] }
  return checkoutTrees(workingFiles(repository, worktree), entry.worktree, options)
}

/** The working files of a repository, as a checkout needs them. */
export function workingFiles(repository: Repository, worktree: string): WorkingFiles {
  const { config, layout, store } = repository
  const symlinks = config.get('core.symlinks')
  const index = readIndexFile(layout.index)
  return {
    top: worktree,
    tmp: layout.tmp,
    source: store,
    modes: fileModes(process.umask(), symlinks),
    keeps: { executableBit: config.get('core.executableBit'), symlinks },
    isUnchanged: (path, cid, found) => isUnchangedSince(index, path, cid, found),
  }
}

type Found = Parameters<NonNullable<WorkingFiles['isUnchanged']>>[2]

function isUnchangedSince(
  index: StagingIndex,
  path: string,
  cid: Parameters<StagingIndex['hasCid']>[1],
  found: Found,
): boolean {
  const position = index.find(path)
  if (position === -1 || !index.hasCid(position, cid) || index.isRacy(position)) return false
  const { mtimeNs, ctimeNs, inode, size } = index.columns
  return (
    found.mtimeNs === mtimeNs[position] &&
    found.ctimeNs === ctimeNs[position] &&
    found.ino === inode[position] &&
    Number(found.size) === size[position]
  )
}

/** Moves a file or folder; done already where only the new path is there. */
function movePath(from: string, to: string): void {
  if (lstatSync(from, { throwIfNoEntry: false }) === undefined && existsSync(to)) return
  try {
    mkdirSync(dirname(to), { recursive: true })
    renameSync(from, to)
  } catch (error) {
    throw explainFsError(error, from)
  }
}
