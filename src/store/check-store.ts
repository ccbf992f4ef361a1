import { createHash } from 'node:crypto'

import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../model/block.ts'
import { cidOfDigest } from '../model/cid.ts'
import { IntegrityError } from '../model/errors.ts'
import { probableCodec } from './loose/loose-codec.ts'
import type { LooseBlocks } from './loose/loose.ts'
import { packCorruptError } from './pack/corrupt-errors.ts'
import { packSections } from './pack/pack-sections.ts'
import type { PackSet } from './pack/pack-set.ts'
import { type Pack, PackGoneError } from './pack/pack.ts'
import { matchesCid } from './verify-block.ts'

/** Something in the store that is not as it should be. */
export interface StoreFinding {
  /** A block that is not what its CID names, or a pack whose structure or index is damaged. */
  code: 'block-corrupt' | 'pack-corrupt'
  /** The damaged file. */
  path: string
  message: string
  /** The corrupt block; undefined for a pack. */
  cid: CID | undefined
  /** Whether a sound copy of the block is elsewhere in the store, so that nothing is lost. */
  hasSoundCopy: boolean
}

/** How far a check is. */
interface CheckProgress {
  blocks: number
  bytes: number
}

/** How the store is checked. */
export interface CheckOptions extends AbortOptions {
  onProgress?: (progress: CheckProgress) => void
  /** Looks at packs and their indexes alone, and reads no block. */
  structureOnly?: boolean
  /** Told of each copy of a block that is sound. Loose ones come with their probable codec. */
  onSound?: (cid: CID, sizeBytes: number) => void
}

/** Blocks between two reports of progress. */
const BLOCKS_PER_REPORT = 256

/**
 * Reads the whole store once, in constant memory, and yields what is wrong with it: the structure of each pack, its index
 * (complete, in order, no entry too many), the hash of every block. What is found is remembered, so that adding or
 * fetching such a block stores it again.
 */
export async function* checkStore(
  packs: PackSet,
  loose: LooseBlocks,
  options: CheckOptions = {},
): AsyncGenerator<StoreFinding> {
  const progress = { blocks: 0, bytes: 0 }
  const count = async (bytes: number): Promise<void> => {
    options.signal?.throwIfAborted()
    progress.bytes += bytes
    if (++progress.blocks % BLOCKS_PER_REPORT !== 0) return
    options.onProgress?.({ ...progress })
    await letOthersRun()
  }
  const check = options.structureOnly === true ? checkStructure : checkPack
  for (const pack of packs.list()) yield* check(packs, pack, count, options.onSound)
  if (options.structureOnly === true) return
  for await (const cid of loose.cids(options)) {
    try {
      const bytes = await loose.get(cid, options)
      if (bytes !== undefined) options.onSound?.(cidOfDigest(probableCodec(bytes), cid.multihash.digest), bytes.length)
      await count(bytes?.length ?? 0)
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error
      yield findingOf(error, String(error.details['path']), cid, packs.read(cid).bytes !== undefined)
    }
  }
  options.onProgress?.({ ...progress })
}

async function* checkPack(
  packs: PackSet,
  pack: Pack,
  count: (bytes: number) => Promise<void>,
  onSound: CheckOptions['onSound'],
): AsyncGenerator<StoreFinding> {
  let sections = 0
  let unlisted = 0
  try {
    for (const { cid, bytes, start } of packSections(pack)) {
      sections++
      if (pack.find(cid.multihash.code, cid.multihash.digest) !== start) unlisted++
      if (!matchesCid(cid, bytes)) {
        packs.noteDamage(pack, cid)
        const message = `block ${cid.toString()} is corrupt in ${pack.path}`
        yield {
          code: 'block-corrupt',
          path: pack.path,
          message,
          cid,
          hasSoundCopy: packs.read(cid).bytes !== undefined,
        }
      } else onSound?.(cid, bytes.length)
      await count(bytes.length)
    }
    const problem = pack.problem ?? indexProblem(pack, sections, unlisted)
    if (problem !== undefined) {
      packs.noteDamage(pack)
      yield findingOf(problem, pack.path, undefined, false)
    }
  } catch (error) {
    // Consolidated by another process in the meantime: its blocks are in a pack that is newer than this check.
    if (error instanceof PackGoneError) return
    if (!(error instanceof IntegrityError)) throw error
    packs.noteDamage(pack)
    yield findingOf(error, pack.path, undefined, false)
  }
}

/** The pack as a whole and its index. */
async function* checkStructure(packs: PackSet, pack: Pack): AsyncGenerator<StoreFinding> {
  try {
    const layout = pack.layout()
    const problem =
      layout === undefined
        ? (pack.problem ?? packCorruptError(pack.path, 'it is no whole pack'))
        : indexNameProblem(pack, layout)
    if (problem === undefined) return
    packs.noteDamage(pack)
    yield findingOf(problem, pack.path, undefined, false)
  } catch (error) {
    if (!(error instanceof PackGoneError)) throw error
  }
}

function indexProblem(pack: Pack, sections: number, unlisted: number): IntegrityError | undefined {
  const layout = pack.layout()
  if (layout === undefined) return packCorruptError(pack.path, 'it is no whole pack')
  const entries = layout.groups.reduce((sum, group) => sum + group.count, 0)
  if (unlisted > 0) return packCorruptError(pack.path, `its index misses ${unlisted} of ${sections} blocks`)
  if (entries !== sections)
    return packCorruptError(pack.path, `its index lists ${entries} blocks, there are ${sections}`)
  return indexNameProblem(pack, layout)
}

function indexNameProblem(pack: Pack, layout: { indexOffset: number; fileSize: number }): IntegrityError | undefined {
  const isNamedByIndex = /^[0-9a-f]{64}\.car$/u.test(pack.name)
  return isNamedByIndex && indexHash(pack, layout.indexOffset, layout.fileSize) !== pack.name
    ? packCorruptError(pack.path, 'its index is not the one that its name says')
    : undefined
}

/** As `packName`, of the index as it is in the file. */
function indexHash(pack: Pack, start: number, end: number): string {
  const hash = createHash('sha256')
  const step = 1024 * 1024
  for (let at = start; at < end; at += step) hash.update(pack.readAt(at, Math.min(step, end - at)))
  return `${hash.digest('hex')}.car`
}

function findingOf(error: IntegrityError, path: string, cid: CID | undefined, hasSoundCopy: boolean): StoreFinding {
  const code = error.code === 'block-corrupt' ? 'block-corrupt' : 'pack-corrupt'
  return { code, path, message: error.message, cid, hasSoundCopy }
}

function letOthersRun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
