/**
 * What a text consists of, without its order: how many bytes stand in chunks of each hash. A chunk ends with a line feed,
 * or after 64 bytes. There are at most HASHES different ones, however large the text.
 */
export interface Fingerprint {
  sizeBytes: number
  /** Each once. */
  hashes: Int32Array
  /** The bytes in chunks of the hash at the same place. */
  counts: Float64Array
}

/** Takes a text in pieces. */
export interface FingerprintBuilder {
  update(piece: Uint8Array): void
  finish(): Fingerprint
}

const CHUNK_BYTES = 64
const HASHES = 107_927
const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/** Starts a fingerprint. A carriage return before a line feed does not count, as in git. */
export function createFingerprint(): FingerprintBuilder {
  return new ChunkCounter()
}

/**
 * Makes a measure of how alike two texts are, from 0 to 1: the bytes of chunks that both have, in terms of the larger text
 * (git's measure). It is fastest where many are compared with one `after`.
 */
export function createFingerprintComparison(): (before: Fingerprint, after: Fingerprint) => number {
  // The counts of `spread`, by hash: so that only the other fingerprint is gone through.
  const table = new Float64Array(HASHES)
  let spread: Fingerprint | undefined
  return (before, after) => {
    if (after !== spread) {
      for (const hash of spread?.hashes ?? []) table[hash] = 0
      for (let at = 0; at < after.hashes.length; at++) table[after.hashes[at] as number] = after.counts[at] as number
      spread = after
    }
    const larger = Math.max(before.sizeBytes, after.sizeBytes)
    if (larger === 0) return 1
    let common = 0
    for (let at = 0; at < before.hashes.length; at++) {
      common += Math.min(before.counts[at] as number, table[before.hashes[at] as number] as number)
    }
    return common / larger
  }
}

class ChunkCounter implements FingerprintBuilder {
  readonly #counts = new Map<number, number>()
  #sizeBytes = 0
  /** Two registers of 32 bits, rotated by 7 bits as one. */
  #high = 0
  #low = 0
  #length = 0
  #hasReturn = false

  update(piece: Uint8Array): void {
    this.#sizeBytes += piece.length
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at] as number
      if (this.#hasReturn) {
        this.#hasReturn = false
        if (byte !== LINE_FEED) this.#take(CARRIAGE_RETURN)
      }
      if (byte === CARRIAGE_RETURN) this.#hasReturn = true
      else this.#take(byte)
    }
  }

  finish(): Fingerprint {
    if (this.#hasReturn) this.#take(CARRIAGE_RETURN)
    if (this.#length > 0) this.#endChunk()
    const hashes = Int32Array.from(this.#counts.keys())
    const counts = Float64Array.from(this.#counts.values())
    return { sizeBytes: this.#sizeBytes, hashes, counts }
  }

  #take(byte: number): void {
    const high = this.#high
    this.#high = (((high << 7) ^ (this.#low >>> 25)) + byte) | 0
    this.#low = (this.#low << 7) ^ (high >>> 25)
    this.#length++
    if (byte === LINE_FEED || this.#length === CHUNK_BYTES) this.#endChunk()
  }

  #endChunk(): void {
    const hash = ((this.#high + Math.imul(this.#low, 0x61)) >>> 0) % HASHES
    this.#counts.set(hash, (this.#counts.get(hash) ?? 0) + this.#length)
    this.#high = 0
    this.#low = 0
    this.#length = 0
  }
}
