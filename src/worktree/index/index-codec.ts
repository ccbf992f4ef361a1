import { createHash } from 'node:crypto'

import { CID } from 'multiformats/cid'

import { IntegrityError } from '../../model/errors.ts'
import {
  type ConflictNote,
  type ConflictNoteDocument,
  decodeNotes,
  encodeNotes,
  noteDocument,
  noteOf,
} from './conflict-notes.ts'
import type { IndexDirectories } from './index-directories.ts'
import { RACY } from './index-entry.ts'
import type { IndexExtras } from './index-extras.ts'
import { StagingIndex } from './staging-index.ts'
import type { IndexColumns, IndexFileStamp } from './staging-index.ts'

/*
 * The index file. All numbers are little-endian.
 *
 *   header       128 bytes: "jzfsidx\n", version u32, entries u32, directories u32, entry extras u32, directory extras
 *                u32, length of the tree's CID u32 (0: none), then as f64 the bytes of the paths, of the entry extras
 *                and of the directory extras; at 56 the tree's CID; at 120 as f64 the bytes of the conflict notes
 *   f64 columns  size, tsize; then mtime ns, ctime ns, inode as i64; tsize of directories
 *   u32 columns  path start (entries + 1); entry extras: entry, start (+ 1); directories: first entry, entries below,
 *                length of path; directory extras: directory, start (+ 1)
 *   u16 column   bits of entries
 *   bytes        bits of directories, digests of entries, digests of directories, paths, entry extras, directory extras,
 *                conflict notes (JSON)
 *   checksum     sha2-256 of all before it
 *
 * The version is 2 where there are conflict notes, else 1. It is 3 for a patch (see index-patch.ts), which holds the entries
 * that change, and for the conflict notes a JSON document of them and what else there is to it. Columns, widest first, are aligned without padding, so that typed arrays look straight into the file's bytes.
 */

const MAGIC = 'jzfsidx\n'
const VERSION = 1
const VERSION_WITH_NOTES = 2
const VERSION_OF_PATCH = 3
const HEADER_BYTES = 128
export const CHECKSUM_BYTES = 32
const TREE_OFFSET = 56
const NOTES_OFFSET = 120
const MAX_TREE_BYTES = NOTES_OFFSET - TREE_OFFSET

interface Counts {
  version: number
  entries: number
  directories: number
  entryExtras: number
  directoryExtras: number
  pathBytes: number
  entryExtraBytes: number
  directoryExtraBytes: number
  noteBytes: number
}

/** What a patch says beside entries. */
export interface PatchTerms {
  /** The checksum of the index file that it changes, in hex. */
  of: string
  /** Paths that have no entries any more. */
  removed: string[]
}

/** The bytes of an index file, or of a patch, in pieces to be written one after the other. */
export function encodeIndex(index: StagingIndex, tree: CID | undefined = index.tree, terms?: PatchTerms): Uint8Array[] {
  const { columns, directories } = index
  const notes = terms === undefined ? encodeNotes(index.notes) : encodeTerms(terms, index.notes)
  const version = terms !== undefined ? VERSION_OF_PATCH : notes.length === 0 ? VERSION : VERSION_WITH_NOTES
  const arrays: ArrayBufferView[] = [
    encodeHeader(index, tree, { version, noteBytes: notes.length }),
    columns.size,
    columns.tsize,
    columns.mtimeNs,
    columns.ctimeNs,
    columns.inode,
    directories.tsize,
    columns.pathStart,
    columns.extras.entry,
    columns.extras.start,
    directories.first,
    directories.entries,
    directories.pathLength,
    directories.extras.entry,
    directories.extras.start,
    columns.bits,
    directories.bits,
    columns.digests,
    directories.digests,
    columns.paths,
    columns.extras.bytes,
    directories.extras.bytes,
    notes,
  ]
  const pieces = arrays.map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  const checksum = createHash('sha256')
  for (const piece of pieces) checksum.update(piece)
  return [...pieces, checksum.digest()]
}

function encodeTerms(terms: PatchTerms, notes: readonly ConflictNote[]): Buffer {
  return Buffer.from(JSON.stringify({ ...terms, notes: notes.map(noteDocument) }))
}

