import type { CID } from 'multiformats/cid'

import { SHA2_256 } from '../cid.ts'
import { MAX_BLOCK } from '../limits.ts'
import { treeInvalid } from '../tree/tree-invalid.ts'
import { readUtf8, utf8Length, writeUtf8 } from '../utf8.ts'
import { ProtobufReader, varintSize, writeVarint } from './protobuf.ts'

/** A link of a dag-pb node: the CID as bytes, so that no object is made where only bytes are moved. */
export interface Link {
  name: string
  cid: Uint8Array
  tsize: number
}

/** A scanned dag-pb node: its bytes and where each link's parts stand in them. */
export interface PbNode {
  cid: CID
  bytes: Buffer
  /** The node's Data field. */
  data: Uint8Array | undefined
  /** How many links there are. */
  count: number
  /** Four numbers a link: start and end of its CID, start and end of its name (both 0 where it has none). */
  places: Uint32Array
  /** A link's Tsize; -1 where it has none. */
  tsizes: Float64Array
}

/** Bytes that one link takes in a node, its own tag and length included. */
export function linkSize(nameLength: number, cidLength: number, tsize: number): number {
  const size = linkBodySize(nameLength, cidLength, tsize)
  return 1 + varintSize(size) + size
}

/**
 * Encodes a dag-pb node (IPLD's dag-pb specification: links in the order given, then Data).
 *
 * With `slots`, a link's name is prefixed by its slot in two upper-case hexadecimal digits, as in a shard of fanout 256.
 * The caller gives links in the order of their names' bytes.
 */
export function encodeNode(links: readonly Link[], data: Uint8Array, slots?: Uint8Array): Buffer {
  const prefixLength = slots === undefined ? 0 : 2
  const nameLengths = new Uint32Array(links.length)
  let size = 1 + varintSize(data.length) + data.length
  for (let i = 0; i < links.length; i++) {
    const link = links[i] as Link
    const nameLength = prefixLength + utf8Length(link.name)
    nameLengths[i] = nameLength
    size += linkSize(nameLength, link.cid.length, link.tsize)
  }
  const target = Buffer.allocUnsafe(size)
  let at = 0
  for (let i = 0; i < links.length; i++) {
    at = writeLink(links[i] as Link, nameLengths[i] as number, slots?.[i], target, at)
  }
  target[at++] = TAG_DATA
  at = writeVarint(data.length, target, at)
  target.set(data, at)
  return target
}

/** The bytes of one link, as it stands in a node. */
export function encodeLink(link: Link): Buffer {
  const nameLength = utf8Length(link.name)
  const target = Buffer.allocUnsafe(linkSize(nameLength, link.cid.length, link.tsize))
  writeLink(link, nameLength, undefined, target, 0)
  return target
}

/**
 * Scans a dag-pb node strictly, without making an object per link: fields in their order and at most once, shortest
 * varints, whole CIDs of sha2-256. Anything else is IntegrityError `tree-invalid`. Names are not judged here.
 */
export function scanNode(cid: CID, bytes: Uint8Array): PbNode {
  if (bytes.length > MAX_BLOCK) {
    throw treeInvalid(cid, `the block is larger than ${MAX_BLOCK} bytes`)
  }
  const reader = new ProtobufReader(bytes, cid)
  const count = countLinks(reader)
  const node: PbNode = {
    cid,
    bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    data: undefined,
    count,
    places: new Uint32Array(4 * count),
    tsizes: new Float64Array(count),
  }
  let index = scanUsualLinks(reader, node)
  let linksEnded = false
  while (reader.offset < bytes.length) {
    const tag = reader.varint()
    const end = reader.endOfField(bytes.length)
    if (tag === TAG_LINK && !linksEnded) {
      scanLink(reader, node, index++, end)
    } else if (tag === TAG_DATA && node.data === undefined) {
      node.data = bytes.subarray(reader.offset, end)
      linksEnded = index > 0
      reader.offset = end
    } else {
      throw treeInvalid(cid, 'its fields are not one row of links and one Data')
    }
  }
  return node
}

/** The bytes of a link's CID, as a view of the block. */
export function linkCid(node: PbNode, index: number): Buffer {
  return node.bytes.subarray(node.places[4 * index], node.places[4 * index + 1])
}

/** A link's name, as it stands there; IntegrityError `tree-invalid` where it is not UTF-8. `skip` leaves out its first bytes. */
export function linkName(node: PbNode, index: number, skip = 0): string {
  const start = (node.places[4 * index + 2] as number) + skip
  const name = readUtf8(node.bytes, start, node.places[4 * index + 3] as number)
  if (name === undefined) {
    const lossy = node.bytes.toString('utf8', start, node.places[4 * index + 3])
    throw treeInvalid(node.cid, 'the name is not valid UTF-8', lossy)
  }
  return name
}

/** The order of a link's name and other bytes. */
export function compareLinkName(node: PbNode, index: number, name: Uint8Array): number {
  const start = node.places[4 * index + 2] as number
  return node.bytes.compare(name, 0, name.length, start, node.places[4 * index + 3])
}

const TAG_LINK = 0x12
const TAG_DATA = 0x0a
const TAG_HASH = 0x0a
const TAG_NAME = 0x12
const TAG_TSIZE = 0x18

const DIGEST_SIZE = 32

function linkBodySize(nameLength: number, cidLength: number, tsize: number): number {
  return 3 + varintSize(cidLength) + cidLength + varintSize(nameLength) + nameLength + varintSize(tsize)
}

