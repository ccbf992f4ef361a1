import type { BigIntStats } from 'node:fs'

import type { CID } from 'multiformats/cid'

import { IntegrityError } from '../../model/errors.ts'
import type { OperationEntry, OverwrittenFile } from '../../repo/operation/operation-entry.ts'
import type { Repository } from '../../repo/repository.ts'
import { createBlockCopier } from '../../store/copy/block-copier.ts'
import type { ArrivingFiles } from '../arriving/arriving-files.ts'
import { readIndexFile } from '../index/index-file.ts'
import { emptyIndex } from '../index/index-update.ts'
import { type NextIndex, readNextIndex, replaceNextIndex } from '../index/next-index.ts'
import { refreshMoved, refreshPlaced } from '../index/refresh-placed.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { worktreeOf } from '../working-tree.ts'
import { checkoutTrees, type CheckoutOptions, type CheckoutReport, type WorkingFiles } from './checkout-trees.ts'
import { movePaths, type MayOverwrite } from './move-paths.ts'
import { fileModes } from './write-entry.ts'

export interface WorktreeStepOptions extends CheckoutOptions {
  /** The index from before the operation, where it was read already. */
  index?: StagingIndex | undefined
  /** The index that the operation ends with, where it is at hand. It takes the stat data of the files. */
  next?: NextIndex | undefined
  /** Files that were written as their blocks came. */
  arriving?: Pick<ArrivingFiles, 'take'> | undefined
}

/**
 * Does what an operation says of the files of the working tree, and makes the index that it ends with whole, with their stat
 * data; interrupted, it can be done again.
 *
 * A file is known to be unchanged by the index from before the operation, which is in place until the files are done.
 */
export async function worktreeStep(
  entry: OperationEntry,
  repository: Repository,
  options: WorktreeStepOptions = {},
): Promise<CheckoutReport> {
  const { worktree } = repository
  if (worktree === undefined) return { left: [], failed: [] }
  const next = await nextIndexOf(entry, repository, options.next)
  let isRefreshed = false
  const onPlaced: CheckoutOptions['onPlaced'] = (path, placed, stamp) => {
    if (next !== undefined && refreshPlaced(next.index, path, placed, stamp)) isRefreshed = true
    options.onPlaced?.(path, placed, stamp)
  }
  const report = await rewrite(entry, repository, { ...options, onPlaced })
  if (next === undefined) return report
  for (const { to } of entry.renames) if (refreshMoved(worktree, next.index, to)) isRefreshed = true
  if (next.isPatch || isRefreshed) replaceNextIndex(repository, next.name, next.index)
  return report
}

async function rewrite(
  entry: OperationEntry,
  repository: Repository,
  options: WorktreeStepOptions,
): Promise<CheckoutReport> {
  const worktree = worktreeOf(repository)
  const doomed = new Map(entry.overwritten.map((file) => [file.path, file]))
  const mayOverwrite: MayOverwrite = (path, found) => isStatOf(doomed.get(path), found)
  const moved = movePaths(worktree, entry.renames, mayOverwrite)
  if (entry.worktree === undefined) return moved
  const index = options.index ?? readOldIndex(repository.layout.index)
  const copier = createBlockCopier(repository.store)
  const { arriving } = options
  const files = { ...workingFiles(repository, worktree, index), copier, arriving, mayOverwrite }
  try {
    const { left, failed } = await checkoutTrees(files, entry.worktree, options)
    return { left: [...moved.left, ...left], failed: [...moved.failed, ...failed] }
  } finally {
    await copier.stop()
  }
}

/** The index that the operation ends with, if it is still to take the place of the present one. */
async function nextIndexOf(
  entry: OperationEntry,
  repository: Repository,
  known: NextIndex | undefined,
): Promise<(NextIndex & { name: string }) | undefined> {
  if (entry.index === undefined) return undefined
  try {
    const next = known ?? (await readNextIndex(repository, entry))
    return next && { ...next, name: entry.index.next }
  } catch (error) {
    // A damaged one is found out, and made anew, by whoever reads it next.
    if (error instanceof IntegrityError) return undefined
    throw error
  }
}

/** The working files of a repository, as a checkout needs them. */
function workingFiles({ config, layout, store }: Repository, worktree: string, index: StagingIndex): WorkingFiles {
  const symlinks = config.get('core.symlinks')
  return {
    top: worktree,
    tmp: layout.tmp,
    source: store,
    modes: fileModes(process.umask(), symlinks),
    keeps: { executableBit: config.get('core.executableBit'), symlinks },
    isUnchanged: (path, cid, found) => isUnchangedSince(index, path, cid, found),
  }
}

/** A damaged index proves nothing: the files are compared byte by byte. */
function readOldIndex(path: string): StagingIndex {
  try {
    return readIndexFile(path)
  } catch (error) {
    if (error instanceof IntegrityError) return emptyIndex()
    throw error
  }
}

function isStatOf(file: OverwrittenFile | undefined, { mtimeNs, ctimeNs, ino }: BigIntStats): boolean {
  if (file === undefined) return false
  return file.mtimeNs === mtimeNs && file.ctimeNs === ctimeNs && file.inode === BigInt.asIntN(64, ino)
}

/** Whether stat data prove that a file still has the content that the index has at its path, and that is `cid`. */
export function isUnchangedSince(index: StagingIndex, path: string, cid: CID, found: BigIntStats): boolean {
  const position = index.find(path)
  if (position === -1 || !index.hasCid(position, cid) || index.isRacy(position)) return false
  const { mtimeNs, ctimeNs, inode, size } = index.columns
  return (
    found.mtimeNs === mtimeNs[position] &&
    found.ctimeNs === ctimeNs[position] &&
    BigInt.asIntN(64, found.ino) === inode[position] &&
    Number(found.size) === size[position]
  )
}
