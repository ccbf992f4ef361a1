import { fstatSync, readSync, statSync } from 'node:fs'
import { basename } from 'node:path'

import type { CID } from 'multiformats/cid'

import type { IntegrityError } from '../../model/errors.ts'
import { explainFsError, fsErrorCode } from '../fs-errors.ts'
import { matchesCid } from '../verify-block.ts'
import { blockCorruptError, packCorruptError } from './corrupt-errors.ts'
import type { IndexMemory } from './index-memory.ts'
import type { OpenFiles } from './open-files.ts'
import {
  decodePackHeader,
  FIRST_SECTION_OFFSET,
  PAYLOAD_OFFSET,
  sectionLayout,
  type SectionLayout,
} from './pack-format.ts'
import { decodeIndexGroups, type IndexGroup } from './pack-index-format.ts'
import { openPackIndex, type PackIndex } from './pack-index.ts'
import { decodeCid } from './pack-sections.ts'
import { createReadWindows } from './read-windows.ts'

/** How much is read first of a section: the whole of most small ones. */
const HEAD_BYTES = 8 * 1024

/** Shared, since reading is synchronous. */
const WINDOWS = createReadWindows(HEAD_BYTES)
const PEEKED = new Uint8Array(HEAD_BYTES)

/** One pack that is there, opened when it is used. All reading is synchronous: a block is a megabyte at most. */
export interface Pack {
  /** File name. */
  readonly name: string
  readonly path: string
  /** What is wrong with the pack as a whole, as far as it was noticed: IntegrityError `pack-corrupt`. */
  readonly problem: IntegrityError | undefined
  /**
   * Where in the file the section with this digest starts, or -1. A pack that cannot be read as one has nothing, and
   * `problem` says why. Throws PackGoneError where the file is not there any more.
   */
  find(hashCode: number, digest: Uint8Array): number
  /**
   * The block in the section that `find` found, verified. Throws IntegrityError `block-corrupt` (details: `cid`, `path`)
   * where the bytes are others, `pack-corrupt` where there is no such section, and PackGoneError.
   */
  read(start: number, cid: CID): Uint8Array
  /**
   * Where the bytes of the block in that section are, not verified. Throws IntegrityError `pack-corrupt` where there is no
   * such section, and PackGoneError.
   */
  locate(start: number, cid: CID): BlockPlace
  /** The section that starts at `start`, not verified. Throws IntegrityError `pack-corrupt` and PackGoneError. */
  section(start: number): { cid: CID; bytes: Uint8Array }
  /** Parts of the file; undefined where it is no whole pack. Throws PackGoneError. */
  layout(): PackLayout | undefined
  /** Whether there is another file under this path now than the one that is open: somebody repaired the pack. */
  isReplaced(): boolean
  /** Bytes at a position of the file, fewer at its end. Throws PackGoneError. */
  readAt(position: number, size: number): Uint8Array
  /** Closes the file and gives memory back; the pack can be used on, and is opened again. */
  close(): void
}

/** Where the bytes of a block stand. */
export interface BlockPlace {
  /** Path of the pack. */
  path: string
  /** Where in the file they begin. */
  position: number
  /** How many they are. */
  size: number
}

/** Where the parts of a pack are. */
interface PackLayout {
  fileSize: number
  indexOffset: number
  groups: IndexGroup[]
}

/** A pack's file was removed by another process: its blocks are in a newer one. Never leaves the store. */
export class PackGoneError extends Error {}

/** The pack at `path`. No file is opened yet. */
export function openPack(path: string, files: OpenFiles, memory: IndexMemory): Pack {
  return new FilePack(path, files, memory)
}

class FilePack implements Pack {
  readonly name: string
  readonly path: string
  problem: IntegrityError | undefined
  readonly #files: OpenFiles
  readonly #memory: IndexMemory
  #opened: { layout: PackLayout; index: PackIndex } | undefined

  constructor(path: string, files: OpenFiles, memory: IndexMemory) {
    this.path = path
    this.name = basename(path)
    this.#files = files
    this.#memory = memory
  }

  find(hashCode: number, digest: Uint8Array): number {
    const opened = this.#open()
    const offset = opened?.index.find(hashCode, digest) ?? -1
    return offset === -1 ? -1 : PAYLOAD_OFFSET + offset
  }

  read(start: number, cid: CID): Uint8Array {
    const { head, layout, bytes } = this.#section(start)
    this.#checkIsOf(cid, head, layout)
    if (!matchesCid(cid, bytes)) throw blockCorruptError(cid, this.path)
    return bytes
  }

  locate(start: number, cid: CID): BlockPlace {
    const { head, layout } = this.#head(start)
    this.#checkIsOf(cid, head, layout)
    return { path: this.path, position: start + layout.blockStart, size: layout.end - layout.blockStart }
  }

  section(start: number): { cid: CID; bytes: Uint8Array } {
    const { head, layout, bytes } = this.#section(start)
    return { cid: decodeCid(this.path, head.subarray(layout.cidStart, layout.blockStart)), bytes }
  }

