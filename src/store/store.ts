import { basename, join } from 'node:path'

import type { Blockstore } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'

import type { AbortOptions, Block, BlockSink, BlockSource } from '../model/block.ts'
import { IntegrityError, type JzfsError, NotFoundError, UnavailableError } from '../model/errors.ts'
import { createBlockstore } from './blockstore.ts'
import { type CheckOptions, checkStore, type StoreFinding } from './check-store.ts'
import { createDamageList } from './damage-list.ts'
import type { KnownBlocks } from './known-blocks.ts'
import { createLeases, temporaryPackPath } from './lock/leases.ts'
import type { Lock } from './lock/lock.ts'
import { type LooseBlocks, openLooseBlocks } from './loose/loose.ts'
import { type Consolidation, type ConsolidateOptions, consolidatePacks } from './pack/consolidate.ts'
import { packSections } from './pack/pack-sections.ts'
import { createPackSet, type PackSet } from './pack/pack-set.ts'
import { createPackWriter, type PackWriter, type WrittenPack } from './pack/pack-writer.ts'
import type { BlockPlace } from './pack/pack.ts'
import { salvage, type Salvaged } from './salvage/salvage.ts'
import type { LiveBlocks } from './sweep/live-blocks.ts'
import { createSweep, type Sweep } from './sweep/sweep.ts'
import { type KnownNumbers, type WrittenIn, youngBlocks } from './sweep/young-blocks.ts'
import { IDENTITY, matchesCid } from './verify-block.ts'

/**
 * Blocks by CID, from packs and loose files alike. A block is found by its multihash, whatever the CID's codec and
 * version; an identity CID is its own block and is always there.
 *
 * Blocks are verified whenever they are read. A copy that is corrupt is passed over where there is a sound one.
 */
export interface Store extends BlockSource, BlockSink, KnownBlocks {
  /** The folder with `packs`, `loose`, `tmp`, `damaged` and `leases.db`. */
  readonly directory: string
  /** The same blocks for Helia, Bitswap and the like: see `createBlockstore`. */
  readonly blockstore: Blockstore
  has(cid: CID, options?: AbortOptions): Promise<boolean>
  /**
   * Throws NotFoundError `block-missing` (details: `cid`), IntegrityError `block-corrupt` (details: `cid`, `path`) where
   * no copy is sound, and `pack-corrupt` (details: `path`) where a damaged pack might have held the block.
   */
  get(cid: CID, options?: AbortOptions): Promise<Uint8Array>
  /** As `get`, for hot paths; undefined where no pack has a sound copy: then ask `get`. */
  getSync(cid: CID): Uint8Array | undefined
  /**
   * Where a block stands in a pack, for those who read it there and verify it themselves. Undefined where no pack has a copy
   * that is not known to be corrupt, or where its hash is not sha2-256: then ask `get`.
   */
  locate(cid: CID): BlockPlace | undefined
  /**
   * Stores a loose block, durable once the promise is fulfilled, unless a sound copy is there. Throws IntegrityError
   * `block-corrupt` where the bytes are not what the CID names.
   */
  put(block: Block, options?: AbortOptions): Promise<void>
  /** Removes the loose copy of a block. */
  deleteLoose(cid: CID, options?: AbortOptions): Promise<void>
  /** All blocks that are there, each once, in no order; not verified. Codecs of loose blocks are given as raw. */
  cids(options?: AbortOptions): AsyncGenerator<CID>
  /**
   * Keeps blocks from being removed while it is held: take it before the first "is this block there?" and release it when
   * what refers to the blocks is durable. Any number may be held, here and by others.
   */
  lease(options?: AbortOptions): Promise<Lock>
  /**
   * Starts a pack; its blocks are in the store once `finish` is done. It holds a lease until it is finished or aborted.
   * `finish` and `abort` must not be forgotten: until then the lease is held. `known` says which blocks are not to be stored,
   * in place of those that are here.
   */
  createPack(options?: AbortOptions & { known?: KnownBlocks | undefined }): Promise<PackWriter>
  /** Saves what is sound in damaged files, and puts these aside: see `salvage`. The caller keeps others from removing packs. */
  salvage(paths: Iterable<string>, options?: AbortOptions): AsyncGenerator<Salvaged>
  /** Re-hashes everything and yields what is wrong: see `checkStore`. */
  verifyPacks(options?: CheckOptions): AsyncGenerator<StoreFinding>
  /** Merges small packs where there are many: see `consolidatePacks`. `lock` is the repository's, held by the caller. */
  consolidate(lock: Lock, options?: ConsolidateOptions): Promise<Consolidation>
  /** The blocks that are not live in packs and loose files written in a span of time: see `youngBlocks`. */
  young(live: KnownNumbers, written: WrittenIn): AsyncGenerator<CID>
  /** Plans the removal of what is not live; loose blocks written since `looseBeforeMs` stay as they are. */
  sweep(live: LiveBlocks, looseBeforeMs: number): Sweep
  /**
   * Keeps out all who write: resolves when nobody holds a lease, and nobody gets one until it is released. Undefined where
   * somebody holds one now.
   */
  tryLockOutWriters(): Promise<Lock | undefined>
  /** Looks at the folder again at the next use: what was seen before a lock was taken may be gone. */
  refresh(): void
  /** Closes the files. */
  close(): Promise<void>
}

