import type { CID } from 'multiformats/cid'

import { fromByteString, toByteString } from './byte-string.ts'
import { type Artefact, type ConflictNote, NO_NOTES } from './conflict-notes.ts'
import type { IndexDirectories } from './index-directories.ts'
import {
  ASCII,
  cidAtStart,
  cidOfForm,
  FORM_SHIFT,
  FORM_WHOLE,
  formOfCid,
  HAS_CONTENT,
  KIND_MASK,
  kindOfBits,
  RACY,
  STAGE_MASK,
  STAGE_SHIFT,
} from './index-entry.ts'
import type { EntryKind, IndexEntry, Stage, StatStamp } from './index-entry.ts'
import { extraOf } from './index-extras.ts'
import type { IndexExtras } from './index-extras.ts'

/** The columns of an index, one element per entry, as they stand in the file (see index-codec.ts). */
export interface IndexColumns {
  size: Float64Array
  tsize: Float64Array
  mtimeNs: BigInt64Array
  ctimeNs: BigInt64Array
  inode: BigInt64Array
  /** One element more than entries: where each path starts in `paths`. */
  pathStart: Uint32Array
  bits: Uint16Array
  /** 32 bytes per entry. */
  digests: Buffer
  /** UTF-8, one path after the other. */
  paths: Buffer
  extras: IndexExtras
}

/** Which index file an index was read from: another writer's has another inode or mtime. */
export interface IndexFileStamp {
  /** By the file system's clock. */
  mtimeNs: bigint
  inode: bigint
}

/** Above this many bytes the paths are not held as one string as well (V8's longest is 512 MiB). */
const MAX_TEXT_BYTES = 400 * 2 ** 20

/**
 * The staging index in memory: what the next commit's tree is, sorted by (path's bytes, stage).
 *
 * Entries are addressed by position; columns may be read directly on hot paths. In byte order everything below a
 * directory is contiguous, and comes where a walk arrives that sorts directories by name + `/`.
 */
export class StagingIndex {
  readonly count: number
  readonly columns: IndexColumns
  readonly directories: IndexDirectories
  /** The tree that it was last read from or written as. */
  readonly tree: CID | undefined
  /** The file that it was read from; undefined for an index that is in no file. */
  readonly file: IndexFileStamp | undefined
  /** What is known of conflicts, also of those that are resolved; sorted by the bytes of their paths. */
  readonly notes: readonly ConflictNote[]
  #text: string | undefined

  constructor(
    columns: IndexColumns,
    directories: IndexDirectories,
    tree: CID | undefined,
    file?: IndexFileStamp,
    notes: readonly ConflictNote[] = NO_NOTES,
  ) {
    this.count = columns.bits.length
    this.columns = columns
    this.directories = directories
    this.tree = tree
    this.file = file
    this.notes = notes
  }

  /** The byte string of the path at a position. */
  key(position: number): string {
    const { pathStart, paths } = this.columns
    const start = pathStart[position] as number
    const end = pathStart[position + 1] as number
    if (paths.length > MAX_TEXT_BYTES) return paths.toString('latin1', start, end)
    this.#text ??= paths.toString('latin1')
    return this.#text.slice(start, end)
  }

  /** The path at a position. */
  path(position: number): string {
    const key = this.key(position)
    return ((this.columns.bits[position] as number) & ASCII) === 0 ? fromByteString(key) : key
  }

  kind(position: number): EntryKind {
    return kindOfBits(this.columns.bits[position] as number)
  }

  /** The kind as its number (KIND_FILE …), for hot paths. */
  kindBits(position: number): number {
    return (this.columns.bits[position] as number) & KIND_MASK
  }

  stage(position: number): Stage {
    return (((this.columns.bits[position] as number) & STAGE_MASK) >> STAGE_SHIFT) as Stage
  }

  /** Where a path is or would be: the position of the first entry that is not before it. */
  lowerBound(path: string): number {
    return this.lowerBoundOfKey(toByteString(path))
  }

