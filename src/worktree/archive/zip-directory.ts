import { deflateRawSync, inflateRawSync } from 'node:zlib'

/** The central directory of a zip archive, gathered until the end: compressed, since it grows with the entries. */
export interface ZipDirectory {
  readonly count: number
  readonly size: number
  add(record: Buffer): void
  /** All records, in pieces. */
  pieces(): Generator<Buffer>
}

const PIECE_BYTES = 1 << 20

/** An empty one. */
export function createZipDirectory(): ZipDirectory {
  const compressed: Buffer[] = []
  let records: Buffer[] = []
  let recordBytes = 0
  let count = 0
  let size = 0
  return {
    get count() {
      return count
    },
    get size() {
      return size
    },
    add(record) {
      records.push(record)
      recordBytes += record.length
      count++
      size += record.length
      if (recordBytes < PIECE_BYTES) return
      compressed.push(deflateRawSync(Buffer.concat(records), { level: 1 }))
      records = []
      recordBytes = 0
    },
    *pieces() {
      for (const piece of compressed) yield inflateRawSync(piece)
      yield Buffer.concat(records)
    },
  }
}
