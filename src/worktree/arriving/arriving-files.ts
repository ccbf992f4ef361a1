import { statfsSync } from 'node:fs'

import type { CID } from 'multiformats/cid'

import type { AbortOptions, Block } from '../../model/block.ts'
import { DAG_PB, RAW } from '../../model/cid.ts'
import { decodeCommit } from '../../model/commit/commit.ts'
import { nodeType } from '../../model/commit/dag-json-node.ts'
import { decodeTag } from '../../model/commit/tag.ts'
import { unixfsOf } from '../../model/directory/directory-node.ts'
import { linkCid, type PbNode, scanNode } from '../../model/unixfs/dag-pb.ts'
import { fileSizeOf } from '../../model/unixfs/file-node.ts'
import { UNIXFS_FILE, type UnixfsData } from '../../model/unixfs/unixfs-data.ts'
import { temporaryFilePath } from '../../store/lock/leases.ts'
import type { BlockCopy } from '../../store/pack/section-buffer.ts'
import type { Store } from '../../store/store.ts'
import { BIG_FILE } from '../checkout/write-entry.ts'
import { type ArrivingFile, createArrivingFile } from './arriving-file.ts'

/** Smaller leaves are not worth a system call each. */
const SMALLEST_LEAF_BYTES = 128 * 1024

/** How many places of blocks may be awaited at once: 128 GiB of our leaves, some 20 MB of memory. What is beyond is written from the store. */
const MOST_AWAITED = 131_072

/**
 * How many places one block may have. A few blocks can stand for terabytes: nothing of the kind is written before all is there
 * and was weighed.
 */
const MOST_PLACES = 16

/** Room for blocks and files, and some for what else comes, as a multiple of what the tree has. */
const ROOM_FACTOR = 2.25

/** How many files may be begun and not whole: each has a descriptor. */
const MOST_BEGUN = 8

/**
 * The big files of one commit, written while its blocks come: each byte is verified once, and written to the pack and to its file
 * from the same memory. The order in which blocks come does not matter, but a leaf that comes before the node above it is not
 * known for what it is; such a file is not whole here, and is written from the store as any other.
 */
export interface ArrivingFiles extends AsyncDisposable {
  /** Takes note of a verified block; who writes its bytes to the files that it is a part of, if it is. Never throws. */
  note(block: Block): BlockCopy | undefined
  /**
   * Gives away a file all of whose leaves came: its path, on the file system of the store; it is its taker's from now on. Its
   * mode is that of an unfinished file.
   */
  take(file: CID): Promise<string | undefined>
}

export interface ArrivingFilesOptions extends AbortOptions {
  /** How many bytes a folder's file system has room for (default: as it says). */
  freeBytes?: (directory: string) => number
}

/**
 * Awaits the blocks of a commit, or of the commit that a tag names. None of its files is written where the disk has no room for
 * all of them beside all of the blocks: what is fetched comes first, and is worth more than what is made of it.
 *
 * Holds a lease until it is disposed of; throws as `Store.lease`.
 */
export async function createArrivingFiles(
  store: Pick<Store, 'directory' | 'lease'>,
  commit: CID,
  { signal, freeBytes = freeBytesOf }: ArrivingFilesOptions = {},
): Promise<ArrivingFiles> {
  const lease = await store.lease({ signal })
  const place = {
    newPath: () => temporaryFilePath(store.directory),
    freeBytes: () => freeBytes(store.directory),
    release: () => lease.release(),
  }
  return new AwaitedFiles(place, commit)
}

function freeBytesOf(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}

/** Where files are written. */
interface Place {
  newPath(): string
  freeBytes(): number
  release(): void
}

/** Where in a file a block stands: a leaf, or a node above leaves. */
interface Part {
  file: ArrivingFile
  start: number
  size: number
}

class AwaitedFiles implements ArrivingFiles {
  readonly #place: Place
  /** How many bytes of files may be written; undefined until the tree has come. */
  #roomBytes: number | undefined
  /** By digest. Undefined stands for what is part of no file: commits, tags, directories, and files as a whole. */
  readonly #nodes = new Map<string, (Part | undefined)[]>()
  readonly #leaves = new Map<string, Part[]>()
  readonly #files = new Map<string, ArrivingFile>()
  #awaited = 0
  /** The oldest first. */
  readonly #begun = new Set<ArrivingFile>()

  constructor(place: Place, commit: CID) {
    this.#place = place
    this.#await(this.#nodes, commit.multihash.digest, undefined)
  }

  note({ cid, bytes }: Block): BlockCopy | undefined {
    if (cid.code === RAW) return this.#leaves.size === 0 ? undefined : this.#copyOf(cid, bytes.length)
    const key = keyOf(cid.multihash.digest)
    const places = this.#takePlaces(this.#nodes, key)
    try {
      if (places.length > 0 && cid.code === DAG_PB) this.#openNode(key, scanNode(cid, bytes), places)
      else if (places.length > 0) this.#openRoot(cid, bytes)
    } catch {
      // What is wrong with a block is said by whoever walks it.
    }
    return undefined
  }

