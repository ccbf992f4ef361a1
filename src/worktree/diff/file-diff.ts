import { createReadStream, lstatSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { RAW } from '../../model/cid.ts'
import type { Entry } from '../../model/directory/directory.ts'
import { readNode, type TreeNode } from '../../model/unixfs/node.ts'
import { buildSymlink } from '../../model/unixfs/symlink.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import { contentBytes } from '../checkout/entry-content.ts'
import { isExecutable } from '../checkout/found-content.ts'
import { hashFile } from '../status/hash-file.ts'
import type { ChangeSide } from '../status/staged-changes.ts'

/** What a path stands for on one side of a diff, and its bytes: a file's, or a symlink's target. */
export interface DiffSide extends ChangeSide {
  read(options?: AbortOptions): AsyncIterable<Uint8Array>
}

/** How one path differs between two sides; undefined where the path is not there. */
export interface FileDiff {
  path: string
  /** Where the file was, if the path is a renamed one, and how alike both are, up to 1. */
  from?: string
  similarity?: number
  /** The other path of two files that were named to be compared, of which none is a renamed one. */
  beforePath?: string
  before: DiffSide | undefined
  after: DiffSide | undefined
  /** The path is in conflict: the index has no one side of it that could be compared, and both sides above are undefined. */
  unmerged?: UnmergedSides
}

/** What ours and theirs of a path in conflict have, and what the working tree shows; nothing where that was not asked for. */
export interface UnmergedSides {
  before: readonly (DiffSide | undefined)[]
  after: DiffSide | undefined
}

/** What happened to a path, as git's letters: added, deleted, modified, type changed, renamed, in conflict (unmerged). */
export type DiffStatus = 'A' | 'D' | 'M' | 'T' | 'R' | 'U'

/** The letter of a diff. */
export function diffStatus({ from, before, after, unmerged }: FileDiff): DiffStatus {
  if (unmerged !== undefined) return 'U'
  if (from !== undefined) return 'R'
  if (before === undefined) return 'A'
  if (after === undefined) return 'D'
  return typeOf(before) === typeOf(after) ? 'M' : 'T'
}

/** A side that is in the store. */
export function storedSide(source: BlockSource, side: ChangeSide): DiffSide {
  const read = async function* (options: AbortOptions = {}): AsyncGenerator<Uint8Array> {
    if (side.kind === 'directory') return
    // Of a single leaf the size is known: else it is read once more, to learn it.
    const tsize = side.cid.code === RAW ? side.size : undefined
    const node = await readNode(source, { cid: side.cid, tsize }, options)
    yield* contentBytes(source, { entry: side, node }, options)
  }
  return { ...side, read }
}

/** The side of an entry of a tree. */
export function entrySide(source: BlockSource, entry: Pick<Entry, 'cid'>, node: TreeNode): DiffSide {
  const { kind, size, contentCid } = node
  return storedSide(source, { kind, size, contentCid, cid: entry.cid })
}

/**
 * The side of a file of the working tree, hashed now; undefined where no file or symlink is.
 *
 * Where the file system keeps no executable bits, `executable` says what the index has.
 */
export async function workingSide(
  worktree: string,
  path: string,
  options: AbortOptions & { executable: boolean | undefined },
): Promise<DiffSide | undefined> {
  const absolute = join(worktree, path)
  try {
    const stat = lstatSync(absolute, { bigint: true, throwIfNoEntry: false })
    if (stat?.isSymbolicLink()) return linkSide(readlinkSync(absolute))
    if (stat?.isFile() !== true) return undefined
    const executable = options.executable ?? isExecutable(stat)
    const hashed = await hashFile(absolute, { ...options, executable })
    if (hashed === undefined) return undefined
    const { cid, contentCid, size } = hashed
    const read = ({ signal }: AbortOptions = {}) => createReadStream(absolute, { ...(signal && { signal }) })
    return { kind: executable ? 'executable' : 'file', cid, contentCid, size, read }
  } catch (error) {
    throw explainFsError(error, absolute)
  }
}

function linkSide(target: string): DiffSide {
  const { cid } = buildSymlink(target)
  const bytes = Buffer.from(target)
  const read = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  return { kind: 'symlink', cid, contentCid: cid, size: bytes.length, read }
}

/** How alike both sides of a rename are in per cent, as git gives it: 100 only for the same content. */
export function similarityIndex({ similarity = 1 }: Pick<FileDiff, 'similarity'>): number {
  // Git counts in parts of 60,000, and never rounds up.
  return Math.floor((Math.floor(similarity * GIT_PARTS) * 100) / GIT_PARTS)
}

const GIT_PARTS = 60_000

function typeOf({ kind }: ChangeSide): string {
  return kind === 'executable' ? 'file' : kind
}
