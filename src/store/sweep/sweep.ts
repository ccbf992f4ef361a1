import { existsSync, rmSync, utimesSync } from 'node:fs'
import { dirname } from 'node:path'

import type { CID } from 'multiformats/cid'

import { cidOfDigest, RAW, SHA2_256 } from '../../model/cid.ts'
import { IntegrityError } from '../../model/errors.ts'
import { syncDirectory } from '../durable.ts'
import { explainFsError } from '../fs-errors.ts'
import { probableCodec } from '../loose/loose-codec.ts'
import type { LooseBlocks, LooseFile } from '../loose/loose.ts'
import { packEntries } from '../pack/pack-entries.ts'
import type { PackSet } from '../pack/pack-set.ts'
import type { PackWriter, WrittenPack } from '../pack/pack-writer.ts'
import { type Pack, PackGoneError } from '../pack/pack.ts'
import { type LiveBlocks, SAFE, STAYS } from './live-blocks.ts'
import { type CopyContext, type CopyOptions, copyLive, type Round } from './live-copier.ts'
import { type DoomedPack, planSweep, type SweepPlan } from './sweep-plan.ts'

/** What a sweep works on. */
export interface SweptStore {
  packs: PackSet
  loose: LooseBlocks
  live: LiveBlocks
  /** Loose blocks written since then are left alone. */
  looseBeforeMs: number
  /** A writer that knows no other packs, told where each finished pack is. */
  createPack(options: { isAlone: boolean; onWritten: (written: WrittenPack) => void }): Promise<PackWriter>
  /** Told that packs are gone. */
  onRemoved(): Promise<void>
}

/** Blocks and the bytes that they take. */
export interface Swept {
  blocks: number
  bytes: number
}

/** Something that is damaged and was left as it is. */
export interface LeftDamaged {
  path: string
  /** The corrupt block; undefined where the pack itself cannot be read. */
  cid: CID | undefined
}

/** One removal of what is not live, in steps. */
export interface Sweep {
  /** What is not live, by the plan. */
  readonly garbage: Swept
  /** Packs that will be replaced. */
  readonly packs: number
  /** Damaged files met so far. */
  readonly damaged: readonly LeftDamaged[]
  /**
   * Copies what is live in packs that go (and loose, where it is old) into new packs, durably. Removes nothing, and may be
   * called again when more has become live: `isAlone` where the caller keeps all writers out by then.
   */
  copy(options: CopyOptions & { isAlone: boolean }): Promise<void>
  /**
   * Removes the packs that go and loose files that are not needed, and returns how many bytes the store is smaller than
   * before. The caller keeps all writers out, and has called `copy` since.
   */
  remove(): Promise<number>
}

/** Plans a sweep: nothing is changed. Packs that appear later are not touched. */
export function createSweep(store: SweptStore): Sweep {
  return new PlannedSweep(store, planSweep(store.packs, store.live))
}

class PlannedSweep implements Sweep {
  readonly garbage: Swept = { blocks: 0, bytes: 0 }
  readonly #store: SweptStore
  readonly #plan: SweepPlan
  readonly #written: WrittenPack[] = []
  readonly #damaged: LeftDamaged[] = []
  readonly #loose: { file: LooseFile; block: number }[] = []

  constructor(store: SweptStore, plan: SweepPlan) {
    this.#store = store
    this.#plan = plan
    for (const { path } of plan.unreadable) this.#damaged.push({ path, cid: undefined })
    for (const { garbage } of plan.doomed) this.#count(garbage)
    for (const file of store.loose.files()) {
      if (file.mtimeMs >= store.looseBeforeMs) continue
      const block = store.live.find(file.cid.multihash.digest)
      this.#loose.push({ file, block })
      if (block === -1) this.#count({ blocks: 1, bytes: file.sizeBytes })
    }
  }

  get damaged(): LeftDamaged[] {
    const { live } = this.#store
    const isLost = (cid: CID): boolean => !isOurs(cid) || !live.is(live.find(cid.multihash.digest), SAFE)
    return this.#damaged.filter(({ cid }) => cid === undefined || isLost(cid))
  }

  get packs(): number {
    return this.#plan.doomed.length
  }