function writeLink(link: Link, nameLength: number, slot: number | undefined, target: Buffer, offset: number): number {
  const { cid, tsize } = link
  let at = offset
  target[at++] = TAG_LINK
  at = writeVarint(linkBodySize(nameLength, cid.length, tsize), target, at)
  target[at++] = TAG_HASH
  at = writeVarint(cid.length, target, at)
  target.set(cid, at)
  at += cid.length
  target[at++] = TAG_NAME
  at = writeVarint(nameLength, target, at)
  if (slot !== undefined) {
    target[at++] = HEX.charCodeAt(slot >>> 4)
    target[at++] = HEX.charCodeAt(slot & 15)
  }
  at = writeUtf8(link.name, target, at)
  target[at++] = TAG_TSIZE
  return writeVarint(tsize, target, at)
}

const HEX = '0123456789ABCDEF'

/** Counts the links by hopping over them, so that the tables are made once and in their size. */
function countLinks(reader: ProtobufReader): number {
  const { bytes } = reader
  let count = 0
  let at = 0
  while (at < bytes.length) {
    let tag = bytes[at] as number
    const end = at + 2 + (bytes[at + 1] as number)
    if (tag < LONG && (bytes[at + 1] as number) < LONG && end <= bytes.length) {
      at = end
    } else {
      reader.offset = at
      tag = reader.varint()
      at = reader.endOfField(bytes.length)
    }
    if (tag === TAG_LINK) {
      count++
    }
  }
  return count
}

/** A byte from here on says that a varint has another one. */
const LONG = 0x80
/** Of version 1, with a codec of one byte. */
const USUAL_CID_SIZE = 36

/**
 * Scans links from the first on as long as they are of the usual form: a CIDv1, a name and a Tsize, with lengths of one byte.
 * Returns how many, and leaves the reader behind them.
 *
 * One loop that calls nothing: most blocks are scanned by a process that is young, whose calls are slow yet.
 */
function scanUsualLinks(reader: ProtobufReader, { bytes, count, places, tsizes }: PbNode): number {
  let index = 0
  let at = 0
  for (; index < count; index++) {
    const cid = at + 4
    const nameTag = cid + USUAL_CID_SIZE
    const nameEnd = nameTag + 2 + (bytes[nameTag + 1] as number)
    let next = nameEnd + 1
    let tsize = 0
    let last = LONG
    for (let shift = 0; last >= LONG && shift < 28; shift += 7) {
      last = bytes[next++] as number
      tsize |= (last & 0x7f) << shift
    }
    const isUsual =
      bytes[at] === TAG_LINK &&
      (bytes[at + 1] as number) < LONG &&
      next === at + 2 + (bytes[at + 1] as number) &&
      bytes[at + 2] === TAG_HASH &&
      bytes[at + 3] === USUAL_CID_SIZE &&
      bytes[cid] === 1 &&
      (bytes[cid + 1] as number) < LONG &&
      bytes[cid + 2] === SHA2_256 &&
      bytes[cid + 3] === DIGEST_SIZE &&
      bytes[nameTag] === TAG_NAME &&
      (bytes[nameTag + 1] as number) < LONG &&
      bytes[nameEnd] === TAG_TSIZE &&
      last < LONG &&
      (last > 0 || next === nameEnd + 2)
    if (!isUsual) break
    places[4 * index] = cid
    places[4 * index + 1] = nameTag
    places[4 * index + 2] = nameTag + 2
    places[4 * index + 3] = nameEnd
    tsizes[index] = tsize
    at = next
  }
  reader.offset = at
  return index
}

function scanLink(reader: ProtobufReader, node: PbNode, index: number, end: number): void {
  const { bytes, places, tsizes } = node
  if (bytes[reader.offset++] !== TAG_HASH) {
    throw treeInvalid(node.cid, 'a link does not begin with its CID')
  }
  const hashEnd = reader.endOfField(end)
  checkCid(node, reader.offset, hashEnd)
  places[4 * index] = reader.offset
  places[4 * index + 1] = hashEnd
  reader.offset = hashEnd
  if (reader.offset < end && bytes[reader.offset] === TAG_NAME) {
    reader.offset++
    const nameEnd = reader.endOfField(end)
    places[4 * index + 2] = reader.offset
    places[4 * index + 3] = nameEnd
    reader.offset = nameEnd
  }
  tsizes[index] = -1
  if (reader.offset < end && bytes[reader.offset] === TAG_TSIZE) {
    reader.offset++
    tsizes[index] = reader.varint()
  }
  if (reader.offset !== end) {
    throw treeInvalid(node.cid, 'a link holds more than a CID, a name and a size')
  }
}

/** CIDv0, or CIDv1 of any codec; the hash is sha2-256 whole. */
function checkCid(node: PbNode, start: number, end: number): void {
  const { bytes } = node
  let at = start
  if (bytes[at] === 1 && end - start > 34) {
    at += 1 + codecLength(bytes, start + 1, end)
  }
  if (end - at !== 2 + DIGEST_SIZE || bytes[at] !== SHA2_256 || bytes[at + 1] !== DIGEST_SIZE) {
    throw treeInvalid(node.cid, 'a link is not a CID of sha2-256')
  }
}

/** Codecs are small numbers; seven bytes hold what is exact in a double. */
const MAX_CODEC_BYTES = 7

/** Bytes of the codec's varint; 0 where it is too long, or not the shortest. */
function codecLength(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && (bytes[at++] as number) >= 0x80) {
    // up to the last byte
  }
  const length = at - start
  const isShortest = length === 1 || bytes[at - 1] !== 0
  return isShortest && length <= MAX_CODEC_BYTES ? length : 0
}
