import { createHash } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'

import { IntegrityError } from '../../model/errors.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import { DIGEST_BYTES, openDigestRange, readInto } from './digest-range.ts'

/**
 * Sorted digests in a file: 32 bytes for each (see digest-range.ts).
 *
 *     offset  bytes  what
 *     0       8      "JZFSSET2"
 *     8       4      count of leaves (raw blocks), unsigned, little endian
 *     12      4      count of nodes (all other blocks), the same
 *     16      4      count of heads, the same
 *     20      12     zeros
 *     32      32     sha2-256 of everything before and behind it
 *     64      48 k   heads: the length of a CID (1 byte), the CID, zeros; in the order of their bytes, each once
 *             32 n   digests of leaves, ascending
 *             32 m   digests of nodes, ascending
 *
 * Files of other versions are corrupt ones to a reader: they are made anew.
 */
const MAGIC = Buffer.from('JZFSSET2')
const CHECKSUM_OFFSET = 32
const HEADS_OFFSET = 64
const HEAD_BYTES = 48

/** Heads of one set: more than a repository's manifest can name. */
const MAX_HEADS = 65_536

/** What a set file holds: digests sorted and joined, 32 bytes each. */
export interface DigestSet {
  /** Bytes of the CIDs whose reach this is, sorted. */
  heads: Uint8Array[]
  leaves: Uint8Array
  nodes: Uint8Array
}

/** The bytes of a set file. Digests are sorted, each once. */
export function encodeDigestSet({ heads, leaves, nodes }: DigestSet): Uint8Array {
  const digestsOffset = HEADS_OFFSET + heads.length * HEAD_BYTES
  const bytes = Buffer.alloc(digestsOffset + leaves.length + nodes.length)
  MAGIC.copy(bytes)
  bytes.writeUInt32LE(leaves.length / DIGEST_BYTES, 8)
  bytes.writeUInt32LE(nodes.length / DIGEST_BYTES, 12)
  bytes.writeUInt32LE(heads.length, 16)
  for (const [index, head] of heads.entries()) {
    if (head.length >= HEAD_BYTES) throw new TypeError('the CID of a head is too long')
    bytes[HEADS_OFFSET + index * HEAD_BYTES] = head.length
    bytes.set(head, HEADS_OFFSET + index * HEAD_BYTES + 1)
  }
  bytes.set(leaves, digestsOffset)
  bytes.set(nodes, digestsOffset + leaves.length)
  bytes.set(checksumOf(bytes), CHECKSUM_OFFSET)
  return bytes
}

/** Reads a set file whole. IntegrityError `set-corrupt` (details: `path`) where it is not what was written. */
export function decodeDigestSet(path: string, bytes: Uint8Array): DigestSet {
  const { leaves, nodes, heads } = readHeader(path, bytes)
  const leavesOffset = HEADS_OFFSET + heads * HEAD_BYTES
  const nodesOffset = leavesOffset + leaves * DIGEST_BYTES
  if (bytes.length !== nodesOffset + nodes * DIGEST_BYTES) throw corruptSet(path)
  if (Buffer.compare(checksumOf(bytes), bytes.subarray(CHECKSUM_OFFSET, HEADS_OFFSET)) !== 0) throw corruptSet(path)
  return {
    heads: readHeads(path, bytes.subarray(HEADS_OFFSET, leavesOffset)),
    leaves: bytes.subarray(leavesOffset, nodesOffset),
    nodes: bytes.subarray(nodesOffset),
  }
}

/** A set file that is open for questions. */
export interface OpenDigestSet {
  /** Bytes of the CIDs whose reach this is. */
  readonly heads: readonly Uint8Array[]
  /** How many blocks are in it. */
  readonly count: number
  /** Whether a leaf or a node with this sha2-256 digest is in it. */
  has(digest: Uint8Array): boolean
  hasLeaf(digest: Uint8Array): boolean
  hasNode(digest: Uint8Array): boolean
  close(): void
}

/** Opens a set file. Throws `set-corrupt` and what the file system throws. */
export function openDigestSet(path: string): OpenDigestSet {
  const file = openFile(path)
  try {
    const { leaves, nodes, heads: headCount } = readHeader(path, readInto(file, Buffer.alloc(HEADS_OFFSET), 0))
    const heads = readHeads(path, readInto(file, Buffer.alloc(headCount * HEAD_BYTES), HEADS_OFFSET))
    const leavesOffset = HEADS_OFFSET + headCount * HEAD_BYTES
    const leafDigests = openDigestRange(file, leavesOffset, leaves)
    const nodeDigests = openDigestRange(file, leavesOffset + leaves * DIGEST_BYTES, nodes)
    return {
      heads,
      count: leaves + nodes,
      has: (digest) => leafDigests.has(digest) || nodeDigests.has(digest),
      hasLeaf: leafDigests.has,
      hasNode: nodeDigests.has,
      close() {
        leafDigests.close()
        nodeDigests.close()
        closeSync(file)
      },
    }
  } catch (error) {
    closeSync(file)
    throw error
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw explainFsError(error, path)
  }
}

interface SetCounts {
  leaves: number
  nodes: number
  heads: number
}

function readHeader(path: string, start: Uint8Array): SetCounts {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength)
  if (bytes.length < HEADS_OFFSET || !bytes.subarray(0, 8).equals(MAGIC)) throw corruptSet(path)
  const heads = bytes.readUInt32LE(16)
  if (heads > MAX_HEADS) throw corruptSet(path)
  return { leaves: bytes.readUInt32LE(8), nodes: bytes.readUInt32LE(12), heads }
}

function readHeads(path: string, bytes: Uint8Array): Uint8Array[] {
  if (bytes.length % HEAD_BYTES !== 0) throw corruptSet(path)
  return Array.from({ length: bytes.length / HEAD_BYTES }, (_, index) => {
    const at = index * HEAD_BYTES
    const length = bytes[at] ?? HEAD_BYTES
    if (length === 0 || length >= HEAD_BYTES) throw corruptSet(path)
    return new Uint8Array(bytes.subarray(at + 1, at + 1 + length))
  })
}

function checksumOf(bytes: Uint8Array): Uint8Array {
  const sum = createHash('sha256').update(bytes.subarray(0, CHECKSUM_OFFSET))
  return sum.update(bytes.subarray(HEADS_OFFSET)).digest()
}

function corruptSet(path: string): IntegrityError {
  return new IntegrityError('set-corrupt', `the list of published blocks cannot be read: ${path}`, {
    hint: 'publish again: it is made anew',
    details: { path },
  })
}
