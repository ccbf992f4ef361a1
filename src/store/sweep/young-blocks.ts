import { statSync } from 'node:fs'

import { CID } from 'multiformats/cid'

import { IntegrityError } from '../../model/errors.ts'
import { probableCodec } from '../loose/loose-codec.ts'
import type { LooseBlocks } from '../loose/loose.ts'
import { packEntries } from '../pack/pack-entries.ts'
import { sectionLayout } from '../pack/pack-format.ts'
import { decodeCid } from '../pack/pack-sections.ts'
import type { PackSet } from '../pack/pack-set.ts'
import { type Pack, PackGoneError } from '../pack/pack.ts'
import type { LiveBlocks } from './live-blocks.ts'

/** Enough for the length and the CID that a section begins with. */
const SECTION_START_BYTES = 128

/** What is asked of a set of blocks: the number of a block, or -1. */
export type KnownNumbers = Pick<LiveBlocks, 'find' | 'findWords'>

/** A span of time, in milliseconds since the epoch. */
export interface WrittenIn {
  sinceMs: number
  /** Default: without end. */
  beforeMs?: number
}

/**
 * The blocks that are not live, in packs and loose files written in a span of time. Those in packs are not read, and loose
 * ones come with their probable codec. A corrupt loose block comes as a leaf.
 */
export async function* youngBlocks(
  packs: PackSet,
  loose: LooseBlocks,
  live: KnownNumbers,
  { sinceMs, beforeMs = Infinity }: WrittenIn,
): AsyncGenerator<CID> {
  const isMeant = (mtimeMs: number): boolean => mtimeMs >= sinceMs && mtimeMs < beforeMs
  for (const pack of packs.list()) {
    const stat = statSync(pack.path, { throwIfNoEntry: false })
    if (stat !== undefined && isMeant(stat.mtimeMs)) yield* unmarked(pack, live)
  }
  for (const { cid, mtimeMs } of loose.files()) {
    if (isMeant(mtimeMs) && live.find(cid.multihash.digest) === -1) yield await withCodec(loose, cid)
  }
}

async function withCodec(loose: LooseBlocks, cid: CID): Promise<CID> {
  try {
    const bytes = await loose.get(cid)
    return bytes === undefined ? cid : CID.createV1(probableCodec(bytes), cid.multihash)
  } catch (error) {
    if (error instanceof IntegrityError) return cid
    throw error
  }
}

function* unmarked(pack: Pack, live: KnownNumbers): Generator<CID> {
  try {
    const starts: number[] = []
    for (const { words, at, start } of packEntries(pack)) {
      if (words !== undefined && live.findWords(words, at) === -1) starts.push(start)
    }
    for (const start of starts.sort((a, b) => a - b)) {
      const bytes = pack.readAt(start, SECTION_START_BYTES)
      const section = sectionLayout(bytes, 0)
      // What is no section cannot be read either: the pack is damaged, and stays as it is.
      if (section !== undefined) yield decodeCid(pack.path, bytes.subarray(section.cidStart, section.blockStart))
    }
  } catch (error) {
    if (!(error instanceof PackGoneError)) throw error
  }
}
