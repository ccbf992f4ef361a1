import { writev } from 'node:fs'
import { promisify } from 'node:util'

import { writeAll } from '../../store/write-all.ts'

/** Bytes, and where in a file they go. */
export interface Piece {
  bytes: Uint8Array
  start: number
}

/** Writes pieces to a file, those that stand one after the other in one call, and returns how many bytes they are. */
export async function writePieces(descriptor: number, pieces: readonly Piece[]): Promise<number> {
  let sizeBytes = 0
  for (const row of rowsOf(pieces)) {
    await writeRow(descriptor, row)
    sizeBytes += row.end - row.start
  }
  return sizeBytes
}

/** Pieces that stand one after the other. */
interface Row {
  start: number
  end: number
  pieces: Uint8Array[]
}

/** In one call: POSIX demands that systems take 16. */
const MOST_PIECES = 16

function rowsOf(pieces: readonly Piece[]): Row[] {
  const rows: Row[] = []
  for (const { bytes, start } of pieces) {
    const end = start + bytes.length
    const last = rows.at(-1)
    if (last?.end === start && last.pieces.length < MOST_PIECES) {
      last.pieces.push(bytes)
      last.end = end
    } else rows.push({ start, end, pieces: [bytes] })
  }
  return rows
}

async function writeRow(descriptor: number, { start, end, pieces }: Row): Promise<void> {
  const { bytesWritten } = await writevAsync(descriptor, pieces, start)
  if (start + bytesWritten === end) return
  // A disk that is full takes a part, and says so of the rest.
  await writeAll(descriptor, Buffer.concat(pieces).subarray(bytesWritten), start + bytesWritten)
}

const writevAsync = promisify(writev)
