import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import type { FsBlockstore } from 'blockstore-fs'
import type { CID } from 'multiformats/cid'

import type { AbortOptions, Block } from '../../model/block.ts'
import { IntegrityError } from '../../model/errors.ts'
import { syncDirectory } from '../durable.ts'
import { explainFsError, fsErrorCode } from '../fs-errors.ts'
import { blockCorruptError } from '../pack/corrupt-errors.ts'
import { MAX_SECTION_SIZE } from '../pack/pack-format.ts'
import { matchesCid } from '../verify-block.ts'
import { createConcurrencyLimit } from './concurrency-limit.ts'
import { LOOSE_LAYOUT } from './loose-layout.ts'

/** Files open at once: everything must work with 50 file descriptors. */
const MAX_OPEN_FILES = 8

/** Blocks in files of their own, by multihash, as blockstore-fs lays them out: for what arrives singly. */
export interface LooseBlocks {
  /** Whether there is a file for the block, corrupt or not. */
  has(cid: CID, options?: AbortOptions): Promise<boolean>
  /** The block, verified, or undefined. Throws IntegrityError `block-corrupt` (details: `cid`, `path`). */
  get(cid: CID, options?: AbortOptions): Promise<Uint8Array | undefined>
  /**
   * Stores a block, durable once the promise is fulfilled. A corrupt file is replaced; one that is sound is left alone.
   * Puts of one block at the same time are one. The caller has verified the block.
   */
  put(block: Block, options?: AbortOptions): Promise<void>
  delete(cid: CID, options?: AbortOptions): Promise<void>
  /** The blocks for which there is a file. Their codec is not recorded: all come as raw. */
  cids(options?: AbortOptions): AsyncGenerator<CID>
  /** The files, none of which is opened; read as they are asked for. */
  files(): Generator<LooseFile>
}

/** The file of a loose block. */
export interface LooseFile {
  /** Its codec is not recorded: it comes as raw. */
  cid: CID
  path: string
  sizeBytes: number
  mtimeMs: number
}

/** The loose blocks in `directory`, which is created by the first put. Loads blockstore-fs only when there is a block. */
export function openLooseBlocks(directory: string): LooseBlocks {
  return new FsLooseBlocks(directory)
}

class FsLooseBlocks implements LooseBlocks {
  readonly #directory: string
  readonly #limit = createConcurrencyLimit(MAX_OPEN_FILES)
  readonly #puts = new Map<string, Promise<void>>()
  #files: Promise<FsBlockstore> | undefined

  constructor(directory: string) {
    this.#directory = directory
  }

