import { SHA2_256 } from '../../model/cid.ts'
import { PAYLOAD_OFFSET } from './pack-format.ts'
import type { Pack } from './pack.ts'

/** Entries read at a time. */
const PIECE_ENTRIES = 16_384

/** 32 bytes of digest, and an offset of 8. */
const ENTRY_WORDS = 10

/** One entry of a pack's index. The same object is given again and again. */
export interface PackEntry {
  /** Where the section starts in the file. */
  start: number
  /** The digest is the eight words from `at` on; undefined for a block of another hash function than sha2-256. */
  words: Uint32Array | undefined
  at: number
}

/**
 * All entries of a pack's index in its own order, by digest, in constant memory; none where it is no whole pack. Throws
 * PackGoneError where the file is not there any more.
 */
export function* packEntries(pack: Pack): Generator<PackEntry> {
  const entry: PackEntry = { start: 0, words: undefined, at: 0 }
  for (const { hashCode, digestSize, start, count } of pack.layout()?.groups ?? []) {
    const width = digestSize + 8
    const isOurs = hashCode === SHA2_256 && digestSize === 32
    for (let first = 0; first < count; first += PIECE_ENTRIES) {
      const size = Math.min(PIECE_ENTRIES, count - first)
      const bytes = pack.readAt(start + first * width, size * width)
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      entry.words = isOurs ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2) : undefined
      for (let i = 0; i < Math.floor(bytes.length / width); i++) {
        const offset = i * width + digestSize
        entry.at = i * ENTRY_WORDS
        entry.start = PAYLOAD_OFFSET + view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32
        yield entry
      }
    }
  }
}

/** The digest of an entry as bytes: a view that is valid until the next entry is asked for. */
export function entryDigest({ words, at }: PackEntry): Uint8Array | undefined {
  return words === undefined ? undefined : new Uint8Array(words.buffer, words.byteOffset + at * 4, 32)
}

/** How many entries the index of a pack has. */
export function countEntries(pack: Pack): number {
  return (pack.layout()?.groups ?? []).reduce((sum, { count }) => sum + count, 0)
}
