import type { IndexMemory } from './index-memory.ts'
import { compareDigest, createIndexTable, findInEntries, type IndexTable } from './index-table.ts'
import { digestPrefix, type IndexGroup, packName } from './pack-index-format.ts'

/** An index of at most so many bytes is read whole at its first use. */
const SMALL_INDEX_SIZE = 64 * 1024

/** Entries read at a time from an index that is not in memory. */
const WINDOW = 128

/** Finds blocks by digest in the index of one pack. */
export interface PackIndex {
  /** The offset of the section with this digest, or -1. */
  find(hashCode: number, digest: Uint8Array): number
  /** Gives the memory back. */
  close(): void
}

/** Where an index is, and how its bytes are read. */
export interface PackIndexOptions {
  /** Reads from the file; fewer bytes at its end. */
  read(position: number, size: number): Uint8Array
  /** As `read`, for up to 8 KiB that are looked at before the next call only. */
  peek(position: number, size: number): Uint8Array
  /** The pack's name: the hash of its index, where it is a pack that we wrote. */
  name: string
  start: number
  end: number
  groups: readonly IndexGroup[]
  memory: IndexMemory
  /** Told once when the index, read whole, turns out to be another than the pack's name says, or out of order. */
  onDamage(): void
}

/**
 * Opens an index; nothing is read yet.
 *
 * A small one is read whole at the first lookup. In a larger one a lookup reads a few kilobytes where the digest should
 * be (digests are spread evenly), until as much was read as the whole has: then it is read whole too, if memory is left.
 */
export function openPackIndex(options: PackIndexOptions): PackIndex {
  const { peek, groups, memory, start, end } = options
  const sizeBytes = end - start
  let tables: GroupTable[] | undefined
  let bytesRead = 0

  const peekCounted = (position: number, size: number): Uint8Array => {
    bytesRead += size
    return peek(position, size)
  }

  const find = (hashCode: number, digest: Uint8Array): number => {
    const isDue = tables === undefined && (sizeBytes <= SMALL_INDEX_SIZE || bytesRead >= sizeBytes)
    if (isDue && memory.reserve(sizeBytes)) tables = loadTables(options)
    if (tables === undefined) {
      const group = groups.find((each) => each.hashCode === hashCode && each.digestSize === digest.length)
      return group === undefined ? -1 : findByReading(group, digest, peekCounted)
    }
    for (const { hashCode: code, table } of tables) {
      if (code === hashCode && table.digestSize === digest.length) return table.find(digest)
    }
    return -1
  }

  const close = (): void => {
    if (tables !== undefined) memory.release(sizeBytes)
    tables = undefined
  }
  return { find, close }
}

interface GroupTable {
  hashCode: number
  table: IndexTable
}

/** Reads the whole index, and checks it while at it. */
function loadTables({ read, name, start, end, groups, onDamage }: PackIndexOptions): GroupTable[] {
  const bytes = read(start, end - start)
  const tables = groups.map((group) => {
    const from = group.start - start
    const entries = bytes.subarray(from, from + group.count * (group.digestSize + 8))
    return { hashCode: group.hashCode, table: createIndexTable(entries, group.digestSize) }
  })
  const isOtherwise = /^[0-9a-f]{64}\.car$/u.test(name) && packName([bytes]) !== name
  if (isOtherwise || tables.some(({ table }) => !table.isSorted)) onDamage()
  return tables
}

/**
 * Interpolation search: two or three reads for digests that are spread evenly. Every second step halves instead, so that
 * digests which are not (a hash function that is none, an index that lies) cost a few dozen reads, not thousands.
 */
function findByReading(
  { start, count, digestSize }: IndexGroup,
  digest: Uint8Array,
  read: (position: number, size: number) => Uint8Array,
): number {
  const width = digestSize + 8
  const prefix = digestPrefix(digest, 0, digestSize)
  let low = { entry: 0, prefix: 0 }
  let high = { entry: count, prefix: 2 ** 32 }
  for (let step = 0; low.entry < high.entry; step++) {
    const isHalving = step > 2 && step % 2 === 1
    const span = Math.max(1, high.prefix - low.prefix)
    const share = isHalving ? 0.5 : Math.min(1, Math.max(0, (prefix - low.prefix) / span))
    const guess = low.entry + Math.floor(share * (high.entry - low.entry)) - WINDOW / 2
    const first = Math.max(low.entry, Math.min(guess, high.entry - WINDOW))
    const size = Math.min(WINDOW, high.entry - first)
    const entries = read(start + first * width, size * width)
    const lastAt = (size - 1) * width
    if (entries.length < size * width) return -1
    if (compareDigest(digest, entries, 0) < 0) high = { entry: first, prefix: digestPrefix(entries, 0, digestSize) }
    else if (compareDigest(digest, entries, lastAt) > 0) {
      low = { entry: first + size, prefix: digestPrefix(entries, lastAt, digestSize) }
    } else return findInEntries(entries, digestSize, 0, size, digest)
  }
  return -1
}
