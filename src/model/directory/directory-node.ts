import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../block.ts'
import { DAG_PB } from '../cid.ts'
import { MAX_NAME_BYTES } from '../limits.ts'
import { treeInvalid } from '../tree/tree-invalid.ts'
import { linkName, scanNode } from '../unixfs/dag-pb.ts'
import type { PbNode } from '../unixfs/dag-pb.ts'
import { UNIXFS_DIRECTORY, UNIXFS_HAMT_SHARD, decodeUnixfs } from '../unixfs/unixfs-data.ts'
import type { UnixfsData } from '../unixfs/unixfs-data.ts'
import { entryNameProblem } from './entry-name.ts'
import { HAMT_HASH } from './hamt-slot.ts'

/** One block of a directory, scanned and found valid in itself. */
export interface DirectoryNode {
  node: PbNode
  /** What its Data says. */
  unixfs: UnixfsData
  /** Only of a shard: how it spreads its links. */
  shard: Shard | undefined
}

/** How a shard spreads its links. */
interface Shard {
  /** Bits of a name's hash that choose a slot: 8 for a fanout of 256. */
  bits: number
  /** Hexadecimal digits of a slot before each name. */
  prefixLength: number
  /** Each link's slot, ascending. */
  slots: Uint16Array
}

/** Reads a block of a directory: plain or the first shard. IntegrityError `tree-invalid` where it is none or not valid. */
export async function openDirectory(source: BlockSource, cid: CID, options?: AbortOptions): Promise<DirectoryNode> {
  if (cid.code !== DAG_PB) {
    throw treeInvalid(cid, 'it is not a directory')
  }
  const node = scanNode(cid, await source.get(cid, options))
  return checkDirectory(node, unixfsOf(node))
}

/** A node's UnixFS message. */
export function unixfsOf(node: PbNode): UnixfsData {
  if (node.data === undefined) {
    throw treeInvalid(node.cid, 'it has no UnixFS data')
  }
  return decodeUnixfs(node.cid, node.data)
}

/**
 * Checks a scanned node as a directory: names that may be, in their order and each once, every link with its size; in
 * a shard, slots that agree with the bit field.
 */
export function checkDirectory(node: PbNode, unixfs: UnixfsData): DirectoryNode {
  if (unixfs.type === UNIXFS_DIRECTORY) {
    checkLinks(node, 0)
    return { node, unixfs, shard: undefined }
  }
  if (unixfs.type === UNIXFS_HAMT_SHARD) {
    const shard = readShard(node, unixfs)
    checkLinks(node, shard.prefixLength)
    return { node, unixfs, shard }
  }
  throw treeInvalid(node.cid, 'it is not a directory')
}

/** Whether a link of a shard leads to a shard below rather than to an entry. */
export function isShardLink(directory: DirectoryNode, index: number): boolean {
  const { node, shard } = directory
  return shard !== undefined && nameLength(node, index) === shard.prefixLength
}

/** Bytes of the DAG below a node as its own block and links declare them. */
export function declaredTsize(node: PbNode): number {
  const { tsizes } = node
  let tsize = node.bytes.length
  for (let index = 0; index < tsizes.length; index++) {
    tsize += tsizes[index] as number
  }
  return tsize
}

/** Refuses a link whose Tsize is not what the node behind it adds up to. */
export function checkTsize(node: PbNode, tsize: number | undefined): void {
  if (tsize !== undefined && declaredTsize(node) !== tsize) {
    throw treeInvalid(node.cid, `its link says ${tsize} bytes, it adds up to ${declaredTsize(node)}`)
  }
}

function nameLength(node: PbNode, index: number): number {
  return (node.places[4 * index + 3] as number) - (node.places[4 * index + 2] as number)
}

