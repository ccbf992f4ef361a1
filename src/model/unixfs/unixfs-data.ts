import type { CID } from 'multiformats/cid'

import { treeInvalid } from '../tree/tree-invalid.ts'
import { ProtobufReader, varintSize, writeVarint } from './protobuf.ts'

/** UnixFS's node types (the `DataType` of its protobuf). */
export const UNIXFS_RAW = 0
export const UNIXFS_DIRECTORY = 1
export const UNIXFS_FILE = 2
export const UNIXFS_SYMLINK = 4
export const UNIXFS_HAMT_SHARD = 5

/** The UnixFS message in the Data field of a dag-pb node. */
export interface UnixfsData {
  type: number
  data?: Uint8Array | undefined
  fileSize?: number | undefined
  blockSizes?: readonly number[] | undefined
  hashType?: number | undefined
  fanout?: number | undefined
  /** The permission bits, and whatever more a writer put there. */
  mode?: number | undefined
  /** Whether there is more that we never write: an mtime, fields unknown to us. */
  hasMore?: boolean | undefined
}

/** Encodes a UnixFS message: fields in the order of their numbers, repeated ones unpacked, as Kubo and Helia write them. */
export function encodeUnixfs(message: UnixfsData): Uint8Array {
  const { data } = message
  const numbers = numberFields(message)
  let size = 1 + varintSize(message.type) + (data === undefined ? 0 : 1 + varintSize(data.length) + data.length)
  for (const [, value] of numbers) {
    size += 1 + varintSize(value)
  }
  const target = new Uint8Array(size)
  let at = 0
  target[at++] = TAG_TYPE
  at = writeVarint(message.type, target, at)
  if (data !== undefined) {
    target[at++] = TAG_DATA
    at = writeVarint(data.length, target, at)
    target.set(data, at)
    at += data.length
  }
  for (const [tag, value] of numbers) {
    target[at++] = tag
    at = writeVarint(value, target, at)
  }
  return target
}

/** Decodes a UnixFS message strictly; IntegrityError `tree-invalid` naming `cid`, the node that it stands in. */
export function decodeUnixfs(cid: CID, bytes: Uint8Array): UnixfsData {
  const reader = new ProtobufReader(bytes, cid)
  const message: UnixfsData = { type: -1 }
  const blockSizes: number[] = []
  let seen = 0
  while (reader.offset < bytes.length) {
    const tag = reader.varint()
    const field = tag >>> 3
    if (field !== FIELD_BLOCK_SIZES && field >= 1 && field <= 8) {
      if ((seen & (1 << field)) !== 0) {
        throw treeInvalid(cid, `its UnixFS field ${field} stands there twice`)
      }
      seen |= 1 << field
    }
    readField(reader, tag, message, blockSizes)
  }
  if (message.type === -1) {
    throw treeInvalid(cid, 'it has no UnixFS type')
  }
  message.blockSizes = blockSizes
  return message
}

const TAG_TYPE = 0x08
const TAG_DATA = 0x12
const TAG_FILE_SIZE = 0x18
const TAG_BLOCK_SIZE = 0x20
const TAG_HASH_TYPE = 0x28
const TAG_FANOUT = 0x30
const TAG_MODE = 0x38
const TAG_MTIME = 0x42
const FIELD_BLOCK_SIZES = 4

/** The fields behind Data, in the order of their numbers. */
function numberFields(message: UnixfsData): [tag: number, value: number][] {
  const fields: [number, number | undefined][] = [
    [TAG_FILE_SIZE, message.fileSize],
    ...(message.blockSizes ?? []).map((size): [number, number] => [TAG_BLOCK_SIZE, size]),
    [TAG_HASH_TYPE, message.hashType],
    [TAG_FANOUT, message.fanout],
    [TAG_MODE, message.mode],
  ]
  return fields.filter((field): field is [number, number] => field[1] !== undefined)
}

function readField(reader: ProtobufReader, tag: number, message: UnixfsData, blockSizes: number[]): void {
  switch (tag) {
    case TAG_TYPE:
      message.type = reader.varint()
      break
    case TAG_DATA: {
      const end = reader.endOfField(reader.bytes.length)
      message.data = reader.bytes.subarray(reader.offset, end)
      reader.offset = end
      break
    }
    case TAG_FILE_SIZE:
      message.fileSize = reader.varint()
      break
    case TAG_BLOCK_SIZE:
      blockSizes.push(reader.varint())
      break
    case TAG_HASH_TYPE:
      message.hashType = reader.varint()
      break
    case TAG_FANOUT:
      message.fanout = reader.varint()
      break
    case TAG_MODE:
      message.mode = reader.varint()
      break
    case TAG_MTIME: {
      message.hasMore = true
      const end = reader.endOfField(reader.bytes.length)
      while (reader.offset < end) {
        const inner = reader.varint()
        // The seconds of a time before 1970 take ten bytes.
        if ((inner & 7) === 0) reader.skipVarint(end)
        else reader.skipField(inner, end)
      }
      break
    }
    default:
      if (tag >>> 3 <= 8) {
        throw treeInvalid(reader.cid, `its UnixFS field ${tag >>> 3} is of another kind`)
      }
      message.hasMore = true
      reader.skipField(tag, reader.bytes.length)
  }
}
