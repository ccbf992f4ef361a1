import { statSync } from 'node:fs'

import { planConsolidation } from '../pack/consolidation-plan.ts'
import { countEntries, entryDigest, packEntries } from '../pack/pack-entries.ts'
import type { PackSet } from '../pack/pack-set.ts'
import { type Pack, PackGoneError } from '../pack/pack.ts'
import { type LiveBlocks, STAYS } from './live-blocks.ts'
import { sectionSpans, unwantedBytes } from './section-spans.ts'

/** A pack that is to be replaced. */
export interface DoomedPack {
  pack: Pack
  sizeBytes: number
  mtimeMs: number
  garbage: { blocks: number; bytes: number }
}

/** What is to become of the packs. */
export interface SweepPlan {
  /** Packs that go, once what is live in them is elsewhere. */
  doomed: DoomedPack[]
  /** Packs that are not touched. */
  stays: Pack[]
  /** Of `stays`: packs that cannot be read as such, so that nobody knows what is in them. */
  unreadable: Pack[]
}

/** Bytes that an entry takes in an index. */
const ENTRY_BYTES = 40

/**
 * Decides which packs are replaced: those with garbage, those whose live blocks all stand in others, and small ones where
 * there are too many. Live blocks of the others are marked with STAYS. A pack that goes meanwhile (consolidated by
 * another process) is left out.
 */
export function planSweep(packs: PackSet, live: LiveBlocks): SweepPlan {
  const plan: SweepPlan = { doomed: [], stays: [], unreadable: [] }
  const sound: DoomedPack[] = []
  for (const pack of packs.list()) {
    const surveyed = survey(pack, live)
    if (surveyed === undefined) continue
    if (pack.layout() === undefined || pack.problem !== undefined) plan.unreadable.push(pack)
    else if (surveyed.garbage.blocks > 0 || countEntries(pack) === 0) plan.doomed.push(surveyed)
    else sound.push(surveyed)
  }
  const small = new Set(planConsolidation(sound.map(({ sizeBytes }) => sizeBytes)))
  plan.doomed.push(...sound.filter((_, at) => small.has(at)))
  const kept = sound.filter((_, at) => !small.has(at)).sort((a, b) => b.sizeBytes - a.sizeBytes)
  for (const each of kept) {
    if (claim(packs, each.pack, live)) plan.stays.push(each.pack)
    else plan.doomed.push(each)
  }
  plan.stays.push(...plan.unreadable)
  return plan
}

function survey(pack: Pack, live: LiveBlocks): DoomedPack | undefined {
  try {
    let blocks = 0
    for (const { words, at } of packEntries(pack)) if (words !== undefined && live.findWords(words, at) === -1) blocks++
    const bytes = blocks === 0 ? 0 : unwantedBytes(sectionSpans(pack, live, () => true)) + blocks * ENTRY_BYTES
    const stat = statSync(pack.path, { throwIfNoEntry: false })
    if (stat === undefined) return undefined
    return { pack, sizeBytes: stat.size, mtimeMs: stat.mtimeMs, garbage: { blocks, bytes } }
  } catch (error) {
    if (error instanceof PackGoneError) return undefined
    throw error
  }
}

/** Marks what a pack holds; false where other packs hold all of it. */
function claim(packs: PackSet, pack: Pack, live: LiveBlocks): boolean {
  let isNeeded = false
  for (const entry of packEntries(pack)) {
    const digest = entryDigest(entry)
    const block = digest === undefined ? -1 : live.find(digest)
    if (digest !== undefined && packs.isDamagedBlock(pack, digest)) continue
    isNeeded ||= block === -1 || !live.is(block, STAYS)
    if (block !== -1) live.set(block, STAYS)
  }
  return isNeeded
}