function encodeHeader(
  { columns, directories }: StagingIndex,
  tree: CID | undefined,
  { version, noteBytes }: { version: number; noteBytes: number },
): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES)
  // A tree with an outlandishly long CID is only not remembered.
  const treeBytes = tree === undefined || tree.bytes.length > MAX_TREE_BYTES ? new Uint8Array(0) : tree.bytes
  header.write(MAGIC, 0, 'latin1')
  header.writeUInt32LE(version, 8)
  header.writeUInt32LE(columns.bits.length, 12)
  header.writeUInt32LE(directories.bits.length, 16)
  header.writeUInt32LE(columns.extras.entry.length, 20)
  header.writeUInt32LE(directories.extras.entry.length, 24)
  header.writeUInt32LE(treeBytes.length, 28)
  header.writeDoubleLE(columns.paths.length, 32)
  header.writeDoubleLE(columns.extras.bytes.length, 40)
  header.writeDoubleLE(directories.extras.bytes.length, 48)
  header.set(treeBytes, TREE_OFFSET)
  header.writeDoubleLE(noteBytes, NOTES_OFFSET)
  return header
}

/**
 * Reads the bytes of an index file. `bytes` must start at the start of its ArrayBuffer; the index keeps and owns it. Entries that
 * are not older than `file` are marked as racy.
 *
 * Throws IntegrityError `index-corrupt` (details: `reason`) where the bytes are not a whole index of a version we know.
 */
export function decodeIndex(bytes: Buffer, file?: IndexFileStamp): StagingIndex {
  const { index, terms } = decodeIndexOrPatch(bytes, file)
  if (terms !== undefined) throw corrupt('it is a part of one')
  return index
}

/** The same of the bytes of an index or of a patch, which has terms: then the entries are those that change. */
export function decodeIndexOrPatch(
  bytes: Buffer,
  file?: IndexFileStamp,
): { index: StagingIndex; terms: PatchTerms | undefined } {
  const counts = decodeCounts(bytes)
  verifyChecksum(bytes)
  const take = createReader(bytes)
  const { entries, directories: dirs } = counts
  const size = take.float64(entries)
  const tsize = take.float64(entries)
  const mtimes = take.int64(entries)
  const ctimes = take.int64(entries)
  const inode = take.int64(entries)
  const dirTsize = take.float64(dirs)
  const pathStart = take.uint32(entries + 1)
  const entryExtras = { entry: take.uint32(counts.entryExtras), start: take.uint32(counts.entryExtras + 1) }
  const first = take.uint32(dirs)
  const below = take.uint32(dirs)
  const pathLength = take.uint32(dirs)
  const dirExtras = { entry: take.uint32(counts.directoryExtras), start: take.uint32(counts.directoryExtras + 1) }
  const bits = take.uint16(entries)
  const dirBits = take.bytes(dirs)
  const digests = take.bytes(entries * 32)
  const dirDigests = take.bytes(dirs * 32)
  const paths = take.bytes(counts.pathBytes)
  const extras: IndexExtras = { ...entryExtras, bytes: take.bytes(counts.entryExtraBytes) }
  const columns: IndexColumns = {
    size,
    tsize,
    mtimeNs: mtimes,
    ctimeNs: ctimes,
    inode,
    pathStart,
    bits,
    digests,
    paths,
    extras,
  }
  const directories: IndexDirectories = {
    first,
    entries: below,
    pathLength,
    tsize: dirTsize,
    bits: dirBits,
    digests: dirDigests,
    extras: { ...dirExtras, bytes: take.bytes(counts.directoryExtraBytes) },
  }
  if (file !== undefined) markRacy(columns, file.mtimeNs)
  const { notes, terms } = readNotes(take.bytes(counts.noteBytes), counts.version)
  return { index: new StagingIndex(columns, directories, decodeTree(bytes), file, notes), terms }
}

/**
 * Marks the entries that are not older than the file that the index stands in. The mark outlives this file: in the next
 * one, which is younger, times alone would no longer tell.
 */
export function markRacy({ bits, mtimeNs, ctimeNs }: IndexColumns, writtenNs: bigint): void {
  // The upper halves of the times, as numbers: they settle nearly all, and bigints are slow.
  const mtimes = new Int32Array(mtimeNs.buffer, mtimeNs.byteOffset, 2 * bits.length)
  const ctimes = new Int32Array(ctimeNs.buffer, ctimeNs.byteOffset, 2 * bits.length)
  const written = Number(writtenNs >> 32n)
  for (let position = 0; position < bits.length; position++) {
    const upper = 2 * position + 1
    if ((mtimes[upper] as number) < written && (ctimes[upper] as number) < written) continue
    if ((mtimeNs[position] as bigint) < writtenNs && (ctimeNs[position] as bigint) < writtenNs) continue
    bits[position] = (bits[position] as number) | RACY
  }
}

