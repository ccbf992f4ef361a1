/** A bound on the memory that the indexes of all packs of a store take together. */
export interface IndexMemory {
  /**
   * Reserves memory if there is so much left, and says whether. What was reserved first stays: an index that does not fit
   * is read where it lies, rather than making others be read again and again.
   */
  reserve(sizeBytes: number): boolean
  release(sizeBytes: number): void
}

/** Bounds the memory to `limit` bytes. */
export function createIndexMemory(limit: number): IndexMemory {
  let free = limit
  return {
    reserve: (sizeBytes) => {
      if (sizeBytes > free) return false
      free -= sizeBytes
      return true
    },
    release: (sizeBytes) => {
      free += sizeBytes
    },
  }
}
