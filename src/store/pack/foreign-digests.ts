import type { IndexEntries } from './pack-index-format.ts'

/** Where the section of a block stands that was not hashed with sha2-256. */
interface ForeignEntry {
  hashCode: number
  digest: Uint8Array
  position: number
}

/**
 * The blocks of a pack that have another hash function than ours, as trees made elsewhere can have them: few, so that
 * a plain map serves.
 */
export interface ForeignDigests {
  readonly size: number
  find(hashCode: number, digest: Uint8Array): ForeignEntry | undefined
  add(hashCode: number, digest: Uint8Array, position: number): ForeignEntry
  /** The entries of each hash function and digest length, their positions less `origin`. */
  groups(origin: number): IndexEntries[]
}

/** Makes an empty set. */
export function createForeignDigests(): ForeignDigests {
  const entries = new Map<string, ForeignEntry>()
  return {
    get size() {
      return entries.size
    },
    find: (hashCode, digest) => entries.get(keyOf(hashCode, digest)),
    add(hashCode, digest, position) {
      const entry = { hashCode, digest: Uint8Array.from(digest), position }
      entries.set(keyOf(hashCode, digest), entry)
      return entry
    },
    groups: (origin) =>
      [...Map.groupBy(entries.values(), (entry) => `${entry.hashCode}/${entry.digest.length}`).values()].map((group) =>
        indexEntries(group, origin),
      ),
  }
}

function indexEntries(group: ForeignEntry[], origin: number): IndexEntries {
  return {
    hashCode: group[0]!.hashCode,
    digestSize: group[0]!.digest.length,
    digests: Buffer.concat(group.map((entry) => entry.digest)),
    offsets: group.map((entry) => entry.position - origin),
    count: group.length,
  }
}

function keyOf(hashCode: number, digest: Uint8Array): string {
  return `${hashCode}/${Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('latin1')}`
}
