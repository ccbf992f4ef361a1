import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { createLiveBlocks } from '../../store/sweep/live-blocks.ts'
import type { LeftDamaged, Sweep, Swept } from '../../store/sweep/sweep.ts'
import { createDurableChanges } from '../operation/durable-changes.ts'
import { packRefs } from '../refs/write-refs.ts'
import type { Repository } from '../repository.ts'
import { expireRecords, type ExpiredRecords } from './expire-records.ts'
import { holdBack } from './hold-back.ts'
import { createMarker, type Marker } from './marker.ts'
import { dropPartialRoots, type PartialRoot, partialRoots } from './partial-roots.ts'
import { markNewRecords, markRefs, markState } from './roots.ts'

/** Before when things expire: milliseconds since the epoch, Infinity for all, -Infinity for nothing (`readExpiry`). */
export interface GarbageExpiry {
  /** Blocks that nothing refers to. */
  blocksBeforeMs: number
  /** Entries of reflogs and of the operation log. */
  recordsBeforeMs: number
  /** The same where a commit is named that no ref reaches. */
  unreachableBeforeMs: number
  /** What interrupted transfers have brought. */
  partialBeforeMs: number
}

/** How far a collection is. */
export interface GarbageProgress {
  step: 'marking' | 'copying'
  blocks?: number
  bytes?: number
}

export interface CollectOptions extends AbortOptions {
  expiry: GarbageExpiry
  /** The command line, for those who have to wait. */
  command: string
  /** Says what would be removed, and changes nothing. */
  dryRun?: boolean
  /** Marks what the layer above refers to: called again, under the lock, for what has changed since. */
  markMore?: (marker: Marker) => Promise<void>
  /** How long to wait for those who write to come to their end, in milliseconds (default 10,000). */
  waitMs?: number
  onProgress?: ((progress: GarbageProgress) => void) | undefined
}

/** What a collection removed, or would remove. */
export interface CollectedGarbage {
  /** Blocks that nothing keeps. */
  removed: Swept
  /** How much smaller the store is, in bytes: consolidation included. Undefined for a dry run. */
  freedBytes: number | undefined
  /** Packs that were replaced. */
  packs: number
  expired: Pick<ExpiredRecords, 'reflogEntries' | 'operations'>
  /** Damaged blocks and packs that were met, and left as they are. */
  damaged: readonly LeftDamaged[]
}

/**
 * Removes what nothing in the repository refers to: see README.md for what is live, and why nothing live is lost beside
 * readers, writers and kills.
 *
 * Throws, with nothing removed: what is wrong with a ref, HEAD or the index, and what reading throws for a commit or
 * directory that they need and that is missing or corrupt (what it leads to would be unknown); ConflictError `locked`
 * (details: `holders`) while another collection runs, or a writer does not come to its end in time; `disk-full`.
 */
export async function collectGarbage(repository: Repository, options: CollectOptions): Promise<CollectedGarbage> {
  if (options.dryRun === true) return await new Collection(repository, options).preview()
  const { acquireLock } = await import('../../store/lock/lock.ts')
  using _alone = await acquireLock(repository.layout.gcLock, { command: options.command, signal: options.signal })
  return await new Collection(repository, options).run()
}

class Collection {
  readonly #repository: Repository
  readonly #options: CollectOptions
  readonly #marker: Marker
  /** The operations whose entries were marked, or have expired. */
  #seen = new Set<number>()

  constructor(repository: Repository, options: CollectOptions) {
    this.#repository = repository
    this.#options = options
    const { signal, onProgress } = options
    repository.store.refresh()
    this.#marker = createMarker(repository.store, createLiveBlocks(), {
      signal,
      onProgress: ({ blocks }) => onProgress?.({ step: 'marking', blocks }),
    })
  }

  async preview(): Promise<CollectedGarbage> {
    await this.#markReferences()
    const expired = this.#expire(false)
    await this.#markRest(expired.kept)
    return this.#result(this.#plan(), expired, undefined)
  }

  async run(): Promise<CollectedGarbage> {
    const { store } = this.#repository
    await this.#markReferences()
    const expired = await this.#expireLocked()
    await this.#markRest(expired.kept)
    const sweep = this.#plan()
    // The bulk is copied while others work: nothing is removed by it.
    await this.#copy(sweep, false)
    using _held = await holdBack(this.#repository, this.#options)
    store.refresh()
    // Nobody writes now, and nobody can refer to anything: what has changed since is marked, and copied too.
    await this.#markReferences()
    await markNewRecords(this.#repository.layout, this.#marker, this.#seen)
    await this.#markRest([])
    await this.#copy(sweep, true)
    const freedBytes = await sweep.remove()
    await dropPartialRoots(this.#partialRoots().expired)
    packRefs(createDurableChanges(this.#repository.layout.tmp), this.#repository.layout)
    return this.#result(sweep, expired, freedBytes)
  }

  /** Marks what must be there whole. */
  async #markReferences(): Promise<void> {
    await markRefs(this.#repository, this.#marker)
    await this.#options.markMore?.(this.#marker)
  }

  /** Marks what else is to be kept as far as it is there, young blocks last. */
  async #markRest(kept: readonly CID[]): Promise<void> {
    const marker = this.#marker
    for (const cid of kept) await marker.mark(cid, 'rest')
    for (const { cid } of this.#partialRoots().current) await marker.mark(cid, 'rest')
    await markState(this.#repository.layout, marker)
    const young = this.#repository.store.young(marker.live, { sinceMs: this.#options.expiry.blocksBeforeMs })
    for await (const cid of young) await marker.mark(cid, 'rest')
  }

  async #expireLocked(): Promise<ExpiredRecords> {
    // Whoever would keep us from sweeping is better met before the work than after it.
    using _held = await holdBack(this.#repository, this.#options)
    return this.#expire(true)
  }

  #expire(isApplied: boolean): ExpiredRecords {
    const { layout } = this.#repository
    const { recordsBeforeMs, unreachableBeforeMs } = this.#options.expiry
    const expiry = {
      allBeforeMs: recordsBeforeMs,
      unreachableBeforeMs,
      isReachable: (cid: CID) => this.#marker.live.find(cid.multihash.digest) !== -1,
    }
    const expired = expireRecords(layout, expiry, isApplied ? createDurableChanges(layout.tmp) : undefined)
    this.#seen = expired.seen
    return expired
  }

  #partialRoots(): { expired: PartialRoot[]; current: PartialRoot[] } {
    const { partialBeforeMs } = this.#options.expiry
    const roots = partialRoots(this.#repository.layout)
    return {
      expired: roots.filter(({ begunMs }) => begunMs < partialBeforeMs),
      current: roots.filter(({ begunMs }) => begunMs >= partialBeforeMs),
    }
  }

  #plan(): Sweep {
    return this.#repository.store.sweep(this.#marker.live, this.#options.expiry.blocksBeforeMs)
  }

  async #copy(sweep: Sweep, isAlone: boolean): Promise<void> {
    const { signal, onProgress } = this.#options
    let bytes = 0
    await sweep.copy({
      signal,
      isAlone,
      onProgress: (copied) => {
        bytes += copied
        onProgress?.({ step: 'copying', bytes })
      },
    })
  }

  #result(sweep: Sweep, { reflogEntries, operations }: ExpiredRecords, freedBytes: number | undefined) {
    const { garbage: removed, packs, damaged } = sweep
    return { removed, freedBytes, packs, expired: { reflogEntries, operations }, damaged }
  }
}