function decodeCounts(bytes: Buffer): Counts {
  if (bytes.length < HEADER_BYTES + CHECKSUM_BYTES) throw corrupt('it is cut short')
  if (bytes.toString('latin1', 0, 8) !== MAGIC) throw corrupt('it does not begin as an index does')
  const version = bytes.readUInt32LE(8)
  if (![VERSION, VERSION_WITH_NOTES, VERSION_OF_PATCH].includes(version)) {
    throw corrupt(`its version is ${version}, and this program knows versions up to ${VERSION_OF_PATCH}`)
  }
  const counts: Counts = {
    version,
    entries: bytes.readUInt32LE(12),
    directories: bytes.readUInt32LE(16),
    entryExtras: bytes.readUInt32LE(20),
    directoryExtras: bytes.readUInt32LE(24),
    pathBytes: bytes.readDoubleLE(32),
    entryExtraBytes: bytes.readDoubleLE(40),
    directoryExtraBytes: bytes.readDoubleLE(48),
    noteBytes: version === VERSION ? 0 : bytes.readDoubleLE(NOTES_OFFSET),
  }
  if (fileBytes(counts) !== bytes.length) throw corrupt('its length is not what its header says')
  return counts
}

function fileBytes(counts: Counts): number {
  const { entries, directories, entryExtras, directoryExtras } = counts
  const perEntry = 5 * 8 + 4 + 2 + 32
  const perDirectory = 8 + 3 * 4 + 1 + 32
  const starts = 3 * 4
  const variable = counts.pathBytes + counts.entryExtraBytes + counts.directoryExtraBytes + counts.noteBytes
  const extras = 8 * (entryExtras + directoryExtras)
  return HEADER_BYTES + entries * perEntry + directories * perDirectory + starts + extras + variable + CHECKSUM_BYTES
}

function verifyChecksum(bytes: Buffer): void {
  const end = bytes.length - CHECKSUM_BYTES
  const checksum = createHash('sha256').update(bytes.subarray(0, end)).digest()
  if (!checksum.equals(bytes.subarray(end))) throw corrupt('its checksum does not match')
}

function decodeTree(bytes: Buffer): CID | undefined {
  const length = bytes.readUInt32LE(28)
  if (length === 0) return undefined
  return CID.decode(Uint8Array.from(bytes.subarray(TREE_OFFSET, TREE_OFFSET + length)))
}

function readNotes(bytes: Buffer, version: number): { notes: readonly ConflictNote[]; terms: PatchTerms | undefined } {
  try {
    if (version !== VERSION_OF_PATCH) return { notes: decodeNotes(bytes), terms: undefined }
    const { of, removed, notes } = JSON.parse(bytes.toString('utf8')) as PatchTerms & { notes: ConflictNoteDocument[] }
    return { notes: notes.map(noteOf), terms: { of, removed } }
  } catch {
    throw corrupt('what it says of conflicts cannot be read')
  }
}

/** The checksum that ends the bytes of an index file, in hex. */
export function checksumOf(bytes: Buffer): string {
  return bytes.toString('hex', bytes.length - CHECKSUM_BYTES)
}

/** Hands out typed arrays over the bytes after the header, one after the other. */
function createReader(file: Buffer) {
  let offset = HEADER_BYTES
  const advance = (bytes: number): number => {
    const start = offset
    offset += bytes
    return start
  }
  const { buffer } = file
  return {
    float64: (count: number) => new Float64Array(buffer, advance(count * 8), count),
    int64: (count: number) => new BigInt64Array(buffer, advance(count * 8), count),
    uint32: (count: number) => new Uint32Array(buffer, advance(count * 4), count),
    uint16: (count: number) => new Uint16Array(buffer, advance(count * 2), count),
    bytes: (count: number) => Buffer.from(buffer, advance(count), count),
  }
}

function corrupt(reason: string): IntegrityError {
  const loss = 'what was staged since the last commit is not staged any more'
  return new IntegrityError('index-corrupt', `the index is damaged (${reason}), and made anew from HEAD: ${loss}`, {
    hint: 'add again what was staged since the last commit',
    details: { reason },
  })
}
