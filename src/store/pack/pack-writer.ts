import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import type { Block } from '../../model/block.ts'
import { SHA2_256 } from '../../model/cid.ts'
import { syncDirectory } from '../durable.ts'
import { explainFsError } from '../fs-errors.ts'
import type { KnownBlocks } from '../known-blocks.ts'
import { createDigestTable } from './digest-table.ts'
import { createForeignDigests } from './foreign-digests.ts'
import { createGrowingFile, type GrowingFile } from './pack-file.ts'
import { encodePackHeader, FIRST_SECTION_OFFSET, PAYLOAD_HEADER, PAYLOAD_OFFSET, sectionLayout } from './pack-format.ts'
import { encodeIndex, type IndexEntries, packName } from './pack-index-format.ts'
import { type BlockCopy, createSectionBuffer } from './section-buffer.ts'

/** Multihash code of "the digest is the content itself": such a block is never stored. */
const IDENTITY = 0x00

/** Read first of a section in the file: its start always, and the whole of most directories and commits. */
const HEAD_SIZE = 4096

/** Where a pack is written, and what need not be stored again. */
export interface PackWriterOptions {
  /** The file that is written, created at the first block; gone after `finish` and `abort`. */
  temporaryPath: string
  /** The folder, on the same file system, into which the finished pack is renamed; created when absent. */
  packsDirectory: string
  /** What the store holds already. */
  known?: KnownBlocks | undefined
}

/** A finished pack. */
export interface WrittenPack {
  path: string
  blocks: number
  /** Size of the file. */
  bytes: number
}

/** Which sections that a reader of files composed are to be written, and where: see `PackWriter.place`. */
export interface Placement {
  /** Descriptor of the pack's file, usable in every thread; -1 where nothing was accepted. */
  fd: number
  /** Where in the file the accepted sections go, one after the other. */
  position: number
  /** Per section 1 where it is to be written, 0 where the block is known already. */
  accepted: Uint8Array
}

/**
 * One pack that is being written: a CARv2 file under a temporary name, without roots and with a sorted index.
 *
 * A block is stored once: what is in this pack or in `known` is dropped. Blocks from `add` stand together, apart from
 * the sections that worker threads write into the file themselves after `place`. Every method throws what
 * `explainFsError` makes of a failed write (`disk-full` …), whenever that happened; then only `abort` is left.
 */
export interface PackWriter {
  /** The temporary file. */
  readonly path: string
  /** Blocks in this pack so far. */
  readonly blocks: number
  /** Bytes in this pack so far, the index not counted. */
  readonly bytes: number
  /**
   * Adds a block, which the caller has verified or made; false when it was known already, and `copy` is not called then. Writes
   * in the background: whoever adds much awaits `drain` now and then. `finish` waits for the copies too, of blocks that fit a buffer (4 MiB).
   */
  add(block: Block, copy?: BlockCopy): boolean
  /** Whether a block with this sha2-256 digest is in this pack. */
  has(digest: Uint8Array): boolean
  /** Whether a block with this sha2-256 digest is in this pack, or was known from the start. */
  knows(digest: Uint8Array): boolean
  /** The bytes of a block of this pack, or undefined. Not hashed again. */
  get(cid: CID): Uint8Array | undefined
  /** Resolves when more may be added without waiting for the disk: at most eight buffers (32 MiB) are in memory then. */
  drain(): Promise<void>
  /**
   * Makes what was added so far a pack of its own, which stays whatever happens, and goes on with another: nothing may
   * be added meanwhile. Its blocks stay known, but `get` does not find them here any more. Undefined when there are none.
   */
  checkpoint(): Promise<WrittenPack | undefined>
  /** Makes the pack durable under its final name; undefined, and no file, when no block was added since `checkpoint`. */
  finish(): Promise<WrittenPack | undefined>
  /** Removes the temporary file. May be called at any time, also after `finish`, and more than once. */
  abort(): void
  /**
   * Decides which of `count` sections are to be stored, and where. `digests` are their sha2-256 digests as words, eight
   * each; `sizes` the lengths of the whole sections. The accepted ones must be written, then `placed`.
   */
  place(digests: Uint32Array, sizes: Uint32Array, count: number): Placement
  /** Says that accepted sections of so many bytes were written. */
  placed(bytes: number): void
  /** Says that a write failed, or that accepted sections will never be written: the pack cannot be finished. */
  fail(error: unknown): void
}

/** Starts a pack. No file is created before the first block. */
export function createPackWriter(options: PackWriterOptions): PackWriter {
  return new FilePackWriter(options)
}

class FilePackWriter implements PackWriter {
  readonly path: string
  readonly #packsDirectory: string
  readonly #known: KnownBlocks | undefined
  /** Positions are those of sections in the file; in the buffer, where they have none yet, -1 - (place in the buffer). */
  readonly #table = createDigestTable()
  /** Entries before are in packs that were finished by `checkpoint`. */
  #firstEntry = 0
  #foreign = createForeignDigests()
  readonly #buffer = createSectionBuffer(() => this.#openFile())
  readonly #digestWords = new Uint32Array(8)
  readonly #digestBytes = new Uint8Array(this.#digestWords.buffer)
  #file: GrowingFile | undefined
  #isClosed = false

  constructor(options: PackWriterOptions) {
    this.path = options.temporaryPath
    this.#packsDirectory = options.packsDirectory
    this.#known = options.known
  }

  get blocks(): number {
    return this.#table.size - this.#firstEntry + this.#foreign.size
  }

