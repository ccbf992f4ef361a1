import { hash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'

import { IntegrityError } from '../../model/errors.ts'
import { explainFsError } from '../../store/fs-errors.ts'

/**
 * Sorted digests in a file: 32 bytes for each, found by one or two reads.
 *
 *     offset  bytes  what
 *     0       8      "JZFSSET1"
 *     8       4      count of leaves (raw blocks), unsigned, little endian
 *     12      4      count of nodes (all other blocks), the same
 *     16      32     sha2-256 of everything behind it
 *     48      2      length of the head's CID, unsigned, little endian
 *     50      78     the head's CID, then zeros
 *     128     32 n   digests of leaves, ascending
 *             32 m   digests of nodes, ascending
 */
const MAGIC = Buffer.from('JZFSSET1')
const CHECKSUM_OFFSET = 16
const HEAD_OFFSET = 48
const DIGESTS_OFFSET = 128
const DIGEST_BYTES = 32
const MAX_HEAD_BYTES = DIGESTS_OFFSET - HEAD_OFFSET - 2

/** Digests read at once, where the search begins. */
const WINDOW = 32

/** What a set file holds: digests sorted and joined, 32 bytes each. */
export interface DigestSet {
  /** Bytes of the CID whose reach this is. */
  head: Uint8Array
  leaves: Uint8Array
  nodes: Uint8Array
}

/** The bytes of a set file. Digests are sorted, each once. */
export function encodeDigestSet({ head, leaves, nodes }: DigestSet): Uint8Array {
  if (head.length > MAX_HEAD_BYTES) throw new TypeError('the CID of the head is too long')
  const bytes = Buffer.alloc(DIGESTS_OFFSET + leaves.length + nodes.length)
  MAGIC.copy(bytes)
  bytes.writeUInt32LE(leaves.length / DIGEST_BYTES, 8)
  bytes.writeUInt32LE(nodes.length / DIGEST_BYTES, 12)
  bytes.writeUInt16LE(head.length, HEAD_OFFSET)
  bytes.set(head, HEAD_OFFSET + 2)
  bytes.set(leaves, DIGESTS_OFFSET)
  bytes.set(nodes, DIGESTS_OFFSET + leaves.length)
  bytes.set(hash('sha256', bytes.subarray(HEAD_OFFSET), 'buffer'), CHECKSUM_OFFSET)
  return bytes
}

/** Reads a set file whole. IntegrityError `set-corrupt` (details: `path`) where it is not what was written. */
export function decodeDigestSet(path: string, bytes: Uint8Array): DigestSet {
  const { leaves, nodes, head } = readHeader(path, bytes, bytes.length)
  const checksum = bytes.subarray(CHECKSUM_OFFSET, HEAD_OFFSET)
  if (Buffer.compare(hash('sha256', bytes.subarray(HEAD_OFFSET), 'buffer'), checksum) !== 0) throw corruptSet(path)
  const nodesOffset = DIGESTS_OFFSET + leaves * DIGEST_BYTES
  return {
    head,
    leaves: bytes.subarray(DIGESTS_OFFSET, nodesOffset),
    nodes: bytes.subarray(nodesOffset, nodesOffset + nodes * DIGEST_BYTES),
  }
}

/** A set file that is open for questions. */
export interface OpenDigestSet {
  readonly head: Uint8Array
  /** How many blocks are in it. */
  readonly count: number
  /** Whether a leaf or a node with this sha2-256 digest is in it. */
  has(digest: Uint8Array): boolean
  hasLeaf(digest: Uint8Array): boolean
  hasNode(digest: Uint8Array): boolean
  close(): void
}

/** Opens a set file; its digests stay on the disk. Throws `set-corrupt` and what the file system throws. */
export function openDigestSet(path: string): OpenDigestSet {
  const file = openFile(path)
  try {
    const start = Buffer.alloc(DIGESTS_OFFSET)
    const length = readSync(file, start, 0, DIGESTS_OFFSET, 0)
    const { leaves, nodes, head } = readHeader(path, start.subarray(0, length), undefined)
    const hasLeaf = (digest: Uint8Array): boolean => search(file, DIGESTS_OFFSET, leaves, digest)
    const nodesOffset = DIGESTS_OFFSET + leaves * DIGEST_BYTES
    const hasNode = (digest: Uint8Array): boolean => search(file, nodesOffset, nodes, digest)
    const has = (digest: Uint8Array): boolean => hasLeaf(digest) || hasNode(digest)
    return { head, count: leaves + nodes, has, hasLeaf, hasNode, close: () => closeSync(file) }
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

/** Digests are spread evenly, so a digest's first bytes tell about where it stands: two reads mostly find it. */
function search(file: number, offset: number, count: number, digest: Uint8Array): boolean {
  const wanted = Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength)
  const window = Buffer.alloc(WINDOW * DIGEST_BYTES)
  let low = 0
  let high = count
  let guess = Math.floor((wanted.readUInt32BE(0) / 2 ** 32) * count)
  while (low < high) {
    const first = Math.max(low, Math.min(guess - WINDOW / 2, high - WINDOW))
    const last = Math.min(first + WINDOW, high)
    const size = (last - first) * DIGEST_BYTES
    if (readSync(file, window, 0, size, offset + first * DIGEST_BYTES) !== size) return false
    if (compareAt(window, 0, wanted) > 0) high = first
    else if (compareAt(window, size - DIGEST_BYTES, wanted) < 0) low = last
    else return isInside(window.subarray(0, size), wanted)
    guess = (low + high) >>> 1
  }
  return false
}

function isInside(digests: Buffer, wanted: Buffer): boolean {
  for (let at = 0; at < digests.length; at += DIGEST_BYTES) {
    if (compareAt(digests, at, wanted) === 0) return true
  }
  return false
}

function compareAt(digests: Buffer, at: number, wanted: Buffer): number {
  return digests.compare(wanted, 0, DIGEST_BYTES, at, at + DIGEST_BYTES)
}

function readHeader(
  path: string,
  start: Uint8Array,
  fileSize: number | undefined,
): { leaves: number; nodes: number; head: Uint8Array } {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength)
  if (bytes.length < DIGESTS_OFFSET || !bytes.subarray(0, 8).equals(MAGIC)) throw corruptSet(path)
  const [leaves, nodes] = [bytes.readUInt32LE(8), bytes.readUInt32LE(12)]
  const headLength = bytes.readUInt16LE(HEAD_OFFSET)
  const size = DIGESTS_OFFSET + (leaves + nodes) * DIGEST_BYTES
  if (headLength > MAX_HEAD_BYTES || (fileSize !== undefined && fileSize !== size)) throw corruptSet(path)
  return { leaves, nodes, head: new Uint8Array(bytes.subarray(HEAD_OFFSET + 2, HEAD_OFFSET + 2 + headLength)) }
}

function corruptSet(path: string): IntegrityError {
  return new IntegrityError('set-corrupt', `the list of published blocks cannot be read: ${path}`, {
    hint: 'publish again: it is made anew',
    details: { path },
  })
}
