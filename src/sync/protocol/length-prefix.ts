import { writeVarint } from '../../store/pack/pack-format.ts'
import type { ByteReader } from './byte-reader.ts'
import { cutShort, WireProblem } from './wire-problem.ts'

/** Puts the length of `bytes` before them: an unsigned varint. */
export function withLength(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(bytes.length + 5)
  const at = writeVarint(whole, 0, bytes.length)
  whole.set(bytes, at)
  return whole.subarray(0, at + bytes.length)
}

/**
 * Reads a length: an unsigned varint of 1 to 4 bytes in its shortest form. Undefined at the end of the stream. Throws
 * WireProblem for one over `limit`, zero, or cut short, and what the reader throws.
 */
export async function readLength(reader: ByteReader, limit: number): Promise<number | undefined> {
  let value = 0
  for (let index = 0; index < 4; index++) {
    if (reader.available <= index && !(await reader.fill(index + 1))) {
      if (index === 0) return undefined
      throw cutShort('a length')
    }
    const byte = reader.peek(index)
    value += (byte & 0x7f) * 128 ** index
    if (byte >= 0x80) continue
    if (byte === 0 || value > limit) break
    reader.skip(index + 1)
    return value
  }
  throw new WireProblem(`a length is not between 1 and ${limit}`)
}

/**
 * As `readLength`, of a length that has come with all that it counts; undefined where it has not, or is none: then nothing was
 * taken.
 */
export function takeLengthAtHand(reader: ByteReader, limit: number): number | undefined {
  let value = 0
  for (let index = 0; index < 4 && reader.hasAtHand(index + 1); index++) {
    const byte = reader.peek(index)
    value += (byte & 0x7f) * 128 ** index
    if (byte >= 0x80) continue
    if (byte === 0 || value > limit || !reader.hasAtHand(index + 1 + value)) return undefined
    reader.skip(index + 1)
    return value
  }
  return undefined
}

/** Reads what has its length before it. Throws WireProblem where that is over `limit` or cut short. */
export async function readWithLength(reader: ByteReader, limit: number, what: string): Promise<Uint8Array> {
  const length = await readLength(reader, limit)
  if (length === undefined || !(await reader.fill(length))) throw cutShort(what)
  return reader.take(length)
}
