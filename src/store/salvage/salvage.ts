import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

import type { AbortOptions } from '../../model/block.ts'
import { syncDirectory } from '../durable.ts'
import { explainFsError } from '../fs-errors.ts'
import type { PackSet } from '../pack/pack-set.ts'
import type { PackWriter } from '../pack/pack-writer.ts'
import { type Pack, PackGoneError } from '../pack/pack.ts'
import { soundSections } from './sound-sections.ts'

/** What became of a damaged file. */
export interface Salvaged {
  /** Where it was. */
  path: string
  /** Blocks of it that are sound, and in a pack of their own now. */
  blocks: number
  /** Where the damaged file is now; undefined where a sound one has taken its place. */
  aside: string | undefined
}

/** What is worked on. */
export interface DamagedStore {
  packs: PackSet
  /** Files found damaged: packs, and loose blocks. */
  paths: Iterable<string>
  /** The folder into which they are put. */
  asideFolder: string
  /** A writer that knows no other packs. */
  createPack(): Promise<PackWriter>
}

/** Bytes given to the writer before we wait for its writes. */
const BYTES_IN_FLIGHT = 4 * 1024 * 1024

/**
 * Saves what is sound in damaged packs: into a new pack each, durable before the damaged file is put aside, where it stays.
 * Damaged loose blocks are put aside.
 */
export async function* salvage(store: DamagedStore, options: AbortOptions = {}): AsyncGenerator<Salvaged> {
  const packs = new Map(store.packs.list().map((pack) => [pack.path, pack]))
  for (const path of new Set(store.paths)) {
    const pack = packs.get(path)
    try {
      yield pack === undefined
        ? { path, blocks: 0, aside: await putAside(path, join(store.asideFolder, 'loose')) }
        : await salvagePack(pack, store, options)
    } catch (error) {
      // Merged by another process in the meantime.
      if (!(error instanceof PackGoneError)) throw error
    }
  }
}

async function salvagePack(
  pack: Pack,
  { packs, asideFolder, createPack }: DamagedStore,
  { signal }: AbortOptions,
): Promise<Salvaged> {
  const { path } = pack
  const writer = await createPack()
  try {
    let inFlight = 0
    for (const { cid, bytes } of soundSections(pack, sizeOf(path))) {
      signal?.throwIfAborted()
      writer.add({ cid, bytes: Uint8Array.from(bytes) })
      inFlight += bytes.length
      if (inFlight < BYTES_IN_FLIGHT) continue
      inFlight = 0
      await writer.drain()
    }
    const { blocks } = writer
    const written = await writer.finish()
    // Nothing but its index was damaged: the new one has the same name.
    const aside = written?.path === path ? undefined : await putAside(path, join(asideFolder, 'packs'))
    packs.noteChange(path)
    return { path, blocks, aside }
  } finally {
    writer.abort()
  }
}

function sizeOf(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw new PackGoneError(path)
  return stat.size
}

/** Moves a file into a folder, durably, under its own name or that and a number. */
export async function putAside(path: string, folder: string): Promise<string> {
  try {
    mkdirSync(folder, { recursive: true })
    let target = join(folder, basename(path))
    for (let number = 1; existsSync(target); number++) target = join(folder, `${basename(path)}.${number}`)
    renameSync(path, target)
    // The new name is durable before the old one is gone for good.
    for (const each of new Set([folder, dirname(folder), dirname(path)])) await syncDirectory(each)
    return target
  } catch (error) {
    throw explainFsError(error, path)
  }
}