/** How a store is opened. */
export interface StoreOptions {
  /** Writes nothing: `put`, `createPack` and `consolidate` throw UnavailableError `store-read-only`. */
  readonly?: boolean
  /** The command line of this process, for those who have to wait for it. */
  command?: string
}

/** Opens the store in `directory`. Touches the disk only when it is used; folders are created by the first write. */
export function openStore(directory: string, options: StoreOptions = {}): Promise<Store> {
  return Promise.resolve(new FolderStore(directory, options))
}

class FolderStore implements Store {
  readonly directory: string
  readonly blockstore: Blockstore
  readonly #isReadonly: boolean
  readonly #damage
  readonly #packs: PackSet
  readonly #loose: LooseBlocks
  readonly #leases

  constructor(directory: string, { readonly = false, command = 'jzfs' }: StoreOptions) {
    this.directory = directory
    this.blockstore = createBlockstore(this)
    this.#isReadonly = readonly
    this.#damage = createDamageList(join(directory, 'damaged'), { readonly })
    this.#packs = createPackSet(join(directory, 'packs'), this.#damage)
    this.#loose = openLooseBlocks(join(directory, 'loose'))
    this.#leases = createLeases(directory, command)
  }

  hasDigest(digest: Uint8Array): boolean {
    return this.#packs.hasDigest(digest)
  }

  async has(cid: CID, options: AbortOptions = {}): Promise<boolean> {
    options.signal?.throwIfAborted()
    return cid.multihash.code === IDENTITY || this.#packs.has(cid) || this.#loose.has(cid)
  }

  async get(cid: CID, options: AbortOptions = {}): Promise<Uint8Array> {
    options.signal?.throwIfAborted()
    if (cid.multihash.code === IDENTITY) return cid.multihash.digest
    const { bytes, problem } = this.#packs.read(cid)
    if (bytes !== undefined) return bytes
    const loose = await this.#getLoose(cid, options)
    if (loose.bytes !== undefined) return loose.bytes
    // A loose block may have been moved into a pack between the two looks.
    const { bytes: moved } =
      problem === undefined && loose.problem === undefined ? this.#packs.read(cid) : { bytes: undefined }
    if (moved !== undefined) return moved
    throw mostTelling(problem, loose.problem) ?? missingError(cid)
  }

  getSync(cid: CID): Uint8Array | undefined {
    return cid.multihash.code === IDENTITY ? cid.multihash.digest : this.#packs.read(cid).bytes
  }

  locate(cid: CID): BlockPlace | undefined {
    return this.#packs.locate(cid)
  }

  async put(block: Block, options: AbortOptions = {}): Promise<void> {
    options.signal?.throwIfAborted()
    const { cid, bytes } = block
    if (!matchesCid(cid, bytes)) {
      throw new IntegrityError('block-corrupt', `the bytes given are not block ${cid.toString()}`, {
        hint: 'fetch the block from another source',
        details: { cid: cid.toString() },
      })
    }
    if (this.getSync(cid) !== undefined) return
    this.#checkWritable()
    await this.#loose.put(block, options)
  }

  async deleteLoose(cid: CID, options: AbortOptions = {}): Promise<void> {
    this.#checkWritable()
    await this.#loose.delete(cid, options)
  }

