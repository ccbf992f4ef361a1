/** Words of 32 bits in a sha2-256 digest. */
const WORDS = 8

const FIRST_CAPACITY = 1024

/**
 * A set of sha2-256 digests, each with one position, in flat typed arrays: 40 bytes an entry and about 8 of hash slots.
 *
 * Digests come as their 32 bytes, or, on hot paths, as words: a `Uint32Array` over the bytes, eight words each, and the index
 * of the first word. Entries are numbered from 0 in the order in which they were added, and are never removed.
 */
export interface DigestTable {
  readonly size: number
  /** The digests of all entries, 32 bytes each, in a buffer that may be longer; valid until the next `add`. */
  readonly digests: Uint8Array
  /** The positions of all entries, in an array that may be longer; valid until the next `add`. */
  readonly positions: Float64Array
  /** The entry of a digest, or -1. */
  find(words: Uint32Array, at: number): number
  /** Adds a digest that is not there (the caller has asked `find`) and returns its entry. */
  add(words: Uint32Array, at: number, position: number): number
  /** As `find`, of bytes. */
  findDigest(digest: Uint8Array): number
  /** As `add`, of bytes. */
  addDigest(digest: Uint8Array, position: number): number
}

/** Makes an empty table. */
export function createDigestTable(): DigestTable {
  return new FlatDigestTable()
}

class FlatDigestTable implements DigestTable {
  #size = 0
  #words = new Uint32Array(FIRST_CAPACITY * WORDS)
  #positions = new Float64Array(FIRST_CAPACITY)
  /** Open addressing with linear probing: entry + 1, or 0 where the slot is free. */
  #slots = new Uint32Array(FIRST_CAPACITY * 2)
  /** Bytes of a digest, aligned. */
  readonly #asked = new Uint32Array(WORDS)
  readonly #askedBytes = new Uint8Array(this.#asked.buffer)

  get size(): number {
    return this.#size
  }

  get digests(): Uint8Array {
    return new Uint8Array(this.#words.buffer)
  }

  get positions(): Float64Array {
    return this.#positions
  }

  find(words: Uint32Array, at: number): number {
    const known = this.#words
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hashOf(words, at) & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1
      if (entry === -1) return -1
      let word = 0
      while (word < WORDS && known[entry * WORDS + word] === words[at + word]) word++
      if (word === WORDS) return entry
    }
  }

  add(words: Uint32Array, at: number, position: number): number {
    if (this.#size === this.#positions.length) this.#grow()
    const entry = this.#size++
    for (let word = 0; word < WORDS; word++) this.#words[entry * WORDS + word] = words[at + word]!
    this.#positions[entry] = position
    this.#occupy(entry)
    return entry
  }

  findDigest(digest: Uint8Array): number {
    this.#askedBytes.set(digest)
    return this.find(this.#asked, 0)
  }

  addDigest(digest: Uint8Array, position: number): number {
    this.#askedBytes.set(digest)
    return this.add(this.#asked, 0, position)
  }

  #grow(): void {
    const capacity = this.#positions.length * 2
    this.#words = new Uint32Array(this.#words.buffer.transfer(capacity * WORDS * 4))
    this.#positions = new Float64Array(this.#positions.buffer.transfer(capacity * 8))
    this.#slots = new Uint32Array(capacity * 2)
    for (let entry = 0; entry < this.#size; entry++) this.#occupy(entry)
  }

  #occupy(entry: number): void {
    const mask = this.#slots.length - 1
    let slot = hashOf(this.#words, entry * WORDS) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = entry + 1
  }
}

/** Digests are spread evenly already: any of their bits will do. Two words make a chosen pile-up dearer than one. */
function hashOf(words: Uint32Array, at: number): number {
  return words[at]! ^ words[at + 5]!
}
