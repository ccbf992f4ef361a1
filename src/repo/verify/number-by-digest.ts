import { createDigestTable } from '../../store/pack/digest-table.ts'

/** A number for each of many sha2-256 digests, in flat memory: 48 bytes each. */
export interface NumberByDigest {
  get(digest: Uint8Array): number | undefined
  set(digest: Uint8Array, value: number): void
}

/** Makes an empty one. */
export function createNumberByDigest(): NumberByDigest {
  const table = createDigestTable()
  return {
    get(digest) {
      const entry = table.findDigest(digest)
      return entry === -1 ? undefined : table.positions[entry]
    },
    set(digest, value) {
      const entry = table.findDigest(digest)
      if (entry === -1) table.addDigest(digest, value)
      else table.positions[entry] = value
    },
  }
}
