import { hash } from 'node:crypto'
import { writeSync } from 'node:fs'

import { RAW, SHA2_256 } from '../../model/cid.ts'
import { CHUNK_SIZE } from '../../model/limits.ts'
import { sectionSize, writeVarint } from './pack-format.ts'
import type { Placement } from './pack-writer.ts'

/** The start of a raw leaf's CID: CIDv1, raw, sha2-256, 32 bytes. */
const CID_PREFIX = Uint8Array.of(0x01, RAW, SHA2_256, 32)
const CID_SIZE = CID_PREFIX.length + 32

/** Memory of one slot: four leaves of a big file, or a thousand small files. */
const SLOT_BYTES = 4 * sectionSize(CID_SIZE, CHUNK_SIZE)

/** Sections in one slot, however small they are. */
const SLOT_SECTIONS = 4096

/** The pack, or what stands for it in another thread: which sections are to be stored, and where. */
export interface SectionSink {
  place(digests: Uint32Array, sizes: Uint32Array, count: number): Placement | Promise<Placement>
  placed(bytes: number): void
}

/**
 * Composes the sections of raw leaves in memory, and writes those that are new straight into the pack's file.
 *
 * Two slots take turns: one is filled while the other waits for the sink's answer. Their memory is used again and
 * again, because fresh memory for each chunk would cost a third of the time. For each leaf: `await turn()` unless
 * `fits`, `open`, put its bytes into `bytes` at the place returned, `close`.
 */
export interface SectionPipeline {
  /** The memory of the slot that is being filled. */
  readonly bytes: Buffer
  /** Whether the slot has room for a leaf of so many bytes. */
  fits(length: number): boolean
  /** Gives the slot away to be written, and takes the other as soon as that is written. */
  turn(): Promise<void>
  /** Begins a section, and returns where in `bytes` the leaf's `length` bytes go. */
  open(length: number): number
  /** Hashes the leaf begun last and counts its section in; writes its digest to `digests` as words at `at`. */
  close(digests: Uint32Array, at: number): void
  /** A point to which `rewind` goes back, forgetting the sections since; those already given away stay. */
  mark(): number
  rewind(mark: number): void
  /** Gives the slot away, and resolves when everything so far is written. The caller may go on before that. */
  flush(): Promise<{ written: Promise<void> }>
}

/** Makes a pipeline before a pack. */
export function createSectionPipeline(sink: SectionSink): SectionPipeline {
  return new TwoSlots(sink)
}

interface Slot {
  bytes: Buffer
  filled: number
  count: number
  sizes: Uint32Array
  digestWords: Uint32Array
  digestBytes: Buffer
  /** Settled when what was in the slot is written. */
  written: Promise<void>
}

class TwoSlots implements SectionPipeline {
  readonly #sink: SectionSink
  #current = createSlot()
  #other: Slot | undefined
  /** Slots given away so far. */
  #turns = 0
  /** Where the leaf that is open begins, and its length. */
  #blockStart = 0
  #blockLength = 0
  /** Settled when everything that was given away is written. */
  #written: Promise<void> = Promise.resolve()

  constructor(sink: SectionSink) {
    this.#sink = sink
  }

  get bytes(): Buffer {
    return this.#current.bytes
  }

  fits(length: number): boolean {
    const { filled, count } = this.#current
    return filled + sectionSize(CID_SIZE, length) <= SLOT_BYTES && count < SLOT_SECTIONS
  }

  async turn(): Promise<void> {
    const full = this.#current
    this.#written = this.#store(full, this.#written)
    full.written = this.#written
    // Whoever waits for the slot gets the failure; nobody waiting yet is no reason to crash.
    full.written.catch(() => {})
    this.#current = this.#other ?? createSlot()
    this.#other = full
    this.#turns++
    await this.#current.written
    this.#current.filled = 0
    this.#current.count = 0
  }

  open(length: number): number {
    const { bytes, filled } = this.#current
    const cid = writeVarint(bytes, filled, CID_SIZE + length)
    bytes.set(CID_PREFIX, cid)
    this.#blockStart = cid + CID_SIZE
    this.#blockLength = length
    return this.#blockStart
  }

  close(digests: Uint32Array, at: number): void {
    const slot = this.#current
    const end = this.#blockStart + this.#blockLength
    // A string of the digest's bytes is cheaper to make and to copy than a Buffer of 32 bytes.
    const digest = hash('sha256', slot.bytes.subarray(this.#blockStart, end), 'binary')
    slot.bytes.write(digest, this.#blockStart - 32, 'latin1')
    slot.digestBytes.write(digest, slot.count * 32, 'latin1')
    for (let word = 0; word < 8; word++) digests[at + word] = slot.digestWords[slot.count * 8 + word]!
    slot.sizes[slot.count++] = end - slot.filled
    slot.filled = end
  }

  mark(): number {
    return this.#turns * SLOT_SECTIONS * 2 + this.#current.count
  }

  rewind(mark: number): void {
    const slot = this.#current
    const isThisTurn = Math.floor(mark / (SLOT_SECTIONS * 2)) === this.#turns
    const count = isThisTurn ? mark % (SLOT_SECTIONS * 2) : 0
    while (slot.count > count) slot.filled -= slot.sizes[--slot.count]!
  }

  async flush(): Promise<{ written: Promise<void> }> {
    if (this.#current.count > 0) await this.turn()
    return { written: this.#written }
  }

  async #store(slot: Slot, before: Promise<void>): Promise<void> {
    const { digestWords, sizes, count } = slot
    const placement = await this.#sink.place(digestWords, sizes, count)
    await before
    if (placement.fd === -1) return
    const length = dropKnown(slot, placement.accepted)
    for (let done = 0; done < length;) {
      done += writeSync(placement.fd, slot.bytes, done, length - done, placement.position + done)
    }
    this.#sink.placed(length)
  }
}

function createSlot(): Slot {
  const digestWords = new Uint32Array(SLOT_SECTIONS * 8)
  return {
    bytes: Buffer.allocUnsafeSlow(SLOT_BYTES),
    filled: 0,
    count: 0,
    sizes: new Uint32Array(SLOT_SECTIONS),
    digestWords,
    digestBytes: Buffer.from(digestWords.buffer),
    written: Promise.resolve(),
  }
}

/** Moves the accepted sections together at the start of the slot, and returns how many bytes they are. */
function dropKnown({ bytes, sizes, count }: Slot, accepted: Uint8Array): number {
  let from = 0
  let to = 0
  for (let section = 0; section < count; section++) {
    const size = sizes[section]!
    if (accepted[section] === 1) {
      if (from !== to) bytes.copyWithin(to, from, from + size)
      to += size
    }
    from += size
  }
  return to
}