  lowerBoundOfKey(key: string): number {
    const { pathStart, paths } = this.columns
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(paths, pathStart[middle] as number, pathStart[middle + 1] as number, key)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The position of a path at a stage, or -1. */
  find(path: string, stage: Stage = 0): number {
    const key = toByteString(path)
    for (let position = this.lowerBoundOfKey(key); position < this.count; position++) {
      if (this.key(position) !== key) return -1
      if (this.stage(position) === stage) return position
    }
    return -1
  }

  /** The positions [from, to) of everything below a directory; '' is the top. */
  rangeBelow(directory: string): [from: number, to: number] {
    if (directory === '') return [0, this.count]
    const key = toByteString(directory)
    // '0' is the byte after '/'.
    return [this.lowerBoundOfKey(`${key}/`), this.lowerBoundOfKey(`${key}0`)]
  }

  cid(position: number): CID {
    const form = ((this.columns.bits[position] as number) >> FORM_SHIFT) & 0b11
    if (form === FORM_WHOLE) return cidAtStart(this.extra(position))[0]
    return cidOfForm(form, this.columns.digests.subarray(position * 32, position * 32 + 32))
  }

  contentCid(position: number): CID {
    const bits = this.columns.bits[position] as number
    if ((bits & HAS_CONTENT) === 0) return this.cid(position)
    const extra = this.extra(position)
    if (((bits >> FORM_SHIFT) & 0b11) !== FORM_WHOLE) return cidAtStart(extra)[0]
    return cidAtStart(cidAtStart(extra)[1])[0]
  }

  /** Both CIDs: one object where they are one. */
  cids(position: number): { cid: CID; contentCid: CID } {
    const cid = this.cid(position)
    const isSame = ((this.columns.bits[position] as number) & HAS_CONTENT) === 0
    return { cid, contentCid: isSame ? cid : this.contentCid(position) }
  }

  /** Whether the entry's CID is `cid`, without making an object. */
  hasCid(position: number, cid: CID): boolean {
    const form = ((this.columns.bits[position] as number) >> FORM_SHIFT) & 0b11
    if (form !== formOfCid(cid)) return false
    if (form === FORM_WHOLE) return cid.equals(this.cid(position))
    return this.columns.digests.compare(cid.multihash.digest, 0, 32, position * 32, position * 32 + 32) === 0
  }

  extra(position: number): Buffer {
    return extraOf(this.columns.extras, position)
  }

  entry(position: number): IndexEntry {
    const { size, tsize, mtimeNs, ctimeNs, inode } = this.columns
    return {
      path: this.path(position),
      stage: this.stage(position),
      kind: this.kind(position),
      ...this.cids(position),
      size: size[position] as number,
      tsize: tsize[position] as number,
      mtimeNs: mtimeNs[position] as bigint,
      ctimeNs: ctimeNs[position] as bigint,
      inode: inode[position] as bigint,
      racy: this.isRacy(position),
    }
  }

  /** The entries [from, to) in order. */
  *entries(from = 0, to = this.count): Iterable<IndexEntry> {
    for (let position = from; position < to; position++) yield this.entry(position)
  }

  /** Whether any path is in conflict. */
  isUnmerged(): boolean {
    const { bits } = this.columns
    for (let position = 0; position < bits.length; position++) {
      if (((bits[position] as number) & STAGE_MASK) !== 0) return true
    }
    return false
  }

  /** The artefacts of conflicts that are not resolved: files that are not tracked, and not the user's either. */
  artefacts(): Artefact[] {
    return this.notes.flatMap(({ artefact, resolved }) => (artefact === undefined || resolved ? [] : [artefact]))
  }

  /**
   * Whether the stat data of an entry cannot prove that its file was not changed: its times are not older than the index
   * file's (git's "racily clean"), or it was so in an earlier index and was not hashed again since.
   */
  isRacy(position: number): boolean {
    return ((this.columns.bits[position] as number) & RACY) !== 0
  }

  /** Takes the stat data of a file that was found to have the entry's content. Changes this index in place. */
  refresh(position: number, stamp: StatStamp, racy: boolean): void {
    const { bits, mtimeNs, ctimeNs, inode } = this.columns
    mtimeNs[position] = stamp.mtimeNs
    ctimeNs[position] = stamp.ctimeNs
    inode[position] = stamp.inode
    bits[position] = racy ? (bits[position] as number) | RACY : (bits[position] as number) & ~RACY
  }
}

/** Whether the bytes [start, end) come before a byte string. In a loop: a call of `Buffer.compare` costs several of these. */
function isBefore(bytes: Uint8Array, start: number, end: number, key: string): boolean {
  const length = Math.min(end - start, key.length)
  for (let at = 0; at < length; at++) {
    const difference = (bytes[start + at] as number) - key.charCodeAt(at)
    if (difference !== 0) return difference < 0
  }
  return end - start < key.length
}