  async take(file: CID): Promise<string | undefined> {
    // A raw block of the same digest is the bytes of the node itself.
    if (file.code !== DAG_PB) return undefined
    const key = keyOf(file.multihash.digest)
    const found = this.#files.get(key)
    this.#files.delete(key)
    return found?.finish()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      for (const file of this.#files.values()) file.giveUp()
      await Promise.all(Array.from(this.#files.values(), (file) => file.finish()))
    } finally {
      this.#place.release()
    }
  }

  #openRoot(cid: CID, bytes: Uint8Array): void {
    const type = nodeType(cid, bytes)
    if (type === 'jzfs/commit/1') this.#await(this.#nodes, decodeCommit(cid, bytes).tree.multihash.digest, undefined)
    if (type === 'jzfs/tag/1') this.#await(this.#nodes, decodeTag(cid, bytes).object.multihash.digest, undefined)
  }

  #openNode(key: string, node: PbNode, places: readonly (Part | undefined)[]): void {
    this.#roomBytes ??= this.#weigh(sizeBelow(node))
    if (this.#roomBytes <= 0) return
    const unixfs = unixfsOf(node)
    if (unixfs.type !== UNIXFS_FILE) return this.#awaitEntries(node)
    for (const place of places) {
      const part = place ?? this.#newFile(key, fileSizeOf(node, unixfs))
      if (part !== undefined) this.#awaitParts(node, unixfs, part)
    }
  }

  /** What of the disk may be files: nothing, where all of them might not have room. */
  #weigh(treeBytes: number): number {
    const roomBytes = this.#place.freeBytes() / ROOM_FACTOR
    return roomBytes >= treeBytes ? roomBytes : 0
  }

  /** A file as a whole; undefined where it is known: it stands in two directories, or another peer sends it again. */
  #newFile(key: string, size: number): Part | undefined {
    if (this.#files.has(key) || this.#files.size >= MOST_AWAITED) return undefined
    const file = createArrivingFile(this.#place.newPath(), size)
    this.#files.set(key, file)
    return { file, start: 0, size }
  }

  /** Of a directory, or a shard of one, big files and the directories above such: both have a big Tsize. */
  #awaitEntries(node: PbNode): void {
    for (let index = 0; index < node.count; index++) {
      const isBig = node.tsizes[index]! >= BIG_FILE && !isRaw(linkCid(node, index))
      if (isBig) this.#await(this.#nodes, digestOf(node, index), undefined)
    }
  }

  #awaitParts(node: PbNode, unixfs: UnixfsData, { file, start, size }: Part): void {
    const { data, blockSizes = [] } = unixfs
    // Bytes in the node itself, and sizes that do not fit, are left to whoever reads the file.
    const isPlain = (data?.length ?? 0) === 0 && fileSizeOf(node, unixfs) === size
    if (!isPlain || size < node.count * SMALLEST_LEAF_BYTES) return file.giveUp()
    let position = start
    for (const [index, partSize] of blockSizes.entries()) {
      const part = { file, start: position, size: partSize }
      this.#await(isRaw(linkCid(node, index)) ? this.#leaves : this.#nodes, digestOf(node, index), part)
      position += partSize
    }
  }

  /** Awaits a block for one place more; as something of its own it has one place, wherever it stands. */
  #await<T extends Part | undefined>(map: Map<string, T[]>, digest: Uint8Array, place: T): void {
    const key = keyOf(digest)
    const places = map.get(key) ?? []
    if (place === undefined && places.includes(place)) return
    if (places.length >= MOST_PLACES || this.#awaited >= MOST_AWAITED) return place?.file.giveUp()
    places.push(place)
    map.set(key, places)
    this.#awaited++
  }

  /** The places of a block that has come: it is not awaited any more. */
  #takePlaces<T>(map: Map<string, T[]>, key: string): T[] {
    const places = map.get(key) ?? []
    map.delete(key)
    this.#awaited -= places.length
    return places
  }

  #copyOf(cid: CID, sizeBytes: number): BlockCopy | undefined {
    const parts = this.#takePlaces(this.#leaves, keyOf(cid.multihash.digest))
    if (parts.length === 0) return undefined
    for (const { file, size } of parts) {
      if (file.isGivenUp) continue
      this.#roomBytes = (this.#roomBytes ?? 0) - sizeBytes
      if (size === sizeBytes && this.#roomBytes >= 0) this.#begin(file)
      else file.giveUp()
    }
    return async (bytes) => {
      for (const { file, start } of parts) {
        await file.write(bytes, start)
        if (file.isWhole || file.isGivenUp) this.#begun.delete(file)
      }
    }
  }

  /** Some files never become whole here: a leaf came before the file was known, or not at all as it was here already. */
  #begin(file: ArrivingFile): void {
    this.#begun.add(file)
    const [oldest] = this.#begun
    if (this.#begun.size <= MOST_BEGUN || oldest === undefined) return
    this.#begun.delete(oldest)
    oldest.giveUp()
  }
}

/** Bytes of all blocks below a node, as it says. */
function sizeBelow({ tsizes }: PbNode): number {
  return tsizes.reduce((sum, tsize) => sum + Math.max(tsize, 0), 0)
}

function isRaw(cid: Uint8Array): boolean {
  return cid[0] === 1 && cid[1] === RAW
}

/** Of a link, which is one of sha2-256. */
function digestOf(node: PbNode, index: number): Uint8Array {
  return linkCid(node, index).subarray(-32)
}

function keyOf(digest: Uint8Array): string {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('latin1')
}