  get bytes(): number {
    return (this.#file?.size ?? 0) + this.#buffer.size
  }

  add({ cid, bytes }: Block, copy?: BlockCopy): boolean {
    const { code, digest } = cid.multihash
    if (code === IDENTITY) return false
    if (code !== SHA2_256 || digest.length !== 32) {
      if (this.#foreign.find(code, digest) !== undefined) return false
      const entry = this.#foreign.add(code, digest, -1)
      this.#buffer.append(cid.bytes, bytes, (position) => {
        entry.position = position
      })
      return true
    }
    if (this.knows(digest)) return false
    const entry = this.#table.add(this.#digestWords, 0, -1)
    const place = (position: number): void => {
      this.#table.positions[entry] = position
    }
    this.#buffer.append(cid.bytes, bytes, place, copy)
    return true
  }

  has(digest: Uint8Array): boolean {
    return this.#find(digest) >= this.#firstEntry
  }

  knows(digest: Uint8Array): boolean {
    return this.#find(digest) !== -1 || this.#known?.hasDigest(digest) === true
  }

  get(cid: CID): Uint8Array | undefined {
    const { code, digest } = cid.multihash
    const position =
      code === SHA2_256 && digest.length === 32 ? this.#positionOf(digest) : this.#foreign.find(code, digest)?.position
    if (position === undefined) return undefined
    const head = this.#read(position, HEAD_SIZE)
    const layout = sectionLayout(head, 0)
    if (layout === undefined) throw new Error(`no section at ${position} of ${this.path}`)
    if (layout.end <= head.length) return head.slice(layout.blockStart, layout.end)
    return this.#read(position, layout.end).subarray(layout.blockStart)
  }

  async drain(): Promise<void> {
    await this.#buffer.drain()
    this.#file?.check()
  }

  async checkpoint(): Promise<WrittenPack | undefined> {
    if (this.#isClosed) throw new TypeError(`the pack is closed: ${this.path}`)
    try {
      this.#buffer.flush()
      await this.#buffer.settle()
      this.#file?.check()
      if (this.#file === undefined) return undefined
      const written = await this.#complete(this.#file)
      this.#file = undefined
      this.#firstEntry = this.#table.size
      this.#foreign = createForeignDigests()
      return written
    } catch (error) {
      this.abort()
      throw error
    }
  }

  async finish(): Promise<WrittenPack | undefined> {
    const written = await this.checkpoint()
    this.#isClosed = true
    return written
  }

  abort(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#file?.discard()
  }

  place(digests: Uint32Array, sizes: Uint32Array, count: number): Placement {
    const accepted = new Uint8Array(count)
    const entries: number[] = []
    let total = 0
    for (let section = 0; section < count; section++) {
      if (this.#table.find(digests, section * 8) !== -1) continue
      if (this.#known?.hasDigest(bytesOf(digests, section)) === true) continue
      entries.push(this.#table.add(digests, section * 8, total))
      accepted[section] = 1
      total += sizes[section]!
    }
    if (total === 0) return { fd: -1, position: 0, accepted }
    const file = this.#openFile()
    file.check()
    const position = file.reserve(total)
    const { positions } = this.#table
    for (const entry of entries) positions[entry]! += position
    return { fd: file.fd, position, accepted }
  }

  placed(bytes: number): void {
    this.#openFile().acknowledge(bytes)
  }

  fail(error: unknown): void {
    this.#file?.fail(error)
  }

  #find(digest: Uint8Array): number {
    this.#digestBytes.set(digest)
    return this.#table.find(this.#digestWords, 0)
  }

  #positionOf(digest: Uint8Array): number | undefined {
    const entry = this.#find(digest)
    return entry < this.#firstEntry ? undefined : this.#table.positions[entry]
  }

  #read(position: number, length: number): Uint8Array {
    return this.#buffer.read(position, length) ?? this.#openFile().read(position, length)
  }

  #openFile(): GrowingFile {
    if (this.#file === undefined) {
      if (this.#isClosed) throw new Error(`the pack is closed: ${this.path}`)
      this.#file = createGrowingFile(this.path)
      this.#file.reserve(FIRST_SECTION_OFFSET)
    }
    return this.#file
  }

  async #complete(file: GrowingFile): Promise<WrittenPack> {
    const payloadSize = file.size - PAYLOAD_OFFSET
    const name = packName(writeThrough(file, encodeIndex(this.#indexEntries())))
    file.writeSync(Buffer.concat([encodePackHeader(payloadSize), PAYLOAD_HEADER]), 0)
    await file.finish()
    const path = join(this.#packsDirectory, name)
    await moveDurably(this.path, path, this.#packsDirectory)
    return { path, blocks: this.blocks, bytes: file.size }
  }

  #indexEntries(): IndexEntries[] {
    const first = this.#firstEntry
    const count = this.#table.size - first
    const digests = this.#table.digests.subarray(first * 32)
    const offsets = this.#table.positions.subarray(first, first + count).map((position) => position - PAYLOAD_OFFSET)
    return [{ hashCode: SHA2_256, digestSize: 32, digests, offsets, count }, ...this.#foreign.groups(PAYLOAD_OFFSET)]
  }
}

function bytesOf(digests: Uint32Array, section: number): Uint8Array {
  return new Uint8Array(digests.buffer, digests.byteOffset + section * 32, 32)
}

function* writeThrough(file: GrowingFile, pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const piece of pieces) {
    file.writeSync(piece, file.reserve(piece.length))
    yield piece
  }
}

async function moveDurably(from: string, to: string, directory: string): Promise<void> {
  try {
    // Not the folders above: where the whole repository was removed meanwhile, nothing of it is to come back.
    if (!existsSync(directory)) await mkdir(directory)
    await rename(from, to)
  } catch (error) {
    throw explainFsError(error, to)
  }
  await syncDirectory(directory)
}
