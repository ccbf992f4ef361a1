import { rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { RAW } from '../../model/cid.ts'
import { IntegrityError } from '../../model/errors.ts'
import { syncDirectory } from '../durable.ts'
import { explainFsError, fsErrorCode } from '../fs-errors.ts'
import { matchesCid } from '../verify-block.ts'
import { planConsolidation } from './consolidation-plan.ts'
import { packSections } from './pack-sections.ts'
import type { PackSet } from './pack-set.ts'
import type { PackWriter } from './pack-writer.ts'
import type { Pack } from './pack.ts'

/** How far a consolidation is. */
interface ConsolidationProgress {
  /** Bytes of packs copied so far, and to copy. */
  done: number
  total: number
}

/** How packs are merged. */
export interface ConsolidateOptions extends AbortOptions {
  /** Merges all packs into one, also where there are few and where they are large. */
  all?: boolean
  onProgress?: (progress: ConsolidationProgress) => void
}

/** What a consolidation did. */
export interface Consolidation {
  /** File names of the packs that were merged and removed. */
  removed: string[]
  /** Path of the new pack; undefined where nothing was done. */
  added: string | undefined
}

/** Bytes given to the writer before we wait for its writes. */
const BYTES_IN_FLIGHT = 4 * 1024 * 1024

/**
 * Merges small packs into one where there are too many (`planConsolidation`), in constant memory beside the new index.
 *
 * The new pack is durable before the old ones are removed; whoever reads from one that is gone lists the packs again.
 * Every block is verified on its way. A pack in which something is known to be corrupt is left alone unless `all` is
 * asked for; one is never removed while it has a block of which there is no sound copy elsewhere.
 * The caller holds the lock of the repository: two consolidations at once would copy the same packs.
 */
export async function consolidatePacks(
  packs: PackSet,
  createPack: () => Promise<PackWriter>,
  options: ConsolidateOptions = {},
): Promise<Consolidation> {
  const { chosen, total } = await choosePacks(packs, options.all ?? false)
  if (chosen.length < 2) return { removed: [], added: undefined }
  const writer = await createPack()
  try {
    const copy = createCopy(packs, writer, total, options)
    const merged: Pack[] = []
    for (const pack of chosen) if (await copy.leaves(pack)) merged.push(pack)
    for (const pack of chosen) await copy.others(pack)
    const written = await writer.finish()
    const obsolete = merged.filter((pack) => pack.path !== written?.path)
    for (const pack of obsolete) await rm(pack.path, { force: true })
    const [first] = obsolete
    if (first !== undefined) await syncDirectory(dirname(first.path))
    packs.noteChange()
    return { removed: obsolete.map((pack) => pack.name), added: written?.path }
  } catch (error) {
    writer.abort()
    throw error
  }
}

async function choosePacks(packs: PackSet, all: boolean): Promise<{ chosen: Pack[]; total: number }> {
  const sized: { pack: Pack; size: number }[] = []
  for (const pack of packs.list()) {
    const size = await sizeOf(pack)
    const isFit = size !== undefined && (all ? pack.layout() !== undefined : !packs.isDamaged(pack))
    if (isFit) sized.push({ pack, size })
  }
  const places = all ? [...sized.keys()] : planConsolidation(sized.map(({ size }) => size))
  const chosen = places.flatMap((place) => sized[place] ?? [])
  return { chosen: chosen.map(({ pack }) => pack), total: chosen.reduce((sum, { size }) => sum + size, 0) }
}

/**
 * Copies blocks into the new pack in two rounds, because blocks of directories, commits and tags stand together after
 * the leaves: what a `log` or `status` reads is then close by.
 */
function createCopy(packs: PackSet, writer: PackWriter, total: number, { signal, onProgress }: ConsolidateOptions) {
  const later = new Map<Pack, number[]>()
  let done = 0
  let inFlight = 0

  const add = async (cid: CID, bytes: Uint8Array): Promise<void> => {
    signal?.throwIfAborted()
    writer.add({ cid, bytes })
    inFlight += bytes.length
    if (inFlight < BYTES_IN_FLIGHT) return
    inFlight = 0
    await writer.drain()
    onProgress?.({ done, total })
  }

  const addLeaves = async (pack: Pack, starts: number[]): Promise<boolean> => {
    let isDispensable = true
    for (const { cid, bytes, start } of packSections(pack)) {
      done += bytes.length
      if (!matchesCid(cid, bytes)) {
        packs.noteDamage(pack, cid)
        isDispensable &&= packs.read(cid).bytes !== undefined
      } else if (cid.code === RAW) await add(cid, bytes)
      else starts.push(start)
    }
    return isDispensable
  }

  return {
    /** Copies the leaves of a pack; true where nothing would be lost with it. */
    leaves: async (pack: Pack): Promise<boolean> => {
      const starts: number[] = []
      later.set(pack, starts)
      try {
        return await addLeaves(pack, starts)
      } catch (error) {
        if (!(error instanceof IntegrityError)) throw error
        packs.noteDamage(pack)
        return false
      }
    },
    /** Copies the other blocks of a pack, found when its leaves were copied. */
    others: async (pack: Pack): Promise<void> => {
      for (const start of later.get(pack) ?? []) {
        const { cid, bytes } = pack.section(start)
        await add(cid, bytes)
      }
    },
  }
}

async function sizeOf(pack: Pack): Promise<number | undefined> {
  try {
    return (await stat(pack.path)).size
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return undefined
    throw explainFsError(error, pack.path)
  }
}
