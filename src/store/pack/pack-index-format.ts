import { createHash } from 'node:crypto'

import { readVarint, writeVarint } from './pack-format.ts'

/**
 * The bytes of a pack's index: MultihashIndexSorted (https://ipld.io/specs/transport/car/carv2/#format-0x0401-multihashindexsorted).
 *
 *     varint 0x0401 | int32 number of hash functions
 *     per hash function, ascending: uint64 multihash code | int32 number of widths
 *       per width, ascending: uint32 width (digest + 8) | int64 bytes | entries (digest, uint64 offset), by digest
 *
 * Numbers are little endian; offsets count from the start of the payload.
 */
const INDEX_CODEC = 0x0401

/** Hash functions and widths that an index may have: more is no index of ours. */
const MAX_GROUPS = 64

/** How many bytes of entries are encoded at a time. */
const CHUNK_SIZE = 1024 * 1024

/** Entries of one hash function and digest length. Flat: the digest of entry i is at `i * digestSize`. */
export interface IndexEntries {
  /** Multihash code of the hash function. */
  hashCode: number
  digestSize: number
  /** `count * digestSize` bytes or more, in any order. */
  digests: Uint8Array
  /** `count` offsets or more, of sections, from the start of the payload. */
  offsets: ArrayLike<number>
  count: number
}

/**
 * Encodes an index, in pieces of about 1 MiB, so that an index of any size needs little memory beside its entries.
 *
 * `groups` are in any order, with at most one per hash function and digest size; empty ones are left out.
 */
export function* encodeIndex(groups: readonly IndexEntries[]): Generator<Uint8Array> {
  const full = groups.filter((group) => group.count > 0)
  const byCode = Map.groupBy(full, (group) => group.hashCode)
  const codes = [...byCode].sort(([a], [b]) => a - b)
  yield concat([encodeVarint(INDEX_CODEC), encodeInt32(codes.length)])
  for (const [code, widths] of codes) {
    yield concat([encodeUint64(code), encodeInt32(widths.length)])
    for (const group of widths.sort((a, b) => a.digestSize - b.digestSize)) yield* encodeEntries(group)
  }
}

/** The file name of the pack with this index: the sha2-256 of the index, so that equal packs have one name. */
export function packName(index: Iterable<Uint8Array>): string {
  const hash = createHash('sha256')
  for (const piece of index) hash.update(piece)
  return `${hash.digest('hex')}.car`
}

/** Where the entries of one hash function and width are in the file. */
export interface IndexGroup {
  hashCode: number
  digestSize: number
  /** Position of the first entry in the file. */
  start: number
  count: number
}

/**
 * Finds the groups of the index that lies between `start` and `end` in a file, reading only what stands before each
 * group. `read(position, size)` returns the bytes there, fewer at the end of the file.
 *
 * Returns undefined where that is no index, or its parts do not fill the place exactly.
 */
export function decodeIndexGroups(
  read: (position: number, size: number) => Uint8Array,
  start: number,
  end: number,
): IndexGroup[] | undefined {
  const codec = readVarint(read(start, 8), 0)
  if (codec?.value !== INDEX_CODEC) return undefined
  const groups: IndexGroup[] = []
  let position = start + codec.next
  const next = (size: number): DataView => {
    const bytes = read(position, size)
    position += size
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
  try {
    const codes = next(4).getInt32(0, true)
    for (let i = 0; i < codes; i++) {
      const head = next(12)
      const hashCode = Number(head.getBigUint64(0, true))
      const widths = head.getInt32(8, true)
      for (let j = 0; j < widths; j++) {
        const sizes = next(12)
        const width = sizes.getUint32(0, true)
        const count = Number(sizes.getBigUint64(4, true)) / width
        if (width <= 8 || !Number.isSafeInteger(count) || groups.length === MAX_GROUPS) return undefined
        groups.push({ hashCode, digestSize: width - 8, start: position, count })
        position += count * width
      }
    }
  } catch (error) {
    // A DataView that is too short: the file ends inside the index.
    if (error instanceof RangeError) return undefined
    throw error
  }
  return position === end ? groups : undefined
}

function* encodeEntries({ digestSize, digests, offsets, count }: IndexEntries): Generator<Uint8Array> {
  const width = digestSize + 8
  yield concat([encodeUint32(width), encodeUint64(count * width)])
  const order = sortedOrder(digests, digestSize, count)
  const perChunk = Math.max(1, Math.floor(CHUNK_SIZE / width))
  for (let first = 0; first < count; first += perChunk) {
    const size = Math.min(perChunk, count - first)
    const chunk = new Uint8Array(size * width)
    const view = new DataView(chunk.buffer)
    for (let i = 0; i < size; i++) {
      const entry = order[first + i] ?? 0
      const from = entry * digestSize
      chunk.set(digests.subarray(from, from + digestSize), i * width)
      const offset = offsets[entry] ?? 0
      view.setUint32(i * width + digestSize, offset % 2 ** 32, true)
      view.setUint32(i * width + digestSize + 4, Math.floor(offset / 2 ** 32), true)
    }
    yield chunk
  }
}

/**
 * The order of entries by digest. One 53-bit number holds the digest's first bits and the entry's number, because
 * sorting numbers is an order of magnitude faster than calling a comparison of bytes; equal first bits are settled after.
 */
function sortedOrder(digests: Uint8Array, digestSize: number, count: number): Float64Array {
  const slots = 2 ** Math.max(1, Math.ceil(Math.log2(count)))
  const prefixes = Math.min(2 ** 32, 2 ** 53 / slots)
  const keys = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    keys[i] = Math.floor(digestPrefix(digests, i * digestSize, digestSize) / (2 ** 32 / prefixes)) * slots + i
  }
  keys.sort()
  const prefixOf = (at: number): number => Math.floor((keys[at] ?? 0) / slots)
  for (let from = 0; from < count;) {
    let to = from + 1
    while (to < count && prefixOf(to) === prefixOf(from)) to++
    if (to - from > 1) {
      keys
        .subarray(from, to)
        .sort((a, b) => compareAt(digests, (a % slots) * digestSize, (b % slots) * digestSize, digestSize))
    }
    from = to
  }
  for (let i = 0; i < count; i++) keys[i] = (keys[i] ?? 0) % slots
  return keys
}

/** The first four bytes of a digest, big endian; shorter digests are padded with zeros. */
export function digestPrefix(bytes: Uint8Array, at: number, digestSize: number): number {
  if (digestSize >= 4) {
    return (
      (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>>
      0
    )
  }
  let prefix = 0
  for (let i = 0; i < 4; i++) prefix = (prefix << 8) | (i < digestSize ? (bytes[at + i] ?? 0) : 0)
  return prefix >>> 0
}

function compareAt(bytes: Uint8Array, a: number, b: number, size: number): number {
  for (let i = 0; i < size; i++) {
    const difference = (bytes[a + i] ?? 0) - (bytes[b + i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function encodeVarint(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  return bytes.subarray(0, writeVarint(bytes, 0, value))
}

function encodeInt32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setInt32(0, value, true)
  return bytes
}

function encodeUint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

function encodeUint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return bytes
}

function concat(parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}
