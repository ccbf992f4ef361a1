import { lstatSync, readlinkSync } from 'node:fs'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { buildSymlink } from '../../model/unixfs/symlink.ts'
import { fsErrorCode } from '../../store/fs-errors.ts'
import { explainRefusal } from '../../store/ingest/ingest-refusal.ts'
import { hasContent, type KeptBits } from '../checkout/found-content.ts'
import { KIND_EXECUTABLE, KIND_SYMLINK } from '../index/index-entry.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import type { FileStat } from '../scan/scan.ts'
import { hashFile } from './hash-file.ts'
import { readRecordedNode } from './read-recorded-node.ts'

/** How a file differs from its entry: in its bytes, in what it is, in its executable bit alone, or by being gone. */
export type FileDifference = 'modified' | 'type-changed' | 'mode-changed' | 'deleted'

/** What a file was compared with, and where. */
export interface CompareContext {
  /** Absolute path of the working tree. */
  worktree: string
  source: BlockSource
  index: StagingIndex
  keeps: KeptBits
}

/** A file beside its entry. */
export interface ComparedFile {
  difference: FileDifference | undefined
  /** The stat data under which it has the entry's content; undefined where it differs, or changed while it was read. */
  stat: FileStat | undefined
}

const TYPE_MASK = 0o170000
const TYPE_SYMLINK = 0o120000
const OWNER_EXECUTES = 0o100

/**
 * Compares a file with its entry in the index, by its bytes where stat data cannot tell.
 *
 * Throws what `explainRefusal` makes of a file that cannot be read (`file-unreadable` …).
 */
export async function compareFile(
  context: CompareContext,
  position: number,
  stat: FileStat,
  options: AbortOptions = {},
): Promise<ComparedFile> {
  const { index, worktree, keeps } = context
  const path = `${worktree}/${index.path(position)}`
  const kind = index.kindBits(position)
  const isLink = (stat.mode & TYPE_MASK) === TYPE_SYMLINK
  // Where there are no symlinks, a file with the target in it stands for one.
  const isLinkEntry = kind === KIND_SYMLINK
  if (isLink !== isLinkEntry && (isLink || keeps.symlinks)) return { difference: 'type-changed', stat: undefined }
  if (stat.size !== index.columns.size[position]) return { difference: 'modified', stat: undefined }
  try {
    const found = isLinkEntry
      ? await compareBytes(context, position, stat, options)
      : await compareHash(context, position, options)
    if (found === undefined) return { difference: 'modified', stat: undefined }
    const isExecutable = (found.mode & OWNER_EXECUTES) !== 0
    const hasMode = isLinkEntry || !keeps.executableBit || isExecutable === (kind === KIND_EXECUTABLE)
    return hasMode ? { difference: undefined, stat: found } : { difference: 'mode-changed', stat: undefined }
  } catch (error) {
    const errno = fsErrorCode(error)
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return { difference: 'deleted', stat: undefined }
    throw errno === undefined ? error : explainRefusal(errno, path)
  }
}

/** The stat data under which the file has the entry's bytes, or undefined. */
async function compareHash(
  context: CompareContext,
  position: number,
  options: AbortOptions,
): Promise<FileStat | undefined> {
  const { index, worktree } = context
  const hashed = await hashFile(`${worktree}/${index.path(position)}`, { ...options, executable: false })
  if (hashed?.stat === undefined) return undefined
  if (hashed.contentCid.equals(index.contentCid(position))) return hashed.stat
  return compareBytes(context, position, hashed.stat, options)
}

/** The same for a file whose tree somebody else wrote, where another CID does not mean other bytes; and for symlinks. */
async function compareBytes(
  { source, index, worktree, keeps }: CompareContext,
  position: number,
  stat: FileStat,
  options: AbortOptions,
): Promise<FileStat | undefined> {
  const path = `${worktree}/${index.path(position)}`
  const cid = index.cid(position)
  if (index.kindBits(position) === KIND_SYMLINK && (stat.mode & TYPE_MASK) === TYPE_SYMLINK) {
    const target = readlinkSync(path, 'buffer')
    if (isSymlinkTo(target, cid)) return stat
  }
  const node = await readRecordedNode(source, { cid }, options)
  if (node === undefined || (node.canonical && node.kind !== 'symlink')) return undefined
  const found = lstatSync(path, { bigint: true })
  const isSame = await hasContent(source, path, found, { entry: { cid }, node }, { ...options, keeps: NO_BITS(keeps) })
  return isSame ? stat : undefined
}

/** Bytes alone: the executable bit is looked at elsewhere. */
const NO_BITS = ({ symlinks }: KeptBits): KeptBits => ({ executableBit: false, symlinks })

function isSymlinkTo(target: Buffer, cid: ReturnType<StagingIndex['cid']>): boolean {
  const text = target.toString('utf8')
  return target.length > 0 && Buffer.from(text).equals(target) && buildSymlink(text).cid.equals(cid)
}
