import { chmodSync, unlinkSync, type BigIntStats } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { Entry } from '../../model/directory.ts'
import { isReservedName } from '../../model/entry-name.ts'
import { IntegrityError } from '../../model/errors.ts'
import { readNode, type TreeNode } from '../../model/node.ts'
import { diffTrees, type TreeChange } from '../../model/tree-diff.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import type { StatStamp } from '../index-entry.ts'
import { hasContent, isExecutable, statAt, type KeptBits } from './found-content.ts'
import { createRealFolders, parentOf, type RealFolders } from './real-folders.ts'
import { stampOf, UNFINISHED_MODE, writeNew, writeOver, type FileModes } from './write-entry.ts'

/** The files that a checkout changes, and what it needs to know of them. */
export interface WorkingFiles {
  /** Absolute path of the working tree. */
  top: string
  /** A folder on the same file system, for replacements until they are whole. */
  tmp: string
  source: BlockSource
  modes: FileModes
  keeps: KeptBits
  /** Whether the stat data of a path proves that its content is still `cid`'s, so that its bytes need no reading. */
  isUnchanged?(path: string, cid: CID, found: BigIntStats): boolean
}

export interface CheckoutOptions extends AbortOptions {
  /** A path is as it shall be. The stamp is undefined where the path stays out of the index' care (empty folders). */
  onPlaced?(path: string, entry: Entry, node: TreeNode, stamp: StatStamp | undefined): void
  onProgress?(event: { files: number; bytes: number }): void
}

/** What a checkout did not touch: paths whose content was neither that before nor that after. */
export interface CheckoutReport {
  left: string[]
}

/**
 * Brings the files that differ between two trees from the one to the other.
 *
 * It may be run again after a crash at any point, and then completes the rest: a path is touched only where its content
 * is that of `before`, where nothing is, or where our own unfinished file is; what is as in `after` stays, anything else is
 * somebody's work and is left alone and named. Removals come first, so that a folder can give way to a file.
 *
 * Throws IntegrityError `path-reserved` for a name that means the repository's own folder.
 */
export async function checkoutTrees(
  files: WorkingFiles,
  trees: { before: CID | undefined; after: CID | undefined },
  options: CheckoutOptions = {},
): Promise<CheckoutReport> {
  const folders = createRealFolders(files.top)
  const left: string[] = []
  const { before, after } = trees
  if (before !== undefined) {
    for await (const change of diffTrees(files.source, before, after, options)) {
      if (change.after === undefined) await removePath(files, folders, change, left, options)
    }
  }
  const done = { files: 0, bytes: 0 }
  for await (const change of diffTrees(files.source, before, after, options)) {
    if (change.after === undefined) continue
    done.bytes += await placePath(files, folders, { ...change, after: change.after }, left, options)
    done.files++
    options.onProgress?.(done)
  }
  return { left }
}

async function removePath(
  files: WorkingFiles,
  folders: RealFolders,
  { path, before }: TreeChange,
  left: string[],
  options: AbortOptions,
): Promise<void> {
  if (before === undefined || !folders.has(parentOf(path))) return
  const absolute = join(files.top, path)
  const found = statAt(absolute)
  const node = await readNode(files.source, before)
  if (found !== undefined && node.kind === 'directory') {
    folders.removeEmpty(path, () => false)
    return
  }
  if (found !== undefined) {
    if (!isUnfinished(found) && !(await isAt(files, path, found, before, node, options))) {
      left.push(path)
      return
    }
    unlink(absolute)
  }
  folders.removeEmpty(parentOf(path), () => false)
}

/** Places one entry; the bytes that were written. */
async function placePath(
  files: WorkingFiles,
  folders: RealFolders,
  change: TreeChange & { after: Entry },
  left: string[],
  options: CheckoutOptions,
): Promise<number> {
  const { path, after } = change
  refuseReserved(path)
  const node = await readNode(files.source, after)
  if (node.kind === 'directory') {
    folders.make(path)
    options.onPlaced?.(path, after, node, undefined)
    return 0
  }
  folders.make(parentOf(path))
  const stamp = await placeFile(files, change, node, options)
  if (stamp === undefined) left.push(path)
  else options.onPlaced?.(path, after, node, stamp)
  return node.size
}

async function placeFile(
  files: WorkingFiles,
  { path, before, after }: TreeChange & { after: Entry },
  node: TreeNode,
  options: AbortOptions,
): Promise<StatStamp | undefined> {
  const target = { path: join(files.top, path), entry: after, node }
  const found = statAt(target.path)
  if (found === undefined) return writeNew(files.source, target, files.modes, options)
  if (found.isDirectory()) return undefined
  if (isUnfinished(found)) return writeOver(files.source, target, files.modes, { ...options, tmp: files.tmp })
  if (before !== undefined) {
    const nodeBefore = await readNode(files.source, before)
    if (await isAt(files, path, found, before, nodeBefore, options)) {
      if (differsInModeOnly(nodeBefore, node)) return changeMode(target.path, node, files)
      return writeOver(files.source, target, files.modes, { ...options, tmp: files.tmp })
    }
  }
  return (await isAt(files, path, found, after, node, options)) ? stampOf(found) : undefined
}

async function isAt(
  files: WorkingFiles,
  path: string,
  found: BigIntStats,
  entry: Entry,
  node: TreeNode,
  options: AbortOptions,
): Promise<boolean> {
  if (files.isUnchanged?.(path, entry.cid, found) === true) return true
  return hasContent(files.source, join(files.top, path), found, { entry, node }, { ...options, keeps: files.keeps })
}

function isUnfinished(found: BigIntStats): boolean {
  return found.isFile() && Number(found.mode & 0o7777n) === UNFINISHED_MODE
}

function differsInModeOnly(before: TreeNode, after: TreeNode): boolean {
  return before.kind !== 'symlink' && after.kind !== 'symlink' && before.contentCid.equals(after.contentCid)
}

function changeMode(path: string, node: TreeNode, files: WorkingFiles): StatStamp | undefined {
  try {
    chmodSync(path, node.kind === 'executable' ? files.modes.executable : files.modes.file)
  } catch (error) {
    throw explainFsError(error, path)
  }
  const found = statAt(path)
  return found === undefined || isExecutable(found) !== (node.kind === 'executable') ? undefined : stampOf(found)
}

function unlink(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    throw explainFsError(error, path)
  }
}

function refuseReserved(path: string): void {
  if (!path.split('/').some(isReservedName)) return
  throw new IntegrityError('path-reserved', `the tree has a path that means the repository's own folder: ${path}`, {
    hint: 'do not use this tree: who made it means harm, or made a mistake',
    details: { path },
  })
}
