import type { CID } from 'multiformats/cid'

import type { Block } from '../../model/block.ts'
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

/** How many blocks may be awaited at once: 128 GiB of our leaves, some 20 MB of memory. What is beyond is written from the store. */
const MOST_AWAITED = 131_072

/** How many files may be begun and not whole: each has a descriptor. */
const MOST_BEGUN = 8

/**
 * The big files of one commit, written while its blocks come: each byte is verified once, and written to the pack and to its file
 * from the same memory. The order in which blocks come does not matter, but a leaf that comes before the node above it is not
 * known for what it is; such a file is not whole here, and is written from the store as any other.
 */
export interface ArrivingFiles extends AsyncDisposable {
  /** Takes note of a verified block; who writes its bytes to the files that it is a part of, if it is. */
  note(block: Block): BlockCopy | undefined
  /**
   * Gives away a file all of whose leaves came: its path, on the file system of the store; it is its taker's from now on. Its
   * mode is that of an unfinished file.
   */
  take(file: CID): Promise<string | undefined>
}

/** Awaits the blocks of a commit, or of the commit that a tag names. Holds a lease until it is disposed of. */
export async function createArrivingFiles(
  store: Pick<Store, 'directory' | 'lease'>,
  commit: CID,
): Promise<ArrivingFiles> {
  const lease = await store.lease()
  return new AwaitedFiles(
    () => temporaryFilePath(store.directory),
    commit,
    () => lease.release(),
  )
}

/** Where in a file a block stands: a leaf, or a node above leaves. */
interface Part {
  file: ArrivingFile
  start: number
  size: number
}

class AwaitedFiles implements ArrivingFiles {
  readonly #newPath: () => string
  readonly #release: () => void
  /** By digest. Undefined stands for what is part of no file: commits, tags, directories, and files as a whole. */
  readonly #nodes = new Map<string, (Part | undefined)[]>()
  readonly #leaves = new Map<string, Part[]>()
  readonly #files = new Map<string, ArrivingFile>()
  /** The oldest first. */
  readonly #begun = new Set<ArrivingFile>()

  constructor(newPath: () => string, commit: CID, release: () => void) {
    this.#newPath = newPath
    this.#release = release
    this.#awaitNode(commit.multihash.digest)
  }

  note({ cid, bytes }: Block): BlockCopy | undefined {
    if (cid.code === RAW) return this.#leaves.size === 0 ? undefined : this.#copyOf(cid, bytes.length)
    const key = keyOf(cid.multihash.digest)
    const places = this.#nodes.get(key)
    if (places === undefined) return undefined
    this.#nodes.delete(key)
    if (cid.code === DAG_PB) this.#openNode(key, scanNode(cid, bytes), places)
    else this.#openRoot(cid, bytes)
    return undefined
  }

  async take(file: CID): Promise<string | undefined> {
    const key = keyOf(file.multihash.digest)
    const found = this.#files.get(key)
    this.#files.delete(key)
    return found?.finish()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#files.values()) file.giveUp()
    await Promise.all(Array.from(this.#files.values(), (file) => file.finish()))
    this.#release()
  }

  #openRoot(cid: CID, bytes: Uint8Array): void {
    const type = nodeType(cid, bytes)
    if (type === 'jzfs/commit/1') this.#awaitNode(decodeCommit(cid, bytes).tree.multihash.digest)
    if (type === 'jzfs/tag/1') this.#awaitNode(decodeTag(cid, bytes).object.multihash.digest)
  }

  #openNode(key: string, node: PbNode, places: readonly (Part | undefined)[]): void {
    const unixfs = unixfsOf(node)
    if (unixfs.type !== UNIXFS_FILE) return this.#awaitEntries(node)
    for (const place of places) this.#awaitParts(node, unixfs, place ?? this.#newFile(key, fileSizeOf(node, unixfs)))
  }

  #newFile(key: string, size: number): Part {
    const file = createArrivingFile(this.#newPath(), size)
    this.#files.set(key, file)
    return { file, start: 0, size }
  }

  /** Of a directory, or a shard of one, big files and the directories above such: both have a big Tsize. */
  #awaitEntries(node: PbNode): void {
    for (let index = 0; index < node.count; index++) {
      if (node.tsizes[index]! >= BIG_FILE && !isRaw(linkCid(node, index))) this.#awaitNode(digestOf(node, index))
    }
  }

  #awaitParts(node: PbNode, { data, blockSizes = [] }: UnixfsData, { file, start, size }: Part): void {
    // Bytes in the node itself, and sizes that do not fit, are left to whoever reads the file.
    const isPlain = (data?.length ?? 0) === 0 && blockSizes.length === node.count
    const isWorthIt = size >= node.count * SMALLEST_LEAF_BYTES && this.#leaves.size + node.count <= MOST_AWAITED
    if (!isPlain || !isWorthIt) return file.giveUp()
    let position = start
    for (const [index, partSize] of blockSizes.entries()) {
      const part = { file, start: position, size: partSize }
      if (isRaw(linkCid(node, index))) append(this.#leaves, keyOf(digestOf(node, index)), part)
      else this.#awaitNode(digestOf(node, index), part)
      position += partSize
    }
  }

  #awaitNode(digest: Uint8Array, part?: Part): void {
    if (this.#nodes.size < MOST_AWAITED) append(this.#nodes, keyOf(digest), part)
  }

  #copyOf(cid: CID, sizeBytes: number): BlockCopy | undefined {
    const key = keyOf(cid.multihash.digest)
    const parts = this.#leaves.get(key)
    if (parts === undefined) return undefined
    this.#leaves.delete(key)
    for (const { file, size } of parts) {
      if (size === sizeBytes) this.#begin(file)
      else file.giveUp()
    }
    return async (bytes) => {
      for (const { file, start } of parts) {
        await file.write(bytes, start)
        if (file.isWhole) this.#begun.delete(file)
      }
    }
  }

  /** Some files never become whole here: a leaf came before the file was known, or not at all as it was here already. */
  #begin(file: ArrivingFile): void {
    if (file.isGivenUp) return
    this.#begun.add(file)
    const [oldest] = this.#begun
    if (this.#begun.size <= MOST_BEGUN || oldest === undefined) return
    this.#begun.delete(oldest)
    oldest.giveUp()
  }
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const row = map.get(key)
  if (row === undefined) map.set(key, [value])
  else row.push(value)
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
