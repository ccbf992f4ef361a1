import { readSync } from 'node:fs'

import { createIndexMemory } from '../../store/pack/index-memory.ts'

/** Bytes of one sha2-256 digest. */
export const DIGEST_BYTES = 32

/** Digests looked at together, where the search begins. */
const WINDOW = 32

/** The memory that all digests together may take which are read whole, in bytes. */
const MAX_MEMORY_BYTES = 32 * 1024 * 1024

/** Sorted digests in a part of a file. */
export interface DigestRange {
  has(digest: Uint8Array): boolean
  /** Gives the memory back. The file stays open. */
  close(): void
}

/**
 * Sorted digests at `offset` of an open file. One or two reads mostly find a digest; when as much was read as there is,
 * all of it is read into memory, where the memory of all ranges suffices: whoever clones asks for each of them.
 */
export function openDigestRange(file: number, offset: number, count: number): DigestRange {
  const sizeBytes = count * DIGEST_BYTES
  let whole: Buffer | undefined
  let bytesRead = 0
  const windowAt = (first: number, last: number): Buffer => {
    const size = (last - first) * DIGEST_BYTES
    bytesRead += size
    return readInto(file, window.subarray(0, size), offset + first * DIGEST_BYTES)
  }
  return {
    has(digest) {
      if (whole === undefined && bytesRead >= sizeBytes && memory.reserve(sizeBytes)) {
        whole = readInto(file, Buffer.allocUnsafeSlow(sizeBytes), offset)
      }
      // Where the file became shorter, what is left is no list.
      if (whole !== undefined) return whole.length === sizeBytes && searchWhole(whole, count, digest)
      return search(windowAt, count, digest)
    },
    close() {
      if (whole !== undefined) memory.release(sizeBytes)
      whole = undefined
    },
  }
}

const memory = createIndexMemory(MAX_MEMORY_BYTES)

/** What was read last where nothing is in memory. */
const window = Buffer.allocUnsafeSlow(WINDOW * DIGEST_BYTES)

/** Digests are spread evenly, so a digest's first bytes tell about where it stands. */
function search(windowAt: (first: number, last: number) => Buffer, count: number, wanted: Uint8Array): boolean {
  let low = 0
  let high = count
  let guess = Math.floor((prefixAt(wanted, 0) / 2 ** 32) * count)
  while (low < high) {
    const first = Math.max(low, Math.min(guess - WINDOW / 2, high - WINDOW))
    const last = Math.min(first + WINDOW, high)
    const size = (last - first) * DIGEST_BYTES
    const digests = windowAt(first, last)
    if (digests.length !== size) return false
    if (compareAt(digests, 0, wanted) > 0) high = first
    else if (compareAt(digests, size - DIGEST_BYTES, wanted) < 0) low = last
    else return isAmong(digests, { low: 0, high: last - first }, wanted)
    guess = (low + high) >>> 1
  }
  return false
}

/** Looks from where the digest should stand, in steps that grow, until it is between two: mostly a few dozen away. */
function searchWhole(digests: Uint8Array, count: number, wanted: Uint8Array): boolean {
  if (count === 0) return false
  const guess = Math.min(count - 1, Math.floor((prefixAt(wanted, 0) / 2 ** 32) * count))
  const order = compareAt(digests, guess * DIGEST_BYTES, wanted)
  if (order === 0) return true
  let step = FIRST_STEP
  let [low, high] = order < 0 ? [guess + 1, count] : [0, guess]
  if (order < 0) {
    for (; low + step < high && compareAt(digests, (low + step) * DIGEST_BYTES, wanted) < 0; step *= 2) low += step
    high = Math.min(high, low + step + 1)
  } else {
    for (; high - step > low && compareAt(digests, (high - step) * DIGEST_BYTES, wanted) > 0; step *= 2) high -= step
    low = Math.max(low, high - step)
  }
  return isAmong(digests, { low, high }, wanted)
}

const FIRST_STEP = 16

/** Whether it is among the digests from `low` up to `high`, by halving. */
function isAmong(digests: Uint8Array, { low, high }: { low: number; high: number }, wanted: Uint8Array): boolean {
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = compareAt(digests, middle * DIGEST_BYTES, wanted)
    if (order === 0) return true
    if (order < 0) low = middle + 1
    else high = middle
  }
  return false
}

/** Byte by byte: the first ones mostly tell, without a call into C++. */
function compareAt(digests: Uint8Array, at: number, wanted: Uint8Array): number {
  for (let byte = 0; byte < DIGEST_BYTES; byte++) {
    const difference = digests[at + byte]! - wanted[byte]!
    if (difference !== 0) return difference
  }
  return 0
}

/** The first four bytes of the digest at `at`, as a number. */
function prefixAt(digests: Uint8Array, at: number): number {
  return ((digests[at]! << 24) | (digests[at + 1]! << 16) | (digests[at + 2]! << 8) | digests[at + 3]!) >>> 0
}

/** What is at a position of the file, in `target`; less at its end. */
export function readInto(file: number, target: Buffer, position: number): Buffer {
  let done = 0
  while (done < target.length) {
    const count = readSync(file, target, done, target.length - done, position + done)
    if (count === 0) break
    done += count
  }
  return target.subarray(0, done)
}
