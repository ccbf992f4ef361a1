import { chmodSync, type BigIntStats } from 'node:fs'

import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { RAW } from '../../model/cid.ts'
import { isReservedName } from '../../model/directory/entry-name.ts'
import { IntegrityError, JzfsError } from '../../model/errors.ts'
import { diffTrees, type NodeEntry, type TreeChange } from '../../model/tree/tree-diff.ts'
import type { TreeNode } from '../../model/unixfs/node.ts'
import type { BlockCopier } from '../../store/copy/block-copier.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import type { ArrivingFiles } from '../arriving/arriving-files.ts'
import { placeArrived } from '../arriving/place-arrived.ts'
import type { StatStamp } from '../index/index-entry.ts'
import { hasContent, isExecutable, statAt, type KeptBits } from './found-content.ts'
import { createInOrder } from './in-order.ts'
import { createRealFolders, parentOf, type RealFolders } from './real-folders.ts'
import { stampOf, UNFINISHED_MODE, unlink, writeNew, writeOver, type FileModes } from './write-entry.ts'

/** The files that a checkout changes, and what it needs to know of them. */
export interface WorkingFiles {
  /** Absolute path of the working tree. */
  top: string
  /** A folder on the same file system, for replacements until they are whole. */
  tmp: string
  source: BlockSource
  /** Who copies the blocks of big files from packs; without one they are all written in this thread. */
  copier?: BlockCopier | undefined
  /** Files that were written as their blocks came. */
  arriving?: Pick<ArrivingFiles, 'take'> | undefined
  modes: FileModes
  keeps: KeptBits
  /** Whether the stat data of a path proves that its content is still `cid`'s, so that its bytes need no reading. */
  isUnchanged?(path: string, cid: CID, found: BigIntStats): boolean
  /** Whether what is there goes whatever is in it: the user said so. */
  mayOverwrite?(path: string, found: BigIntStats): boolean
}

export interface CheckoutOptions extends AbortOptions {
  /** What differs between the trees, where that is known: they are not read then. */
  changes?: AsyncIterable<TreeChange> | undefined
  /** A path is as it shall be. The stamp is undefined where the path stays out of the index' care (empty folders). */
  onPlaced?(path: string, entry: NodeEntry, stamp: StatStamp | undefined): void
  onProgress?(event: { files: number; bytes: number }): void
  /** Folders that are not removed and made anew where they become empty: somebody may stand in them. */
  staying?: ReadonlySet<string>
}

interface Removal {
  path: string
  before: NodeEntry
}

interface Placement {
  path: string
  before: NodeEntry | undefined
  after: NodeEntry
}

/** What a checkout did not do. */
export interface CheckoutReport {
  /** Paths whose content was neither that before nor that after: somebody's work. */
  left: string[]
  /** Paths that cannot be written: a block is missing or corrupt, a folder may not be written to. */
  failed: { path: string; error: JzfsError }[]
}

/**
 * Brings the files that differ between two trees from the one to the other.
 *
 * It may be run again after a crash at any point, and then completes the rest: a path is touched only where its content
 * is that of `before`, where nothing is, or where our own unfinished file is; what is as in `after` stays, anything else is
 * somebody's work and is left alone and named. A path that cannot be written does not keep the others from being written;
 * a full disk does.
 *
 * Throws IntegrityError `path-reserved` for a name that means the repository's own folder.
 */
export async function checkoutTrees(
  files: WorkingFiles,
  trees: { before: CID | undefined; after: CID | undefined },
  options: CheckoutOptions = {},
): Promise<CheckoutReport> {
  const folders = createRealFolders(files.top, options.staying)
  const report: CheckoutReport = { left: [], failed: [] }
  const done = { files: 0, bytes: 0 }
  const replacing = createInOrder<Outcome>(REPLACED_AT_ONCE, (outcome) => {
    note(outcome, report, options)
    done.files++
    done.bytes += outcome.bytes
    options.onProgress?.(done)
  })
  const changes = options.changes ?? diffTrees(files.source, trees.before, trees.after, { signal: options.signal })
  try {
    for await (const change of withoutRefilled(changes)) {
      if (change.after !== undefined) refuseReserved(change.path)
      const isAlone = !isReplacement(change)
      if (isAlone) await replacing.drain()
      await replacing.begin(() => outcomeOf(files, folders, change, options))
      if (isAlone) await replacing.drain()
    }
    await replacing.drain()
  } finally {
    await replacing.stop()
  }
  return report
}

/** Files that are replaced side by side, each of one leaf: to take the old one away is most of the work, and is the kernel's. */
const REPLACED_AT_ONCE = 8

/** Whether a file gives way to a small one: nothing that comes next depends on it, nor it on what came before. */
function isReplacement({ before, after }: TreeChange): boolean {
  return before !== undefined && before.node.kind !== 'directory' && after?.cid.code === RAW
}

/** What became of one path. */
interface Outcome {
  path: string
  /** What was written, or was there already. */
  bytes: number
  isLeft?: boolean
  placed?: { entry: NodeEntry; stamp: StatStamp | undefined }
  error?: JzfsError
}

/** Throws what is not the business of one path. */
async function outcomeOf(
  files: WorkingFiles,
  folders: RealFolders,
  { path, before, after }: TreeChange,
  options: AbortOptions,
): Promise<Outcome> {
  try {
    if (after !== undefined) return await placePath(files, folders, { path, before, after }, options)
    const isGone = before === undefined || (await removePath(files, folders, { path, before }, options))
    return { path, bytes: 0, isLeft: !isGone }
  } catch (error) {
    if (!(error instanceof JzfsError) || WITHOUT_END.has(error.code)) throw error
    return { path, bytes: 0, error }
  }
}