function checkLinks(node: PbNode, prefixLength: number): void {
  const { bytes, places, tsizes } = node
  let before = 0
  let beforeEnd = 0
  let isPlainBefore = false
  for (let index = 0; index < node.count; index++) {
    const start = places[4 * index + 2] as number
    const end = places[4 * index + 3] as number
    if ((tsizes[index] as number) < 0) {
      throw treeInvalid(node.cid, 'the link has no size', linkName(node, index, prefixLength))
    }
    const length = end - start
    const lengthBefore = beforeEnd - before
    let same = 0
    while (same < length && bytes[start + same] === bytes[before + same]) same++
    // What stands behind the name before may be the same too.
    if (same > lengthBefore) same = lengthBefore
    const isLater =
      same < length && (same === lengthBefore || (bytes[start + same] as number) > (bytes[before + same] as number))
    if (index > 0 && !isLater) {
      throw badOrder(node, index, same === length && same === lengthBefore)
    }
    if (prefixLength === 0 || length > prefixLength) {
      // What a plain name begins with was looked at there.
      const known = isPlainBefore ? Math.max(same, prefixLength) : prefixLength
      isPlainBefore = isPlainName(bytes, start + prefixLength, end, start + known)
      if (!isPlainBefore) checkName(node, index, prefixLength)
    }
    before = start
    beforeEnd = end
  }
  if (!Number.isSafeInteger(declaredTsize(node))) {
    throw treeInvalid(node.cid, 'its sizes add up to more than 2^53 bytes')
  }
}

function badOrder(node: PbNode, index: number, isTwice: boolean): Error {
  const problem = isTwice ? 'the name stands there twice' : 'the links are not in the order of their names'
  return treeInvalid(node.cid, problem, linkName(node, index))
}

/** Whether a name is ASCII and surely one that may be; the bytes before `unknown` are known to be fine. */
function isPlainName(bytes: Uint8Array, start: number, end: number, unknown: number): boolean {
  if (end <= start || end - start > MAX_NAME_BYTES || (bytes[start] === DOT && end - start <= 2)) return false
  for (let at = unknown; at < end; at++) {
    const byte = bytes[at] as number
    if (byte >= 0x80 || byte === SLASH || byte === 0) return false
  }
  return true
}

/** Judges a name as a string: one that is not plain ASCII, or is suspect. */
function checkName(node: PbNode, index: number, prefixLength: number): void {
  const name = linkName(node, index, prefixLength)
  const problem = entryNameProblem(name)
  if (problem !== undefined) {
    throw treeInvalid(node.cid, `it cannot be a name: ${problem}`, name)
  }
}

const DOT = 0x2e
const SLASH = 0x2f

/** Kubo's limits for a fanout: a power of two from 8 to 1024. */
const FANOUTS = new Set([8, 16, 32, 64, 128, 256, 512, 1024])

function readShard(node: PbNode, unixfs: UnixfsData): Shard {
  const { fanout = 0, hashType, data: bitfield = new Uint8Array() } = unixfs
  if (hashType !== HAMT_HASH || !FANOUTS.has(fanout)) {
    throw treeInvalid(node.cid, `shards of hash ${hashType} and fanout ${fanout} are unknown`)
  }
  const shard = {
    bits: Math.log2(fanout),
    prefixLength: (fanout - 1).toString(16).length,
    slots: new Uint16Array(node.count),
  }
  for (let index = 0; index < node.count; index++) {
    shard.slots[index] = readSlot(node, index, shard.prefixLength, fanout)
  }
  checkBitfield(node, bitfield, shard.slots, fanout)
  return shard
}

function readSlot(node: PbNode, index: number, prefixLength: number, fanout: number): number {
  const start = node.places[4 * index + 2] as number
  const length = nameLength(node, index)
  let slot = length < prefixLength ? -1 : 0
  for (let at = start; at < start + prefixLength && slot >= 0; at++) {
    const digit = HEX.indexOf(String.fromCharCode(node.bytes[at] as number))
    slot = digit < 0 ? -1 : slot * 16 + digit
  }
  if (slot < 0 || slot >= fanout) {
    throw treeInvalid(node.cid, 'the link does not begin with a slot of its shard', linkName(node, index))
  }
  return slot
}

const HEX = '0123456789ABCDEF'

/** The bit field must name the links' slots, each once, and no other. */
function checkBitfield(node: PbNode, bitfield: Uint8Array, slots: Uint16Array, fanout: number): void {
  const expected = new Uint8Array(fanout / 8)
  let isValid = bitfield.length <= expected.length
  for (const [index, slot] of slots.entries()) {
    isValid &&= index === 0 || slot > (slots[index - 1] as number)
    const byte = expected.length - 1 - (slot >>> 3)
    expected[byte] = (expected[byte] as number) | (1 << (slot & 7))
  }
  const padding = expected.length - bitfield.length
  isValid &&= expected.every((byte, at) => byte === (at < padding ? 0 : bitfield[at - padding]))
  if (!isValid) {
    throw treeInvalid(node.cid, 'the bit field of the shard does not match its links')
  }
}
