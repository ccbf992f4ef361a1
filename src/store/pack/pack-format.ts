/**
 * The bytes of a pack: a CARv2 file (https://ipld.io/specs/transport/car/carv2/).
 *
 *     pragma 11 bytes | header 40 bytes | payload: a CARv1 with no roots | index (see pack-index-format.ts)
 *
 * Offsets in the index count from the first byte of the payload (its own header) and name the first byte of a section.
 */

/** What every CARv2 begins with: a CARv1-like header that says version 2. */
const PRAGMA = Uint8Array.of(0x0a, 0xa1, 0x67, 0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x02)

const HEADER_SIZE = 40

/** 128 bits, of which only the leftmost has a meaning: "fully indexed", the index lists every section. */
const CHARACTERISTICS = Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

/** Where the payload starts in the file. */
export const PAYLOAD_OFFSET = PRAGMA.length + HEADER_SIZE

/** The header of a CARv1 without roots, with its length prefix: `{ roots: [], version: 1 }` in DAG-CBOR. */
export const PAYLOAD_HEADER = Uint8Array.from(Buffer.from('11a265726f6f7473806776657273696f6e01', 'hex'))

/** Where the first section starts in the file. */
export const FIRST_SECTION_OFFSET = PAYLOAD_OFFSET + PAYLOAD_HEADER.length

/** The longest section that is read, in bytes: nobody makes us allocate more by a length that lies. */
export const MAX_SECTION_SIZE = 8 * 1024 * 1024

/** What the fixed start of a pack says. */
export interface PackHeader {
  /** Bytes of the payload, its own header included. */
  payloadSize: number
  /** Where the index starts in the file. */
  indexOffset: number
}

/** The first 51 bytes of a pack (pragma and header) whose index follows the payload at once. */
export function encodePackHeader(payloadSize: number): Uint8Array {
  const bytes = new Uint8Array(PAYLOAD_OFFSET)
  const view = new DataView(bytes.buffer)
  bytes.set(PRAGMA)
  bytes.set(CHARACTERISTICS, PRAGMA.length)
  const fields = PRAGMA.length + CHARACTERISTICS.length
  view.setBigUint64(fields, BigInt(PAYLOAD_OFFSET), true)
  view.setBigUint64(fields + 8, BigInt(payloadSize), true)
  view.setBigUint64(fields + 16, BigInt(PAYLOAD_OFFSET + payloadSize), true)
  return bytes
}

/**
 * Reads the fixed start of a pack: `bytes` are its first 69 (FIRST_SECTION_OFFSET) or more, `fileSize` is the file's.
 *
 * Returns undefined where this is not a whole pack of ours: another pragma, another payload header, no full index, or
 * parts that do not fit into the file.
 */
export function decodePackHeader(bytes: Uint8Array, fileSize: number): PackHeader | undefined {
  if (bytes.length < FIRST_SECTION_OFFSET) return undefined
  if (!startsWith(bytes, 0, PRAGMA) || !startsWith(bytes, PAYLOAD_OFFSET, PAYLOAD_HEADER)) return undefined
  if (!startsWith(bytes, PRAGMA.length, CHARACTERISTICS)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fields = PRAGMA.length + CHARACTERISTICS.length
  const payloadOffset = Number(view.getBigUint64(fields, true))
  const payloadSize = Number(view.getBigUint64(fields + 8, true))
  const indexOffset = Number(view.getBigUint64(fields + 16, true))
  if (payloadOffset !== PAYLOAD_OFFSET || payloadSize < PAYLOAD_HEADER.length) return undefined
  if (indexOffset !== payloadOffset + payloadSize || indexOffset >= fileSize) return undefined
  return { payloadSize, indexOffset }
}

/** The bytes that a section takes: its length prefix, a CID of `cidLength` bytes, a block of `blockLength` bytes. */
export function sectionSize(cidLength: number, blockLength: number): number {
  return varintSize(cidLength + blockLength) + cidLength + blockLength
}

/**
 * Writes the start of a section (length prefix and CID) into `target` at `at`, and returns where the block's bytes go.
 */
export function writeSectionStart(target: Uint8Array, at: number, cid: Uint8Array, blockLength: number): number {
  const end = writeVarint(target, at, cid.length + blockLength)
  target.set(cid, end)
  return end + cid.length
}

/** Where the parts of a section are in the bytes that it was read from. */
export interface SectionLayout {
  /** Start of the CID: after the length prefix. */
  cidStart: number
  hashCode: number
  digestStart: number
  /** Start of the block's bytes: end of the CID and of its digest. */
  blockStart: number
  end: number
}

/**
 * Finds the parts of the section that starts at `at` in `bytes`, which must hold it up to the end of its CID at least
 * (`end` may lie behind `bytes`). Returns undefined where that is no section, or one longer than MAX_SECTION_SIZE.
 */
export function sectionLayout(bytes: Uint8Array, at: number): SectionLayout | undefined {
  const length = readVarint(bytes, at)
  if (length === undefined || length.value > MAX_SECTION_SIZE) return undefined
  const cidStart = length.next
  const end = cidStart + length.value
  // A CIDv0 is a bare sha2-256 multihash: 0x12 0x20 and 32 bytes.
  if (bytes[cidStart] === 0x12 && bytes[cidStart + 1] === 0x20) {
    const blockStart = cidStart + 34
    if (blockStart > end || blockStart > bytes.length) return undefined
    return { cidStart, hashCode: 0x12, digestStart: cidStart + 2, blockStart, end }
  }
  if (bytes[cidStart] !== 0x01) return undefined
  const codec = readVarint(bytes, cidStart + 1)
  const hash = codec && readVarint(bytes, codec.next)
  const digest = hash && readVarint(bytes, hash.next)
  if (hash === undefined || digest === undefined) return undefined
  const blockStart = digest.next + digest.value
  if (blockStart > end || blockStart > bytes.length) return undefined
  return { cidStart, hashCode: hash.value, digestStart: digest.next, blockStart, end }
}

/** A number read from bytes, and where the next thing begins. */
export interface Varint {
  value: number
  next: number
}

/** Reads an unsigned LEB128 varint of up to 53 bits in its shortest form; undefined where there is none. */
export function readVarint(bytes: Uint8Array, at: number): Varint | undefined {
  let value = 0
  let scale = 1
  for (let next = at; next < at + 8; next++) {
    const byte = bytes[next]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * scale
    if (byte < 0x80) {
      const isShortest = byte !== 0 || next === at
      return isShortest && Number.isSafeInteger(value) ? { value, next: next + 1 } : undefined
    }
    scale *= 128
  }
  return undefined
}

/** Writes `value` as an unsigned varint at `at`, and returns where the next thing goes. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value
  let next = at
  while (rest >= 0x80) {
    target[next++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  target[next++] = rest
  return next
}

function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) size++
  return size
}

function startsWith(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  return expected.every((byte, index) => bytes[at + index] === byte)
}
