/** Something kept in memory that can be dropped and read again. */
export interface Evictable {
  readonly sizeBytes: number
  /** When it was used last, by the clock of `IndexMemory`. */
  lastUse: number
  drop(): void
}

/** A bound on the memory that the indexes of all packs take together. */
export interface IndexMemory {
  /** The present time, for `lastUse`: a count of admissions. */
  readonly now: number
  /** The largest thing that is worth admitting, in bytes. */
  readonly largest: number
  /** Takes note of something that is in memory now, and drops what was not used for longest where it is too much. */
  admit(item: Evictable): void
}

/** Bounds the memory to `limit` bytes. */
export function createIndexMemory(limit: number): IndexMemory {
  const items = new Set<Evictable>()
  let total = 0
  let now = 0
  return {
    largest: limit / 2,
    get now() {
      return now
    },
    admit(item) {
      now++
      item.lastUse = now
      total += item.sizeBytes
      items.add(item)
      while (total > limit) {
        const stale = [...items].reduce((a, b) => (b.lastUse < a.lastUse ? b : a))
        items.delete(stale)
        total -= stale.sizeBytes
        stale.drop()
      }
    },
  }
}