  async copy(options: CopyOptions & { isAlone: boolean }): Promise<void> {
    const { isAlone } = options
    const writer = await this.#store.createPack({ isAlone, onWritten: (written) => this.#written.push(written) })
    try {
      const context = this.#copyContext()
      for (const round of ['leaves', 'nodes'] as const) {
        for (const doomed of this.#plan.doomed) await this.#copyPack(doomed, writer, round, context, options)
        for (const { file } of this.#loose) await this.#copyLoose(file, writer, round)
      }
      await writer.finish()
      this.#keepAge()
    } catch (error) {
      writer.abort()
      throw error
    }
  }

  async remove(): Promise<number> {
    const { loose, live } = this.#store
    let freed = 0 - this.#written.reduce((sum, { bytes }) => sum + bytes, 0)
    const folders = new Set<string>()
    for (const { pack, sizeBytes } of this.#plan.doomed) {
      if (this.#isNeeded(pack)) continue
      remove(pack.path)
      folders.add(dirname(pack.path))
      freed += sizeBytes
    }
    for (const { file } of this.#loose) {
      const block = live.find(file.cid.multihash.digest)
      if (block !== -1 && !live.is(block, SAFE)) continue
      await loose.delete(file.cid)
      folders.add(dirname(file.path))
      freed += file.sizeBytes
    }
    for (const folder of folders) if (existsSync(folder)) await syncDirectory(folder)
    await this.#store.onRemoved()
    return freed
  }

  #count({ blocks, bytes }: Swept): void {
    this.garbage.blocks += blocks
    this.garbage.bytes += bytes
  }

  #copyContext(): CopyContext {
    const { packs, live } = this.#store
    return {
      live,
      isSoundElsewhere: (cid) => this.#plan.stays.some((pack) => isSoundIn(packs, pack, cid)),
      onCorrupt: (pack, cid) => {
        packs.noteDamage(pack, cid)
        this.#noteDamaged({ path: pack.path, cid })
      },
    }
  }

  async #copyPack(
    { pack }: DoomedPack,
    writer: PackWriter,
    round: Round,
    context: CopyContext,
    options: CopyOptions,
  ): Promise<void> {
    try {
      await copyLive(pack, writer, round, context, options)
    } catch (error) {
      // Consolidated by another process in the meantime: all its blocks are in a pack that is not touched.
      if (error instanceof PackGoneError) return
      if (!(error instanceof IntegrityError)) throw error
      this.#store.packs.noteDamage(pack)
      this.#noteDamaged({ path: pack.path, cid: undefined })
    }
  }

  async #copyLoose({ cid, path }: LooseFile, writer: PackWriter, round: Round): Promise<void> {
    const { loose, live } = this.#store
    const block = live.find(cid.multihash.digest)
    if (block === -1 || live.is(block, SAFE)) return
    try {
      const bytes = await loose.get(cid)
      if (bytes === undefined) return
      const codec = probableCodec(bytes)
      if ((codec === RAW) !== (round === 'leaves')) return
      const isThere = live.is(block, STAYS) && this.#copyContext().isSoundElsewhere(cid)
      if (!isThere) writer.add({ cid: cidOfDigest(codec, cid.multihash.digest), bytes })
      live.set(block, SAFE)
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error
      this.#noteDamaged({ path, cid })
    }
  }

  /** The last look before a pack goes: everything live in it must have been verified elsewhere. */
  #isNeeded(pack: Pack): boolean {
    const { live } = this.#store
    if (this.#written.some(({ path }) => path === pack.path)) return true
    try {
      for (const { words, at } of packEntries(pack)) {
        const block = words === undefined ? -1 : live.findWords(words, at)
        if (block !== -1 && !live.is(block, SAFE)) return true
      }
      return this.#damaged.some(({ path, cid }) => path === pack.path && (cid === undefined || !isOurs(cid)))
    } catch (error) {
      if (error instanceof PackGoneError) return true
      throw error
    }
  }

  #noteDamaged(damage: LeftDamaged): void {
    const { path, cid } = damage
    if (!this.#damaged.some((known) => known.path === path && String(known.cid) === String(cid)))
      this.#damaged.push(damage)
  }

  /** What was moved does not become younger: a block that is not needed any more would be kept for longer. */
  #keepAge(): void {
    const newestMs = Math.max(0, ...this.#plan.doomed.map(({ mtimeMs }) => mtimeMs))
    if (newestMs === 0) return
    for (const { path } of this.#written) {
      // Another process may have consolidated it by now.
      if (existsSync(path)) utimesSync(path, newestMs / 1000, newestMs / 1000)
    }
  }
}

function isSoundIn(packs: PackSet, pack: Pack, cid: CID): boolean {
  try {
    const { code, digest } = cid.multihash
    const start = packs.isDamagedBlock(pack, digest) ? -1 : pack.find(code, digest)
    if (start === -1) return false
    pack.read(start, cid)
    return true
  } catch (error) {
    if (error instanceof IntegrityError || error instanceof PackGoneError) return false
    throw error
  }
}

function isOurs({ multihash }: CID): boolean {
  return multihash.code === SHA2_256 && multihash.digest.length === 32
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch (error) {
    throw explainFsError(error, path)
  }
}
