import { CID } from 'multiformats/cid'

import { FIRST_SECTION_OFFSET, readVarint, sectionLayout } from '../pack/pack-format.ts'
import type { Pack } from '../pack/pack.ts'
import { matchesCid } from '../verify-block.ts'

/** Read at a time. */
const CHUNK_BYTES = 8 * 1024 * 1024

/** Enough for the length and the CID that a section begins with. */
const SECTION_START_BYTES = 128

/** What the multihash of every CID of ours begins with: sha2-256, 32 bytes. */
const SHA2_256_PREFIX = Uint8Array.of(0x12, 0x20)

/** What stands between the start of a CIDv1 and its multihash: the codecs raw, dag-pb and dag-json. */
const CODECS = ['0155', '0170', '01a902'].map((hex) => Buffer.from(hex, 'hex'))

/** A section whose block is what its CID names. */
export interface SoundSection {
  cid: CID
  /** Valid until the next section is asked for. */
  bytes: Uint8Array
  /** Where it ends in the file. */
  end: number
}

/**
 * All sound sections of a pack, whatever else is wrong with the file: header, index and lengths are not relied on. Where one
 * does not follow another, the next is looked for by what CIDs begin with, and believed if its block hashes to its CID.
 */
export function* soundSections(pack: Pack, sizeBytes: number): Generator<SoundSection> {
  const read = createReader(pack, sizeBytes)
  for (let at = FIRST_SECTION_OFFSET; at < sizeBytes;) {
    const section = readSound(read, at, sizeBytes) ?? nextSound(read, at + 1, sizeBytes)
    if (section === undefined) return
    yield section
    at = section.end
  }
}

type Read = (at: number, length: number) => Uint8Array

function createReader(pack: Pack, sizeBytes: number): Read {
  let start = 0
  let chunk = new Uint8Array(0)
  return (at, length) => {
    if (at < start || at + length > start + chunk.length) {
      start = at
      chunk = Uint8Array.from(pack.readAt(at, Math.min(Math.max(CHUNK_BYTES, length), sizeBytes - at)))
    }
    return chunk.subarray(at - start, at - start + length)
  }
}

function readSound(read: Read, at: number, sizeBytes: number): SoundSection | undefined {
  const layout = sectionLayout(read(at, Math.min(SECTION_START_BYTES, sizeBytes - at)), 0)
  if (layout === undefined || at + layout.end > sizeBytes) return undefined
  const section = read(at, layout.end)
  const cid = tryDecode(section.slice(layout.cidStart, layout.blockStart))
  const bytes = section.subarray(layout.blockStart)
  return cid !== undefined && matchesCid(cid, bytes) ? { cid, bytes, end: at + layout.end } : undefined
}

function nextSound(read: Read, from: number, sizeBytes: number): SoundSection | undefined {
  for (let at = from; at < sizeBytes; at += CHUNK_BYTES) {
    // A section that begins in this piece has its CID in what follows at the latest.
    const length = Math.min(CHUNK_BYTES + SECTION_START_BYTES, sizeBytes - at)
    const piece = Buffer.from(read(at, length))
    for (const start of sectionStarts(piece)) {
      const section = readSound(read, at + start, sizeBytes)
      if (section !== undefined) return section
    }
  }
  return undefined
}

/** Where sections could begin in a piece of a file: a length, and what a CID begins with. */
function* sectionStarts(piece: Buffer): Generator<number> {
  for (let hash = piece.indexOf(SHA2_256_PREFIX); hash !== -1; hash = piece.indexOf(SHA2_256_PREFIX, hash + 1)) {
    const codec = CODECS.find((each) => hash >= each.length && piece.subarray(hash - each.length, hash).equals(each))
    if (codec === undefined) continue
    const cidStart = hash - codec.length
    for (let start = Math.max(0, cidStart - 4); start < cidStart; start++) {
      if (readVarint(piece, start)?.next === cidStart) yield start
    }
  }
}

function tryDecode(bytes: Uint8Array): CID | undefined {
  try {
    return CID.decode(bytes)
  } catch {
    return undefined
  }
}
