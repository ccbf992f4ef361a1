import { toByteString } from '../index/byte-string.ts'
import { ColumnWriter, createColumns, extraLength } from '../index/index-columns.ts'
import { findDirectories } from '../index/index-directories.ts'
import type { IndexEntry } from '../index/index-entry.ts'
import type { IndexedChange } from '../index/index-update.ts'
import { StagingIndex } from '../index/staging-index.ts'

/** Entries that were collected: each is an `IndexChange`, to be given to `updateIndex`. */
export interface PackedEntries {
  add(entry: IndexEntry): void
  /** All so far, in the order in which they came. */
  changes(): IndexedChange[]
}

const SEGMENT_ENTRIES = 4096
const SEGMENT_BYTES = 64 * SEGMENT_ENTRIES

/** Collects entries in the form that the index has: a sixth of what they take as objects with CIDs. */
export function createPackedEntries(): PackedEntries {
  const segments: StagingIndex[] = []
  let writer = createSegment(0)
  const close = (): void => {
    // Not sorted, as an index is: it is only read by position.
    segments.push(new StagingIndex(writer.trimmed(), findDirectories(createColumns(0, 0, 0, 0)), undefined))
  }
  return {
    add(entry) {
      const key = toByteString(entry.path)
      const bytes = Math.max(key.length, extraLength(entry))
      if (!writer.hasRoom(bytes)) {
        close()
        writer = createSegment(bytes)
      }
      writer.append(key, entry)
    },
    changes() {
      if (writer.count > 0) close()
      writer = createSegment(0)
      return segments.flatMap((from) =>
        Array.from({ length: from.count }, (_, position) => ({ path: from.path(position), from, position })),
      )
    },
  }
}

function createSegment(bytes: number): ColumnWriter {
  const room = Math.max(SEGMENT_BYTES, bytes)
  return new ColumnWriter(createColumns(SEGMENT_ENTRIES, room, SEGMENT_ENTRIES, room))
}