  #section(start: number): { head: Uint8Array; layout: SectionLayout; bytes: Uint8Array } {
    const { head, layout } = this.#head(start)
    const size = layout.end - layout.blockStart
    const bytes =
      layout.end <= head.length
        ? copied(head, layout.blockStart, layout.end)
        : this.#readLarge(start + layout.blockStart, size)
    if (bytes.length !== size) throw this.#damaged('the file is cut short')
    return { head, layout, bytes }
  }

  #head(start: number): { head: Uint8Array; layout: SectionLayout } {
    const end = this.layout()?.indexOffset ?? 0
    const headSize = Math.min(HEAD_BYTES, Math.max(0, end - start))
    const head = WINDOWS.read(this, start, headSize, (target, at, size) => this.#readInto(target, at, size))
    const layout = sectionLayout(head, 0)
    if (layout === undefined || start + layout.end > end) throw this.#damaged(`no section at byte ${start}`)
    return { head, layout }
  }

  #checkIsOf(cid: CID, head: Uint8Array, layout: SectionLayout): void {
    if (!isSectionOf(cid, head, layout)) throw this.#damaged(`another block where its index says ${cid.toString()}`)
  }

  #readLarge(position: number, size: number): Uint8Array {
    const known = WINDOWS.known(this, position, size)
    return known === undefined ? this.readAt(position, size) : copied(known, 0, size)
  }

  layout(): PackLayout | undefined {
    return this.#open()?.layout
  }

  isReplaced(): boolean {
    const now = statSync(this.path, { throwIfNoEntry: false })
    const then = fstatSync(this.#fd())
    return now !== undefined && (now.ino !== then.ino || now.ctimeMs !== then.ctimeMs)
  }

  readAt(position: number, size: number): Uint8Array {
    // An index that was damaged can lead anywhere.
    const end = this.#opened?.layout.fileSize ?? fstatSync(this.#fd()).size
    const length = Math.max(0, Math.min(size, end - position))
    // Not zeroed: of a large block that would cost as much as reading it.
    return this.#readInto(new Uint8Array(Buffer.allocUnsafeSlow(length).buffer), position, length)
  }

  close(): void {
    this.#opened?.index.close()
    this.#opened = undefined
    this.problem = undefined
    WINDOWS.forget(this)
    this.#files.close(this.path)
  }

  #readInto(target: Uint8Array, position: number, size: number): Uint8Array {
    const fd = this.#fd()
    let done = 0
    try {
      while (done < size) {
        const count = readSync(fd, target, done, size - done, position + done)
        if (count === 0) break
        done += count
      }
    } catch (error) {
      throw explainFsError(error, this.path)
    }
    return target.subarray(0, done)
  }

  #open(): { layout: PackLayout; index: PackIndex } | undefined {
    if (this.#opened !== undefined || this.problem !== undefined) return this.#opened
    const fileSize = fstatSync(this.#fd()).size
    const read = (position: number, size: number): Uint8Array => this.readAt(position, size)
    const header = decodePackHeader(read(0, FIRST_SECTION_OFFSET), fileSize)
    const groups = header && decodeIndexGroups(read, header.indexOffset, fileSize)
    if (header === undefined || groups === undefined) {
      this.problem = this.#damaged('it is no whole pack')
      return undefined
    }
    const index = openPackIndex({
      read,
      peek: (position, size) => this.#readInto(PEEKED, position, size),
      name: this.name,
      start: header.indexOffset,
      end: fileSize,
      groups,
      memory: this.#memory,
      // Blocks are verified when they are read, so what this index still finds is served.
      onDamage: () => {
        this.problem ??= this.#damaged('its index was changed')
      },
    })
    this.#opened = { layout: { fileSize, indexOffset: header.indexOffset, groups }, index }
    return this.#opened
  }

  #fd(): number {
    try {
      return this.#files.open(this.path)
    } catch (error) {
      if (fsErrorCode(error) === 'ENOENT') throw new PackGoneError(this.path)
      throw explainFsError(error, this.path)
    }
  }

  #damaged(what: string): IntegrityError {
    return packCorruptError(this.path, what)
  }
}

/** Small blocks come from a pool of Buffer's: thousands of buffers of their own are slow to make and to collect. */
function copied(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafe(end - start)
  const copy = new Uint8Array(buffer, byteOffset, end - start)
  if (copy.length > SHORT) copy.set(bytes.subarray(start, end))
  else for (let at = 0; at < copy.length; at++) copy[at] = bytes[start + at] as number
  return copy
}

/** Up to so many bytes a loop is faster than a view of them. */
const SHORT = 512

function isSectionOf(cid: CID, head: Uint8Array, layout: SectionLayout): boolean {
  const { code, digest } = cid.multihash
  if (layout.hashCode !== code || layout.blockStart - layout.digestStart !== digest.length) return false
  for (let at = 0; at < digest.length; at++) if (head[layout.digestStart + at] !== digest[at]) return false
  return true
}
