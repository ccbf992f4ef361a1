import { hash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'

import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { RAW, SHA2_256 } from '../../model/cid.ts'
import { explainFsError } from '../fs-errors.ts'
import { packCorruptError } from '../pack/corrupt-errors.ts'
import { sectionLayout, type SectionLayout } from '../pack/pack-format.ts'
import { decodeCid } from '../pack/pack-sections.ts'
import type { PackWriter } from '../pack/pack-writer.ts'
import type { Pack } from '../pack/pack.ts'
import { matchesCid } from '../verify-block.ts'
import { type LiveBlocks, SAFE, STAYS } from './live-blocks.ts'
import { sectionSpans, wantedRuns } from './section-spans.ts'

/** Sections are read, and written, in pieces of about so many bytes. */
const BATCH_BYTES = 4 * 1024 * 1024

/** A new pack is made durable, and the next begun, at so many bytes. */
const ROLL_BYTES = 4 * 1024 * 1024 * 1024

export interface CopyOptions extends AbortOptions {
  /** Told of the bytes that were copied. */
  onProgress?: ((bytes: number) => void) | undefined
}

/** What copying asks of its surroundings. */
export interface CopyContext {
  live: LiveBlocks
  /** Whether a sound copy of a block is in a pack that stays. Reads it. */
  isSoundElsewhere(cid: CID): boolean
  /** Told of a live block that is corrupt here. */
  onCorrupt(pack: Pack, cid: CID): void
}

/** Which sections of a pack are copied: leaves stand before all others in a new pack. */
export type Round = 'leaves' | 'nodes'

/**
 * Copies the live blocks of a pack that are not SAFE yet, verified, into a new one, and marks them SAFE. Neighbours are
 * read in one piece. A corrupt block is told and passed over. Throws IntegrityError `pack-corrupt` where a section is not
 * where the index says, PackGoneError, and what the writer throws.
 */
export async function copyLive(
  pack: Pack,
  writer: PackWriter,
  round: Round,
  context: CopyContext,
  { signal, onProgress }: CopyOptions,
): Promise<void> {
  const { live } = context
  const batch = createBatch(writer, live)
  for (const run of wantedRuns(
    sectionSpans(pack, live, (block) => !live.is(block, SAFE)),
    BATCH_BYTES,
  )) {
    const bytes = pack.readAt(run.start, run.end - run.start)
    if (bytes.length === 0) throw packCorruptError(pack.path, `no section at byte ${run.start}`)
    let at = 0
    while (at < bytes.length) {
      const section = sectionLayout(bytes, at)
      if (section === undefined || section.end > bytes.length) {
        throw packCorruptError(pack.path, `no section at byte ${run.start + at}`)
      }
      if (isLeaf(bytes, section) === (round === 'leaves')) copySection(pack, bytes, at, section, { batch, context })
      at = section.end
    }
    if (!batch.isFull) continue
    onProgress?.(batch.flush())
    if (writer.bytes > ROLL_BYTES) await writer.checkpoint()
    await setImmediate()
    signal?.throwIfAborted()
  }
  onProgress?.(batch.flush())
}

function copySection(
  pack: Pack,
  bytes: Uint8Array,
  start: number,
  section: SectionLayout,
  { batch, context }: { batch: Batch; context: CopyContext },
): void {
  const { live, isSoundElsewhere, onCorrupt } = context
  const digest = bytes.subarray(section.digestStart, section.blockStart)
  const content = bytes.subarray(section.blockStart, section.end)
  const cid = (): CID => decodeCid(pack.path, bytes.subarray(section.cidStart, section.blockStart))
  if (section.hashCode !== SHA2_256 || digest.length !== 32) {
    if (matchesCid(cid(), content)) batch.writer.add({ cid: cid(), bytes: Uint8Array.from(content) })
    else onCorrupt(pack, cid())
    return
  }
  const block = live.find(digest)
  if (block === -1 || live.is(block, SAFE)) return
  if (live.is(block, STAYS) && isSoundElsewhere(cid())) live.set(block, SAFE)
  else if (Buffer.compare(hash('sha256', content, 'buffer'), digest) === 0) {
    batch.push(bytes.subarray(start, section.end), digest, block)
  } else onCorrupt(pack, cid())
}

function isLeaf(bytes: Uint8Array, { cidStart }: SectionLayout): boolean {
  return bytes[cidStart] === 1 && bytes[cidStart + 1] === RAW
}

/** Verified sections on their way into a pack. */
interface Batch {
  readonly writer: PackWriter
  readonly isFull: boolean
  push(section: Uint8Array, digest: Uint8Array, block: number): void
  /** Writes what was pushed, and returns how many bytes that is. */
  flush(): number
}

function createBatch(writer: PackWriter, live: LiveBlocks): Batch {
  let pieces: Uint8Array[] = []
  let blocks: number[] = []
  let digests = new Uint8Array(32 * 1024)
  let size = 0
  return {
    writer,
    get isFull() {
      return size >= BATCH_BYTES
    },
    push(section, digest, block) {
      if ((blocks.length + 1) * 32 > digests.length)
        digests = new Uint8Array(digests.buffer.transfer(digests.length * 2))
      digests.set(digest, blocks.length * 32)
      pieces.push(section)
      blocks.push(block)
      size += section.length
    },
    flush() {
      const written = size
      writePlaced(writer, pieces, new Uint32Array(digests.buffer))
      for (const block of blocks) live.set(block, SAFE)
      pieces = []
      blocks = []
      size = 0
      return written
    },
  }
}

/** Writes sections to where the pack wants them. */
function writePlaced(writer: PackWriter, sections: readonly Uint8Array[], digests: Uint32Array): void {
  if (sections.length === 0) return
  const sizes = Uint32Array.from(sections, ({ length }) => length)
  const { fd, position, accepted } = writer.place(digests, sizes, sections.length)
  if (fd === -1) return
  const bytes = Buffer.concat(sections.filter((_, at) => accepted[at] === 1))
  try {
    for (let done = 0; done < bytes.length;) {
      done += writeSync(fd, bytes, done, bytes.length - done, position + done)
    }
  } catch (error) {
    writer.fail(error)
    throw explainFsError(error, writer.path)
  }
  writer.placed(bytes.length)
}
