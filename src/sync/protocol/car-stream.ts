import type { CID } from 'multiformats/cid'

import type { ByteReader } from './byte-reader.ts'
import { readLength, readWithLength, takeLengthAtHand, withLength } from './length-prefix.ts'
import { MAX_CID_BYTES, MAX_SECTION_BYTES } from './sync-limits.ts'
import { cutShort, WireProblem } from './wire-problem.ts'

/** One section of a CARv1: the bytes of a CID and those of its block, nothing verified. */
export interface CarSection {
  cid: Uint8Array
  bytes: Uint8Array
}

/** The start of a CARv1 (https://ipld.io/specs/transport/car/carv1/): its header with the length before it. */
export function carStart(roots: readonly CID[]): Uint8Array {
  return withLength(carHeader(roots))
}

/**
 * Reads the start of a CARv1, which must be exactly that of these roots. Throws WireProblem where it is another, and
 * what the reader throws.
 */
export async function readCarStart(reader: ByteReader, roots: readonly CID[]): Promise<void> {
  const expected = carHeader(roots)
  const header = await readWithLength(reader, expected.length, 'the CAR')
  if (Buffer.compare(header, expected) !== 0) {
    throw new WireProblem('the CAR does not start with the roots that were asked for')
  }
}

/**
 * Reads one section; undefined at the end of the stream. Throws WireProblem where it is none, is cut short or longer
 * than MAX_SECTION_BYTES, and what the reader throws. With `scratch`, of MAX_SECTION_BYTES, what is read is true until the
 * next section is read into it: a fresh buffer for each takes longer to collect than to fill.
 */
export async function readSection(reader: ByteReader, scratch?: Uint8Array): Promise<CarSection | undefined> {
  const length = await readLength(reader, MAX_SECTION_BYTES)
  if (length === undefined) return undefined
  if (reader.available < length && !(await reader.fill(length))) throw cutShort('a section')
  return takeSection(reader, length, scratch)
}

/**
 * As `readSection`, of a section all of which has come; undefined where it has not, or its length is none: then nothing was
 * taken. To wait for what is there costs as much as to look at it.
 */
export function readSectionAtHand(reader: ByteReader, scratch: Uint8Array): CarSection | undefined {
  const length = takeLengthAtHand(reader, MAX_SECTION_BYTES)
  return length === undefined ? undefined : takeSection(reader, length, scratch)
}

function takeSection(reader: ByteReader, length: number, scratch?: Uint8Array): CarSection {
  const section = reader.take(length, scratch)
  const cidLength = cidLengthOf(section)
  return { cid: section.subarray(0, cidLength), bytes: section.subarray(cidLength) }
}

/** Where the CID ends with which a section starts: one of sha2-256. Throws WireProblem for any other. */
function cidLengthOf(section: Uint8Array): number {
  let at = 0
  if (section[0] === 1) {
    at++
    while (at < MAX_CID_BYTES && (section[at++] ?? 0) >= 0x80);
  }
  const end = at + 34
  if (section[at] !== 0x12 || section[at + 1] !== 0x20 || end > section.length) {
    throw new WireProblem('a section does not start with a CID of sha2-256')
  }
  return end
}

/** `{ roots, version: 1 }` in DAG-CBOR. */
function carHeader(roots: readonly CID[]): Uint8Array {
  const cbor = [Buffer.from('a265726f6f7473', 'hex'), cborStart(ARRAY, roots.length)]
  for (const root of roots) {
    // A CID is a byte string under tag 42, with a zero byte before it.
    cbor.push(Buffer.from('d82a', 'hex'), cborStart(BYTES, root.bytes.length + 1), Uint8Array.of(0), root.bytes)
  }
  cbor.push(Buffer.from('6776657273696f6e01', 'hex'))
  return Buffer.concat(cbor)
}

const BYTES = 0x40
const ARRAY = 0x80

function cborStart(major: number, length: number): Uint8Array {
  if (length < 24) return Uint8Array.of(major | length)
  return length < 256 ? Uint8Array.of(major | 24, length) : Uint8Array.of(major | 25, length >> 8, length & 255)
}
