import type { Lines } from './lines.ts'

/**
 * Gives equal lines one number, whatever text they stand in, so that texts are compared number by number. It keeps one
 * copy of each different line, and nothing else of the texts.
 */
export interface LineClasses {
  /** The numbers of the lines of a text: from 0, in order of first appearance. */
  classify(lines: Lines): Int32Array
  /** The number of one line: the bytes from `start` to before `end`. */
  classOf(bytes: Uint8Array, start: number, end: number): number
  /** How many numbers were given. */
  readonly count: number
}

/**
 * Makes a numbering that knows no line yet. With `borrows` it keeps the texts themselves instead of copies of lines: less, where
 * they are needed as long anyway and do not change.
 */
export function createLineClasses({ borrows = false }: { borrows?: boolean } = {}): LineClasses {
  return new HashedLines(borrows)
}

const INITIAL_SLOTS = 1024
const CHUNK_BYTES = 1 << 16

/** A hash table with open addressing; the bytes of the lines stand in chunks. */
class HashedLines implements LineClasses {
  count = 0
  /** A class plus one; 0 where a slot is free. */
  #slots = new Int32Array(INITIAL_SLOTS)
  #hashes = new Int32Array(INITIAL_SLOTS)
  #chunkOf = new Int32Array(INITIAL_SLOTS)
  #starts = new Int32Array(INITIAL_SLOTS)
  #lengths = new Int32Array(INITIAL_SLOTS)
  /** Copies of lines, one after the other; or whole texts. */
  readonly #chunks: Uint8Array[] = []
  #usedOfLast = CHUNK_BYTES
  readonly #borrows: boolean

  constructor(borrows: boolean) {
    this.#borrows = borrows
  }

  classify({ bytes, count, starts }: Lines): Int32Array {
    const classes = new Int32Array(count)
    for (let line = 0; line < count; line++) {
      classes[line] = this.classOf(bytes, starts[line] as number, starts[line + 1] as number)
    }
    return classes
  }

  classOf(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end)
    const mask = this.#slots.length - 1
    let slot = (hash ^ (hash >>> 15)) & mask
    for (let found = this.#slots[slot] as number; found !== 0; found = this.#slots[slot] as number) {
      if (this.#hashes[found - 1] === hash && this.#isLine(found - 1, bytes, start, end)) return found - 1
      slot = (slot + 1) & mask
    }
    this.#slots[slot] = this.count + 1
    return this.#append(hash, bytes, start, end)
  }

  #isLine(known: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start
    if (this.#lengths[known] !== length) return false
    const chunk = this.#chunks[this.#chunkOf[known] as number] as Uint8Array
    const from = this.#starts[known] as number
    for (let at = 0; at < length; at++) if (chunk[from + at] !== bytes[start + at]) return false
    return true
  }

  #append(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const length = end - start
    const added = this.count++
    if (added === this.#hashes.length) this.#growColumns()
    this.#hashes[added] = hash
    this.#lengths[added] = length
    this.#starts[added] = this.#borrows ? this.#borrow(bytes, start) : this.#copy(bytes, start, end)
    this.#chunkOf[added] = this.#chunks.length - 1
    if (this.count * 2 > this.#slots.length) this.#growSlots()
    return added
  }

  /** Where in the last chunk the line stands. */
  #borrow(bytes: Uint8Array, start: number): number {
    if (this.#chunks.at(-1) !== bytes) this.#chunks.push(bytes)
    return start
  }

  #copy(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start
    // A line without its white space may have no bytes at all.
    if (this.#chunks.length === 0 || length > CHUNK_BYTES - this.#usedOfLast) {
      this.#chunks.push(new Uint8Array(Math.max(length, CHUNK_BYTES)))
      this.#usedOfLast = 0
    }
    const at = this.#usedOfLast
    ;(this.#chunks.at(-1) as Uint8Array).set(bytes.subarray(start, end), at)
    this.#usedOfLast += length
    return at
  }

  #growColumns(): void {
    this.#hashes = doubled(this.#hashes)
    this.#chunkOf = doubled(this.#chunkOf)
    this.#starts = doubled(this.#starts)
    this.#lengths = doubled(this.#lengths)
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let known = 0; known < this.count; known++) {
      const hash = this.#hashes[known] as number
      let slot = (hash ^ (hash >>> 15)) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = known + 1
    }
    this.#slots = slots
  }
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = -2_128_831_035
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 16_777_619)
  return hash
}

function doubled(column: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(column.length * 2)
  larger.set(column)
  return larger
}
