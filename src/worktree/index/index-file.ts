import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, openSync, readSync, rmSync, statSync, writevSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import {
  CHECKSUM_BYTES,
  checksumOf,
  decodeIndex,
  decodeIndexOrPatch,
  encodeIndex,
  markRacy,
  type PatchTerms,
} from './index-codec.ts'
import { emptyIndex } from './index-update.ts'
import { type IndexFileStamp, StagingIndex } from './staging-index.ts'

/**
 * Reads an index file; where there is none, the index is empty.
 *
 * Throws IntegrityError `index-corrupt` for a damaged one: `rebuildIndex` makes another from the last commit.
 */
export function readIndexFile(path: string): StagingIndex {
  return readBytes(path, (bytes, file) => decodeIndex(bytes, file)) ?? emptyIndex()
}

/** What an index file holds: an index with its checksum, or a patch; undefined where there is none. Throws the same. */
export function readIndexOrPatch(path: string): IndexContent | IndexPatch | undefined {
  return readBytes(path, (bytes, file) => {
    const { index, terms } = decodeIndexOrPatch(bytes, file)
    return terms === undefined ? { index, checksum: checksumOf(bytes) } : { entries: index, ...terms }
  })
}

/** An index that is whole. */
export interface IndexContent {
  index: StagingIndex
  checksum: string
}

/** What makes another index of one; see index-patch.ts. */
export interface IndexPatch extends PatchTerms {
  /** The entries that change, or come. */
  entries: StagingIndex
}

function readBytes<Result>(path: string, decode: (bytes: Buffer, file: IndexFileStamp) => Result): Result | undefined {
  const file = openIfThere(path)
  if (file === undefined) return undefined
  try {
    const stat = fstatSync(file, { bigint: true })
    // Its own ArrayBuffer, so that the columns are aligned.
    const bytes = Buffer.allocUnsafeSlow(Number(stat.size))
    let length = 0
    while (length < bytes.length) {
      const read = readSync(file, bytes, length, bytes.length - length, length)
      if (read === 0) break
      length += read
    }
    const whole = length === bytes.length ? bytes : bytes.subarray(0, length)
    return decode(whole, { mtimeNs: stat.mtimeNs, inode: stat.ino })
  } catch (error) {
    throw explainFsError(error, path)
  } finally {
    closeSync(file)
  }
}

/** The checksum of an index file, which is read no further; undefined where there is none. */
export function readChecksum(path: string): string | undefined {
  const file = openIfThere(path)
  if (file === undefined) return undefined
  try {
    const end = Buffer.alloc(CHECKSUM_BYTES)
    readSync(file, end, 0, CHECKSUM_BYTES, Math.max(0, fstatSync(file).size - CHECKSUM_BYTES))
    return checksumOf(end)
  } catch (error) {
    throw explainFsError(error, path)
  } finally {
    closeSync(file)
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return undefined
    throw explainFsError(error, path)
  }
}

/** Which file an index file is now; undefined where there is none. */
export function indexFileStamp(path: string): IndexFileStamp | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat && { mtimeNs: stat.mtimeNs, inode: stat.ino }
}

/** An index as it is read from the file at `path`, to which it was written just now. It shares its columns, and marks racy ones. */
export function asWritten(index: StagingIndex, path: string): StagingIndex {
  const { columns, directories, tree, notes } = index
  const file = indexFileStamp(path)
  if (file !== undefined) markRacy(columns, file.mtimeNs)
  return new StagingIndex(columns, directories, tree, file, notes)
}

/** Whether the index file at `path` is still the one that `index` was read from. */
export function isIndexFileOf(path: string, { file }: StagingIndex): boolean {
  const now = indexFileStamp(path)
  return now?.mtimeNs === file?.mtimeNs && now?.inode === file?.inode
}

/**
 * Writes an index durably into the folder for temporary files and returns the name of the new file there: an operation
 * renames it over the index as its last step (`OperationPlan.index.next`). Throws what `explainFsError` makes of a failed
 * write (`disk-full` …); then there is no such file.
 */
export function writeIndexFile(temporaryDirectory: string, index: StagingIndex, tree?: CID): string {
  return writePieces(temporaryDirectory, encodeIndex(index, tree ?? index.tree))
}

/** The same for a patch. */
export function writeIndexPatch(temporaryDirectory: string, { entries, of, removed }: IndexPatch): string {
  return writePieces(temporaryDirectory, encodeIndex(entries, entries.tree, { of, removed }))
}

function writePieces(temporaryDirectory: string, pieces: Uint8Array[]): string {
  const name = `index-${randomUUID()}`
  const path = join(temporaryDirectory, name)
  try {
    writeDurably(path, pieces)
  } catch (error) {
    rmSync(path, { force: true })
    throw explainFsError(error, path)
  }
  return name
}

function writeDurably(path: string, pieces: Uint8Array[]): void {
  const file = openSync(path, 'wx')
  try {
    writeAll(file, pieces)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function writeAll(file: number, pieces: Uint8Array[]): void {
  let rest = pieces.filter((piece) => piece.length > 0)
  while (rest.length > 0) {
    let written = writevSync(file, rest)
    let whole = 0
    while (whole < rest.length && written >= (rest[whole] as Uint8Array).length) {
      written -= (rest[whole] as Uint8Array).length
      whole++
    }
    rest = rest.slice(whole)
    if (written > 0) rest[0] = (rest[0] as Uint8Array).subarray(written)
  }
}
