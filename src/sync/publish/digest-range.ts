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
    if (whole === undefined && bytesRead >= sizeBytes && memory.reserve(sizeBytes)) {
      whole = readInto(file, Buffer.allocUnsafeSlow(sizeBytes), offset)
    }
    if (whole !== undefined) return whole.subarray(first * DIGEST_BYTES, last * DIGEST_BYTES)
    const size = (last - first) * DIGEST_BYTES
    bytesRead += size
    return readInto(file, window.subarray(0, size), offset + first * DIGEST_BYTES)
  }
  return {
    has: (digest) => search(windowAt, count, digest),
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
function search(windowAt: (first: number, last: number) => Buffer, count: number, digest: Uint8Array): boolean {
  const wanted = Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength)
  let low = 0
  let high = count
  let guess = Math.floor((wanted.readUInt32BE(0) / 2 ** 32) * count)
  while (low < high) {
    const first = Math.max(low, Math.min(guess - WINDOW / 2, high - WINDOW))
    const last = Math.min(first + WINDOW, high)
    const size = (last - first) * DIGEST_BYTES
    const digests = windowAt(first, last)
    if (digests.length !== size) return false
    if (compareAt(digests, 0, wanted) > 0) high = first
    else if (compareAt(digests, size - DIGEST_BYTES, wanted) < 0) low = last
    else return isInside(digests, wanted)
    guess = (low + high) >>> 1
  }
  return false
}

function isInside(digests: Buffer, wanted: Buffer): boolean {
  let low = 0
  let high = digests.length / DIGEST_BYTES
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = compareAt(digests, middle * DIGEST_BYTES, wanted)
    if (order === 0) return true
    if (order < 0) low = middle + 1
    else high = middle
  }
  return false
}

/** By the first bytes, which mostly tell, and without a call into C++. */
function compareAt(digests: Buffer, at: number, wanted: Buffer): number {
  const difference = digests.readUInt32BE(at) - wanted.readUInt32BE(0)
  return difference === 0 ? digests.compare(wanted, 0, DIGEST_BYTES, at, at + DIGEST_BYTES) : difference
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