  async *cids(options: AbortOptions = {}): AsyncGenerator<CID> {
    options.signal?.throwIfAborted()
    const packs = this.#packs.list()
    for (const [at, pack] of packs.entries()) {
      for (const { cid } of packSections(pack)) {
        options.signal?.throwIfAborted()
        const { code, digest } = cid.multihash
        const isRepeated = packs.slice(0, at).some((earlier) => earlier.find(code, digest) !== -1)
        if (!isRepeated) yield cid
      }
    }
    for await (const cid of this.#loose.cids(options)) if (!this.#packs.has(cid)) yield cid
  }

  async lease(options: AbortOptions = {}): Promise<Lock> {
    this.#checkWritable()
    const lease = await this.#leases.acquire(options)
    // What was seen before may have been swept by whoever kept us waiting.
    this.refresh()
    return lease
  }

  createPack(options: AbortOptions & { known?: KnownBlocks | undefined } = {}): Promise<PackWriter> {
    return this.#createPack(options.known ?? this, options)
  }

  async *salvage(paths: Iterable<string>, options: AbortOptions = {}): AsyncGenerator<Salvaged> {
    this.#checkWritable()
    const asideFolder = join(this.directory, 'set-aside')
    const createPack = (): Promise<PackWriter> => this.#createPack(undefined, options)
    yield* salvage({ packs: this.#packs, paths, asideFolder, createPack }, options)
    await this.#forgetRemoved()
  }

  verifyPacks(options: CheckOptions = {}): AsyncGenerator<StoreFinding> {
    return checkStore(this.#packs, this.#loose, options)
  }

  async consolidate(_lock: Lock, options: ConsolidateOptions = {}): Promise<Consolidation> {
    this.#checkWritable()
    const result = await consolidatePacks(this.#packs, () => this.#createPack(undefined, options), options)
    await this.#forgetRemoved()
    return result
  }

  young(live: KnownNumbers, written: WrittenIn): AsyncGenerator<CID> {
    return youngBlocks(this.#packs, this.#loose, live, written)
  }

  sweep(live: LiveBlocks, looseBeforeMs: number): Sweep {
    this.#checkWritable()
    return createSweep({
      packs: this.#packs,
      loose: this.#loose,
      live,
      looseBeforeMs,
      createPack: (options) => this.#createPack(undefined, options),
      onRemoved: () => this.#forgetRemoved(),
    })
  }

  async tryLockOutWriters(): Promise<Lock | undefined> {
    this.#checkWritable()
    return this.#leases.tryAlone()
  }

  refresh(): void {
    this.#packs.noteChange()
  }

  async close(): Promise<void> {
    this.#packs.close()
  }

  async #forgetRemoved(): Promise<void> {
    this.#packs.noteChange()
    const present = new Set(this.#packs.list().map((pack) => pack.name))
    await this.#damage.forget((packName) => !present.has(packName))
  }

  async #createPack(known: KnownBlocks | undefined, options: CreatePackOptions): Promise<PackWriter> {
    this.#checkWritable()
    const lease = options.isAlone === true ? undefined : await this.lease(options)
    const writer = createPackWriter({
      temporaryPath: temporaryPackPath(this.directory),
      packsDirectory: join(this.directory, 'packs'),
      known,
    })
    const noteWritten = async (written: WrittenPack | undefined): Promise<WrittenPack | undefined> => {
      this.#packs.noteChange(written?.path)
      // A pack of the same name, and so of the same blocks, was there and may have been damaged: it is replaced now.
      if (written !== undefined) options.onWritten?.(written)
      if (written !== undefined) await this.#damage.forget((packName) => packName === basename(written.path))
      return written
    }
    return watchedWriter(writer, noteWritten, () => lease?.release())
  }

  async #getLoose(
    cid: CID,
    options: AbortOptions,
  ): Promise<{ bytes?: Uint8Array | undefined; problem?: IntegrityError }> {
    try {
      return { bytes: await this.#loose.get(cid, options) }
    } catch (error) {
      if (error instanceof IntegrityError) return { problem: error }
      throw error
    }
  }

  #checkWritable(): void {
    if (!this.#isReadonly) return
    throw new UnavailableError('store-read-only', `the store is open for reading only: ${this.directory}`)
  }
}

interface CreatePackOptions extends AbortOptions {
  /** The caller keeps all writers out: no lease can be had, or is needed. */
  isAlone?: boolean
  onWritten?: (written: WrittenPack) => void
}

type OnWritten = (written: WrittenPack | undefined) => Promise<WrittenPack | undefined>

/** Has `onWritten` called for each pack that the writer completes, and `onClose` once it is finished or aborted. */
function watchedWriter(writer: PackWriter, onWritten: OnWritten, onClose: () => void): PackWriter {
  const checkpoint = writer.checkpoint.bind(writer)
  const finish = writer.finish.bind(writer)
  const abort = writer.abort.bind(writer)
  return Object.assign(writer, {
    checkpoint: () => checkpoint().then(onWritten),
    finish: () => finish().then(onWritten).finally(onClose),
    abort: () => {
      abort()
      onClose()
    },
  })
}

/** That a copy of the block itself is corrupt says more than that some pack is damaged. */
function mostTelling(
  inPacks: IntegrityError | undefined,
  loose: IntegrityError | undefined,
): IntegrityError | undefined {
  return inPacks?.code === 'block-corrupt' ? inPacks : (loose ?? inPacks)
}

function missingError(cid: CID): JzfsError {
  return new NotFoundError('block-missing', `block ${cid.toString()} is not here`, {
    hint: 'fetch it from a peer that has it, or add the file it belongs to again; `jzfs verify` says which',
    details: { cid: cid.toString() },
  })
}