  async has(cid: CID, options: AbortOptions = {}): Promise<boolean> {
    options.signal?.throwIfAborted()
    return existsSync(this.#pathOf(cid))
  }

  async get(cid: CID, options: AbortOptions = {}): Promise<Uint8Array | undefined> {
    options.signal?.throwIfAborted()
    const files = await this.#openFiles()
    if (files === undefined) return undefined
    return this.#limit(() => this.#read(files, cid, options))
  }

  async put(block: Block, options: AbortOptions = {}): Promise<void> {
    options.signal?.throwIfAborted()
    const key = block.cid.multihash.bytes.toString()
    const underWay = this.#puts.get(key)
    if (underWay !== undefined) return underWay
    const put = this.#limit(() => this.#write(block)).finally(() => this.#puts.delete(key))
    this.#puts.set(key, put)
    return put
  }

  async delete(cid: CID, options: AbortOptions = {}): Promise<void> {
    options.signal?.throwIfAborted()
    const files = await this.#openFiles()
    if (files === undefined) return
    await this.#limit(() => this.#explained(cid, () => files.delete(cid)))
  }

  async *cids(options: AbortOptions = {}): AsyncGenerator<CID> {
    options.signal?.throwIfAborted()
    const files = await this.#openFiles()
    if (files === undefined) return
    for await (const { cid } of files.getAll()) {
      options.signal?.throwIfAborted()
      yield cid
    }
  }

  *files(): Generator<LooseFile> {
    for (const folder of namesIn(this.#directory)) {
      for (const name of namesIn(join(this.#directory, folder))) {
        const path = join(this.#directory, folder, name)
        const cid = cidOfFile(path)
        const stat = cid && statSync(path, { throwIfNoEntry: false })
        if (cid !== undefined && stat !== undefined) yield { cid, path, sizeBytes: stat.size, mtimeMs: stat.mtimeMs }
      }
    }
  }

  async #read(files: FsBlockstore, cid: CID, options: AbortOptions): Promise<Uint8Array | undefined> {
    const pieces: Uint8Array[] = []
    let size = 0
    try {
      for await (const piece of files.get(cid)) {
        options.signal?.throwIfAborted()
        pieces.push(piece)
        size += piece.length
        if (size > MAX_SECTION_SIZE) break
      }
    } catch (error) {
      options.signal?.throwIfAborted()
      const reason = systemErrorIn(error)
      if (reason?.code === 'ENOENT') return undefined
      throw explainFsError(reason ?? error, this.#pathOf(cid))
    }
    const bytes = Uint8Array.from(Buffer.concat(pieces, size))
    if (size > MAX_SECTION_SIZE || !matchesCid(cid, bytes)) throw blockCorruptError(cid, this.#pathOf(cid))
    return bytes
  }

  async #write({ cid, bytes }: Block): Promise<void> {
    const files = await this.#createFiles()
    const path = this.#pathOf(cid)
    if (existsSync(path) && (await this.#isSound(files, cid))) return
    const isFirst = !existsSync(dirname(path))
    await this.#explained(cid, () => putOrClean(files, path, { cid, bytes }))
    await syncFile(path)
    await syncDirectory(dirname(path))
    if (isFirst) await syncDirectory(this.#directory)
  }

  async #isSound(files: FsBlockstore, cid: CID): Promise<boolean> {
    try {
      return (await this.#read(files, cid, {})) !== undefined
    } catch (error) {
      if (error instanceof IntegrityError) return false
      throw error
    }
  }

  async #explained<T>(cid: CID, action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      throw explainFsError(systemErrorIn(error) ?? error, this.#pathOf(cid))
    }
  }

  #pathOf(cid: CID): string {
    const { dir, file } = LOOSE_LAYOUT.encode(cid)
    return join(this.#directory, dir, file)
  }

  /** Undefined where there are no loose blocks. */
  #openFiles(): Promise<FsBlockstore> | undefined {
    if (this.#files === undefined && existsSync(this.#directory)) this.#files = loadFiles(this.#directory)
    return this.#files
  }

  async #createFiles(): Promise<FsBlockstore> {
    try {
      await mkdir(this.#directory, { recursive: true })
    } catch (error) {
      throw explainFsError(error, this.#directory)
    }
    return (this.#files ??= loadFiles(this.#directory))
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT' || fsErrorCode(error) === 'ENOTDIR') return []
    throw explainFsError(error, folder)
  }
}

/** Undefined for a file that is no block: one that is being written, or none of ours. */
function cidOfFile(path: string): CID | undefined {
  try {
    return path.endsWith(LOOSE_LAYOUT.extension) ? LOOSE_LAYOUT.decode(path) : undefined
  } catch {
    return undefined
  }
}

/** Loading blockstore-fs takes about 30 ms: commands that need no loose block do without. */
async function loadFiles(directory: string): Promise<FsBlockstore> {
  const { FsBlockstore } = await import('blockstore-fs')
  return new FsBlockstore(directory, { shardingStrategy: LOOSE_LAYOUT })
}

/** blockstore-fs leaves its temporary file where a write fails: on a full disk it would keep the space. */
async function putOrClean(files: FsBlockstore, path: string, { cid, bytes }: Block): Promise<void> {
  try {
    await files.put(cid, bytes)
  } catch (error) {
    await rm(join(dirname(path), `.${basename(path)}.tmp`), { force: true })
    throw error
  }
}

async function syncFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'r')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    throw explainFsError(error, path)
  }
}

/** blockstore-fs turns every failure into an error of its own kind, with the system's error as its text. */
function systemErrorIn(error: unknown): (Error & { code: string; syscall: string }) | undefined {
  const text = error instanceof Error ? error.message : ''
  const code = /\b(E[A-Z]+): /u.exec(text)?.[1]
  return code === undefined ? undefined : Object.assign(new Error(text, { cause: error }), { code, syscall: 'loose' })
}