function note({ path, isLeft, placed, error }: Outcome, report: CheckoutReport, { onPlaced }: CheckoutOptions): void {
  if (error !== undefined) report.failed.push({ path, error })
  else if (isLeft === true) report.left.push(path)
  if (placed !== undefined) onPlaced?.(path, placed.entry, placed.stamp)
}

/** Leaves out that empty folders go into which something comes next: somebody may stand in them. */
async function* withoutRefilled(changes: AsyncIterable<TreeChange>): AsyncGenerator<TreeChange> {
  let folder: TreeChange | undefined
  for await (const change of changes) {
    if (folder !== undefined && !change.path.startsWith(`${folder.path}/`)) yield folder
    const isFolderThatGoes = change.after === undefined && change.before?.node.kind === 'directory'
    folder = isFolderThatGoes ? change : undefined
    if (!isFolderThatGoes) yield change
  }
  if (folder !== undefined) yield folder
}

/** What would befall the next path, too, and passes: then the whole is to be done again. */
const WITHOUT_END = new Set(['disk-full', 'quota-exceeded', 'too-many-open-files', 'disk-failing'])

/** Whether it is gone. */
async function removePath(
  files: WorkingFiles,
  folders: RealFolders,
  removal: Removal,
  options: AbortOptions,
): Promise<boolean> {
  const isGone = await removeLeaf(files, folders, removal, options)
  if (isGone) folders.removeEmpty(parentOf(removal.path))
  return isGone
}

/** Removes a file, symlink or empty folder, unless it is somebody's work; whether it is gone. */
async function removeLeaf(
  files: WorkingFiles,
  folders: RealFolders,
  { path, before }: Removal,
  options: AbortOptions,
): Promise<boolean> {
  if (before.node.kind === 'directory') {
    folders.removeEmpty(path)
    return true
  }
  const absolute = absolutePath(files, path)
  const found = folders.has(parentOf(path)) ? statAt(absolute) : undefined
  // A folder in its place means that the file is gone already.
  if (found === undefined || found.isDirectory()) return true
  const mayGo = isUnfinished(found) || files.mayOverwrite?.(path, found) === true
  if (!mayGo && !(await isAt(files, path, found, before, options))) return false
  unlink(absolute)
  return true
}

async function placePath(
  files: WorkingFiles,
  folders: RealFolders,
  change: Placement,
  options: AbortOptions,
): Promise<Outcome> {
  const { path, after, before } = change
  if (after.node.kind === 'directory') {
    const isFree = before === undefined || (await removeLeaf(files, folders, { path, before }, options))
    if (!isFree) return { path, bytes: 0, isLeft: true }
    folders.make(path)
    return { path, bytes: 0, placed: { entry: after, stamp: undefined } }
  }
  if (before?.node.kind === 'directory') folders.removeEmpty(path)
  const stamp = await placeFile(files, folders, change, options)
  if (stamp === undefined) return { path, bytes: 0, isLeft: true }
  return { path, bytes: after.node.size, placed: { entry: after, stamp } }
}

async function placeFile(
  files: WorkingFiles,
  folders: RealFolders,
  { path, before, after }: Placement,
  options: AbortOptions,
): Promise<StatStamp | undefined> {
  const target = { path: absolutePath(files, path), entry: after, node: after.node }
  const writing = { signal: options.signal, copier: files.copier }
  const folder = parentOf(path)
  const found = folders.has(folder) ? statAt(target.path) : undefined
  if (found === undefined) {
    // Made last, so that it is hardly ever seen with nothing in it.
    const onReady = () => folders.make(folder)
    return (
      (await placeArrived(files.arriving, target, files.modes, { onReady })) ??
      writeNew(files.source, target, files.modes, { ...writing, onReady })
    )
  }
  if (found.isDirectory()) return undefined
  if (isUnfinished(found) || files.mayOverwrite?.(path, found) === true) {
    return writeOver(files.source, target, files.modes, { ...writing, tmp: files.tmp })
  }
  if (before !== undefined && (await isAt(files, path, found, before, options))) {
    if (differsInModeOnly(before.node, after.node)) return changeMode(target.path, after.node, files)
    return writeOver(files.source, target, files.modes, { ...writing, tmp: files.tmp })
  }
  return (await isAt(files, path, found, after, options)) ? stampOf(found) : undefined
}

/** As `join` makes it, which is slow. */
function absolutePath({ top }: WorkingFiles, path: string): string {
  return top.endsWith('/') ? top + path : `${top}/${path}`
}

async function isAt(
  files: WorkingFiles,
  path: string,
  found: BigIntStats,
  entry: NodeEntry,
  options: AbortOptions,
): Promise<boolean> {
  if (files.isUnchanged?.(path, entry.cid, found) === true) return true
  const content = { entry, node: entry.node }
  return hasContent(files.source, absolutePath(files, path), found, content, { ...options, keeps: files.keeps })
}

/** Whether a file is one of ours that a crash left half written. */
export function isUnfinished(found: BigIntStats): boolean {
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

function refuseReserved(path: string): void {
  if (!path.split('/').some(isReservedName)) return
  throw new IntegrityError('path-reserved', `the tree has a path that means the repository's own folder: ${path}`, {
    hint: 'do not use this tree: who made it means harm, or made a mistake',
    details: { path },
  })
}
