import { setImmediate } from 'node:timers/promises'

import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { RAW } from '../../model/cid.ts'
import { MAX_BLOCK } from '../../model/limits.ts'
import type { FileLeaf } from '../../model/unixfs/file-content.ts'
import type { BlockPlace } from '../pack/pack.ts'
import { createCopyCrew, type CopyCrew } from './copy-crew.ts'
import type { CopyOutcome, CopyTask } from './copy-messages.ts'
import { createEarlyFlush, type EarlyFlush } from './early-flush.ts'

/** Smaller blocks are not worth a system call of their own: many of them are read at once. */
const SMALLEST_BYTES = 128 * 1024

/** In one task: enough that messages cost little, few enough that threads finish together. */
const TASK_BYTES = 4 * 1024 * 1024

/** Of a sha2-256 digest that is whole. */
const DIGEST_BYTES = 32

/** Before so much is to be copied, all is done before threads have started. */
const WORTH_THREADS_BYTES = 96 * 1024 * 1024

/** Where blocks stand: a `Store`. */
export interface PackedBlocks {
  locate(cid: CID): BlockPlace | undefined
  refresh(): void
}

/** A file to be written. */
export interface CopyTarget {
  descriptor: number
  /** Bytes that it will have. */
  size: number
}

/** Copies blocks from packs into files in worker threads, which are started once there is much to be copied. */
export interface BlockCopier {
  /**
   * Writes the leaves of a file to its descriptor, each where it stands in the file, and yields those which it leaves to the
   * caller: blocks that are not raw, small, in no pack, or that are not there as they should be, and all as long as no thread
   * is there. The caller reads them from the store, which has another copy or says what is wrong. Only verified bytes are
   * written.
   *
   * Throws the file system's own error where the file cannot be written. Once the generator has ended, however it did, no
   * thread writes to the descriptor any more.
   */
  copy(target: CopyTarget, leaves: AsyncIterable<FileLeaf>, options?: AbortOptions): AsyncGenerator<FileLeaf>
  /** Ends the threads. */
  stop(): Promise<void>
}

/** Makes a copier; nothing is started yet. */
export function createBlockCopier(packed: PackedBlocks): BlockCopier {
  const crew = createCopyCrew()
  let bytes = 0
  return {
    copy({ descriptor, size }, leaves, options = {}) {
      bytes += size
      if (bytes >= WORTH_THREADS_BYTES) crew.hire()
      return new FileCopy(packed, crew, descriptor).run(leaves, options)
    },
    stop: () => crew.stop(),
  }
}

/** A leaf, and where its block stands. */
interface PlacedLeaf {
  leaf: FileLeaf
  source: number
}

/** Leaves that stand in one pack. */
interface Batch {
  pack: string
  bytes: number
  leaves: PlacedLeaf[]
}

interface Copied {
  batch: Batch
  outcome: CopyOutcome
}

/** The copying of one file. */
class FileCopy {
  readonly #packed: PackedBlocks
  readonly #crew: CopyCrew
  readonly #descriptor: number
  readonly #flush: EarlyFlush
  readonly #underWay: Promise<Copied>[] = []
  #batch: Batch | undefined

  constructor(packed: PackedBlocks, crew: CopyCrew, descriptor: number) {
    this.#packed = packed
    this.#crew = crew
    this.#descriptor = descriptor
    this.#flush = createEarlyFlush(descriptor)
  }

  async *run(leaves: AsyncIterable<FileLeaf>, { signal }: AbortOptions): AsyncGenerator<FileLeaf> {
    try {
      for await (const leaf of leaves) {
        signal?.throwIfAborted()
        const place = await this.#placeOf(leaf)
        if (place === undefined) yield leaf
        else {
          if (this.#isFull(place, leaf)) yield* this.#send()
          this.#add(place, leaf)
        }
      }
      yield* this.#send()
      while (this.#underWay.length > 0) yield* this.#settle()
      const failure = await this.#flush.settle()
      if (failure !== undefined) throw failure.error
    } finally {
      await Promise.all(this.#underWay)
      await this.#flush.settle()
    }
  }

  /** Where a thread can read a leaf; undefined where it is better left. */
  async #placeOf({ cid, size }: FileLeaf): Promise<BlockPlace | undefined> {
    // In a block of another codec there is more than the bytes of the file.
    if (cid.code !== RAW || size < SMALLEST_BYTES || size > MAX_BLOCK) return undefined
    if (cid.multihash.digest.length !== DIGEST_BYTES) return undefined
    if (this.#crew.capacity > 0) {
      const place = this.#packed.locate(cid)
      return place?.size === size ? place : undefined
    }
    // Until a thread says that it is there, the caller goes on.
    await setImmediate()
    return undefined
  }

  #isFull({ path }: BlockPlace, { size }: FileLeaf): boolean {
    return this.#batch !== undefined && (this.#batch.pack !== path || this.#batch.bytes + size > TASK_BYTES)
  }

  #add({ path, position }: BlockPlace, leaf: FileLeaf): void {
    this.#batch ??= { pack: path, bytes: 0, leaves: [] }
    this.#batch.leaves.push({ leaf, source: position })
    this.#batch.bytes += leaf.size
  }

  /** Gives the batch to a thread as soon as one may have it, and yields what others left meanwhile. */
  async *#send(): AsyncGenerator<FileLeaf> {
    const batch = this.#batch
    if (batch === undefined) return
    this.#batch = undefined
    while (this.#underWay.length > 0 && this.#underWay.length >= this.#crew.capacity) yield* this.#settle()
    if (this.#crew.capacity === 0) yield* batch.leaves.map(({ leaf }) => leaf)
    else this.#underWay.push(this.#perform(batch))
  }

  async #perform(batch: Batch): Promise<Copied> {
    return { batch, outcome: await this.#crew.perform(taskOf(batch, this.#descriptor)) }
  }

  /** Waits for the oldest task. */
  async *#settle(): AsyncGenerator<FileLeaf> {
    const copied = await this.#underWay.shift()
    if (copied === undefined) return
    const { batch, outcome } = copied
    const { left, isGone, failure } = outcome
    this.#flush.note(batch.bytes)
    if (failure !== undefined)
      throw Object.assign(new Error(failure.message), { code: failure.errno, syscall: 'write' })
    // What stood in it is in another pack now.
    if (isGone === true) this.#packed.refresh()
    for (const at of left) yield (batch.leaves[at] as PlacedLeaf).leaf
  }
}

function taskOf({ pack, leaves }: Batch, descriptor: number): CopyTask {
  const digests = new Uint8Array(leaves.length * DIGEST_BYTES)
  for (const [at, { leaf }] of leaves.entries()) digests.set(leaf.cid.multihash.digest, at * DIGEST_BYTES)
  return {
    pack,
    descriptor,
    sources: Float64Array.from(leaves, ({ source }) => source),
    positions: Float64Array.from(leaves, ({ leaf }) => leaf.start),
    sizes: Uint32Array.from(leaves, ({ leaf }) => leaf.size),
    digests,
  }
}
