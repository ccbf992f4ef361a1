import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  renameSync,
  symlinkSync,
  unlink as unlinkCallback,
  unlinkSync,
  writeSync,
  type BigIntStats,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { CHUNK_SIZE } from '../../model/limits.ts'
import { fileLeaves, leafContent } from '../../model/unixfs/file-content.ts'
import type { TreeNode } from '../../model/unixfs/node.ts'
import type { BlockCopier } from '../../store/copy/block-copier.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import type { StatStamp } from '../index/index-entry.ts'
import { type EntryContent, wholeContent } from './entry-content.ts'

/**
 * The mode of a file that is not written to its end: nobody may read it. After a crash it tells our unfinished file from
 * a file that somebody made.
 */
export const UNFINISHED_MODE = 0o200

/** What is to be written where. */
export interface EntryToWrite extends EntryContent {
  /** Absolute path. */
  path: string
}

/** How new files are made: the modes by the process' umask, and whether the file system knows symlinks. */
export interface FileModes {
  file: number
  executable: number
  /** Where there are none, a symlink is written as a file that holds its target, as git does. */
  symlinks: boolean
}

/** The modes that files get under a umask. */
export function fileModes(umask: number, symlinks: boolean): FileModes {
  return { file: 0o666 & ~umask, executable: 0o777 & ~umask, symlinks }
}

/** How files are written. */
export interface WriteOptions extends AbortOptions {
  /** Who copies the blocks of big files from packs. */
  copier?: BlockCopier | undefined
}

/** A file of fewer bytes is written by one thread before others know of it. */
export const BIG_FILE = 16 * CHUNK_SIZE

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/**
 * Writes a file or symlink where nothing is, and returns its stat data. Fails with EEXIST's error where something is.
 * `onReady` is called when all is at hand to begin: a small file's content, too.
 */
export async function writeNew(
  source: BlockSource,
  target: EntryToWrite,
  modes: FileModes,
  options: WriteOptions & { onReady?: () => void } = {},
): Promise<StatStamp> {
  const whole = await wholeContent(source, target, options)
  options.onReady?.()
  if (whole !== undefined) return writeWhole(target, whole, modes)
  const { path, node } = target
  const descriptor = openNew(path)
  try {
    await writeLeaves(source, target, descriptor, options)
    return finishFile(descriptor, node, modes)
  } catch (error) {
    unlinkSync(path)
    throw explainFsError(error, path)
  } finally {
    closeSync(descriptor)
  }
}

function writeWhole({ path, node }: EntryToWrite, bytes: Uint8Array, modes: FileModes): StatStamp {
  if (node.kind === 'symlink' && modes.symlinks) return writeSymlink(path, node.target ?? '')
  const descriptor = openNew(path)
  try {
    writeAll(descriptor, bytes, path)
    return finishFile(descriptor, node, modes)
  } catch (error) {
    unlinkSync(path)
    throw explainFsError(error, path)
  } finally {
    closeSync(descriptor)
  }
}

async function writeLeaves(
  source: BlockSource,
  { path, entry, node }: EntryToWrite,
  descriptor: number,
  { signal, copier }: WriteOptions,
): Promise<void> {
  const leaves = fileLeaves(source, entry.cid, { signal })
  const isBig = node.size >= BIG_FILE
  const here = isBig && copier !== undefined ? copier.copy({ descriptor, size: node.size }, leaves, { signal }) : leaves
  for await (const leaf of here) {
    writeAll(descriptor, leafContent(leaf, await source.get(leaf.cid, { signal })), path, leaf.start)
  }
}

/** The mode of a whole file, and its stat data. */
function finishFile(descriptor: number, node: TreeNode, modes: FileModes): StatStamp {
  fchmodSync(descriptor, node.kind === 'executable' ? modes.executable : modes.file)
  return stampOf(fstatSync(descriptor, { bigint: true }))
}

/**
 * Writes a file or symlink in the place of the one that is there, once its content is known to be had: a small one is taken
 * away first, a larger one is written beside it and then moved. Not moved over it: ext4 writes a file out when a rename
 * replaces another one by it, and a thousand of those take seconds on a busy disk.
 */
export async function writeOver(
  source: BlockSource,
  target: EntryToWrite,
  modes: FileModes,
  options: WriteOptions & { tmp: string },
): Promise<StatStamp> {
  const whole = await wholeContent(source, target, options)
  if (whole !== undefined) {
    await unlinkAside(target.path)
    return writeWhole(target, whole, modes)
  }
  const temporary = join(options.tmp, `checkout-${process.pid}-${temporaries++}`)
  await writeNew(source, { ...target, path: temporary }, modes, options)
  try {
    unlinkSync(target.path)
    renameSync(temporary, target.path)
  } catch (error) {
    unlinkSync(temporary)
    throw explainFsError(error, target.path)
  }
  // A rename changes the ctime, so the stat data is taken after it.
  return stampOf(lstatSync(target.path, { bigint: true }))
}

let temporaries = 0

/** What the index keeps of stat data. */
export function stampOf({ mtimeNs, ctimeNs, ino }: BigIntStats): StatStamp {
  return { mtimeNs, ctimeNs, inode: ino }
}

function writeSymlink(path: string, target: string): StatStamp {
  try {
    symlinkSync(target, path)
    return stampOf(lstatSync(path, { bigint: true }))
  } catch (error) {
    throw explainFsError(error, path)
  }
}

/** Removes a file or symlink. */
export function unlink(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    throw explainFsError(error, path)
  }
}

/** As `unlink`, while something else is done: to give the blocks of a file free takes longer than to write a small one. */
async function unlinkAside(path: string): Promise<void> {
  try {
    await promisify(unlinkCallback)(path)
  } catch (error) {
    throw explainFsError(error, path)
  }
}

function openNew(path: string): number {
  try {
    return openSync(path, NEW_FILE, UNFINISHED_MODE)
  } catch (error) {
    throw explainFsError(error, path)
  }
}

function writeAll(descriptor: number, bytes: Uint8Array, path: string, position = 0): void {
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(descriptor, bytes, written, bytes.length - written, position + written)
    } catch (error) {
      throw explainFsError(error, path)
    }
  }
}
