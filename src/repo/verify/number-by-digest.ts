import { createDigestTable } from '../../store/pack/digest-table.ts'

/** A number for each of many sha2-256 digests, in flat memory: 48 bytes each. */
export interface NumberByDigest {
  get(digest: Uint8Array): number | undefined
  set(digest: Uint8Array, value: number): void
}

/** Makes an empty one. */
export function createNumberByDigest(): NumberByDigest {
  const table = createDigestTable()
  // Digests as the table wants them: aligned.
  const words = new Uint32Array(8)
  const bytes = new Uint8Array(words.buffer)
  const find = (digest: Uint8Array): number => {
    bytes.set(digest)
    return table.find(words, 0)
  }
  return {
    get(digest) {
      const entry = find(digest)
      return entry === -1 ? undefined : table.positions[entry]
    },
    set(digest, value) {
      const entry = find(digest)
      if (entry === -1) table.add(words, 0, value)
      else table.positions[entry] = value
    },
  }
}
