import { digestPrefix } from './pack-index-format.ts'

/** At most so many bits of a digest choose its bucket. */
const MAX_BUCKET_BITS = 21

/**
 * Sorted entries of one hash function, in memory, with a fan-out of two to four buckets an entry: most lookups of what is
 * not there end at an empty one.
 */
export interface IndexTable {
  /** Whether the entries are in order: else some are not found. */
  readonly isSorted: boolean
  readonly digestSize: number
  /** The offset stored with a digest of that size, or -1. */
  find(digest: Uint8Array): number
}

/** Makes a table over the bytes of entries (digest, uint64 offset), which are not copied. */
export function createIndexTable(entries: Uint8Array, digestSize: number): IndexTable {
  const width = digestSize + 8
  const count = entries.length / width
  const bits = Math.min(MAX_BUCKET_BITS, Math.max(1, Math.ceil(Math.log2(count)) + 1))
  const shift = 32 - bits
  /** Bucket b holds the entries from `buckets[b]` up to `buckets[b + 1]`. */
  const buckets = new Uint32Array(2 ** bits + 1)
  let isSorted = true
  let filled = 0
  for (let entry = 0, before = 0; entry < count; entry++) {
    const prefix = digestPrefix(entries, entry * width, digestSize)
    if (prefix < before) isSorted = false
    else for (; filled <= prefix >>> shift; filled++) buckets[filled] = entry
    before = Math.max(before, prefix)
  }
  buckets.fill(count, filled)

  const find = (digest: Uint8Array): number => {
    const bucket = digestPrefix(digest, 0, digestSize) >>> shift
    return findInEntries(entries, digestSize, buckets[bucket] ?? 0, buckets[bucket + 1] ?? 0, digest)
  }
  return { isSorted, digestSize, find }
}

/** Searches the sorted entries from `first` up to `end` by halving; returns the offset stored with `digest`, or -1. */
export function findInEntries(
  entries: Uint8Array,
  digestSize: number,
  first: number,
  end: number,
  digest: Uint8Array,
): number {
  const width = digestSize + 8
  let low = first
  let high = end
  while (low < high) {
    const middle = (low + high) >>> 1
    const at = middle * width
    const order = compareDigest(digest, entries, at)
    if (order === 0) return offsetAt(entries, at + digestSize)
    if (order < 0) high = middle
    else low = middle + 1
  }
  return -1
}

/** The order of `digest` against the one that begins at `at` in `entries`: negative, 0 or positive. */
export function compareDigest(digest: Uint8Array, entries: Uint8Array, at: number): number {
  for (let i = 0; i < digest.length; i++) {
    const difference = (digest[i] ?? 0) - (entries[at + i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** A little-endian uint64; what is over 2^53 is no offset in any file, and stays so large that it is refused as one. */
function offsetAt(bytes: Uint8Array, at: number): number {
  let value = 0
  for (let i = 7; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0)
  return value
}
