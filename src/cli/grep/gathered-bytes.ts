import type { Terminal } from '../terminal.ts'

/** Output that is gathered to larger pieces. */
export interface GatheredBytes {
  /** Adds a copy. */
  add(bytes: Uint8Array): void
  /** Writes what was gathered, if it is much. */
  flushIfFull(): Promise<void> | undefined
  flush(): Promise<void>
}

const PIECE_BYTES = 1 << 16

/** Gathers bytes: many short pieces are few writes. */
export function createGatheredBytes({ out }: Pick<Terminal, 'out'>): GatheredBytes {
  let gathered = Buffer.alloc(0)
  let length = 0
  const flush = async () => {
    const bytes = gathered.subarray(0, length)
    gathered = Buffer.alloc(0)
    length = 0
    if (bytes.length > 0) await out(bytes)
  }
  return {
    add(bytes) {
      if (length + bytes.length > gathered.length) {
        const larger = Buffer.allocUnsafe(Math.max(PIECE_BYTES, 2 * (length + bytes.length)))
        gathered.copy(larger, 0, 0, length)
        gathered = larger
      }
      gathered.set(bytes, length)
      length += bytes.length
    },
    flushIfFull: () => (length < PIECE_BYTES ? undefined : flush()),
    flush,
  }
}
