import { fstatSync, readSync } from 'node:fs'

const CHUNK_SIZE = 64 * 1024
const LINE_FEED = 0x0a

/** A complete line: its text without the line feed, and the offset in bytes just after the line feed. */
export interface Line {
  text: string
  end: number
}

/**
 * The complete lines of an open file, the last one first, read in pieces from the end.
 *
 * What follows the last line feed, a line torn by a crash, is not given.
 */
export function* reverseLines(file: number): Generator<Line> {
  let start = fstatSync(file).size
  let end: number | undefined
  let after: Uint8Array[] = []
  while (start > 0) {
    const chunk = readChunk(file, Math.max(0, start - CHUNK_SIZE), start)
    start -= chunk.length
    let stop = chunk.length
    for (
      let feed = chunk.lastIndexOf(LINE_FEED);
      feed !== -1;
      feed = feed === 0 ? -1 : chunk.lastIndexOf(LINE_FEED, feed - 1)
    ) {
      if (end !== undefined) {
        yield { text: Buffer.concat([chunk.subarray(feed + 1, stop), ...after]).toString(), end }
      }
      end = start + feed + 1
      stop = feed
      after = []
    }
    if (end !== undefined) {
      after = [chunk.subarray(0, stop), ...after]
    }
  }
  if (end !== undefined) {
    yield { text: Buffer.concat(after).toString(), end }
  }
}

function readChunk(file: number, start: number, end: number): Uint8Array {
  const chunk = new Uint8Array(end - start)
  let filled = 0
  while (filled < chunk.length) {
    const count = readSync(file, chunk, filled, chunk.length - filled, start + filled)
    if (count === 0) {
      break
    }
    filled += count
  }
  return chunk
}
