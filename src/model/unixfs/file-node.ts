import type { CID } from 'multiformats/cid'

import { DAG_PB, cidOf } from '../cid.ts'
import { toCid } from '../directory/directory-read.ts'
import { CHUNK_SIZE, MAX_LINKS } from '../limits.ts'
import { treeInvalid } from '../tree/tree-invalid.ts'
import { encodeNode, linkCid } from './dag-pb.ts'
import type { Link, PbNode } from './dag-pb.ts'
import { UNIXFS_FILE, encodeUnixfs } from './unixfs-data.ts'
import type { UnixfsData } from './unixfs-data.ts'

/**
 * Checks what a node of a file says of its sizes, and returns how many bytes of the file are in and below it: one block
 * size per link, and a file size that they and the bytes in the node itself add up to.
 */
export function fileSizeOf(node: PbNode, unixfs: UnixfsData): number {
  const { blockSizes = [], data, fileSize } = unixfs
  if (blockSizes.length !== node.count) {
    throw treeInvalid(node.cid, `it has ${node.count} links and ${blockSizes.length} block sizes`)
  }
  let size = data?.length ?? 0
  for (const blockSize of blockSizes) {
    size += blockSize
  }
  if (!Number.isSafeInteger(size) || (fileSize ?? size) !== size) {
    throw treeInvalid(node.cid, `it says it holds ${fileSize} bytes, its parts add up to ${size}`)
  }
  return size
}

/**
 * The CID of a file without mode and mtime: of its only leaf where it is nothing but one raw leaf, its own where it has
 * neither, and otherwise of the same node encoded without them.
 */
export function contentCidOf(node: PbNode, unixfs: UnixfsData): CID {
  const hasData = (unixfs.data?.length ?? 0) > 0
  if (node.count === 1 && !hasData && isRaw(linkCid(node, 0))) {
    return toCid(linkCid(node, 0))
  }
  if (unixfs.mode === undefined && unixfs.hasMore === undefined) {
    return node.cid
  }
  const { type, data, fileSize, blockSizes } = unixfs
  return cidOf(DAG_PB, encodeNode(linksOfFile(node), encodeUnixfs({ type, data, fileSize, blockSizes })))
}

/**
 * Whether the root node of a file is what profile `unixfs-v1-2025` gives, or an executable over that: full subtrees but
 * the last, and the very bytes that we would write.
 */
export function isCanonicalFile(node: PbNode, unixfs: UnixfsData, mode: number | undefined): boolean {
  const { blockSizes = [] } = unixfs
  const isLeafParent = node.count > 0 && isRaw(linkCid(node, 0))
  const isOfSize = node.count >= (mode !== undefined && isLeafParent ? 1 : 2) && node.count <= MAX_LINKS
  if (node.cid.version !== 1 || unixfs.data !== undefined || !isOfSize || !isBalanced(node, blockSizes, isLeafParent)) {
    return false
  }
  const fileSize = fileSizeOf(node, unixfs)
  const ours = encodeNode(linksOfFile(node), encodeUnixfs({ type: UNIXFS_FILE, fileSize, blockSizes, mode }))
  return ours.equals(node.bytes)
}

function isBalanced(node: PbNode, blockSizes: readonly number[], isLeafParent: boolean): boolean {
  const full = isLeafParent ? CHUNK_SIZE : (blockSizes[0] as number)
  if (!isLeafParent && !isFullSubtree(full)) {
    return false
  }
  return blockSizes.every((size, index) => {
    const cid = linkCid(node, index)
    const isLast = index === blockSizes.length - 1
    const isExpected = isLeafParent ? isRaw(cid) && node.tsizes[index] === size : isPlainDagPb(cid)
    return isExpected && (isLast ? size <= full && (size > 0 || index === 0) : size === full)
  })
}

/** Whether that many bytes fill every leaf below an inner node of a balanced file. */
function isFullSubtree(size: number): boolean {
  let full = CHUNK_SIZE * MAX_LINKS
  while (full < size) {
    full *= MAX_LINKS
  }
  return full === size
}

function linksOfFile(node: PbNode): Link[] {
  return Array.from({ length: node.count }, (_, index) => ({
    name: '',
    cid: linkCid(node, index),
    tsize: Math.max(node.tsizes[index] as number, 0),
  }))
}

/** A CIDv1 of raw. */
function isRaw(cid: Uint8Array): boolean {
  return cid[0] === 1 && cid[1] === 0x55
}

/** A CIDv1 of dag-pb. */
function isPlainDagPb(cid: Uint8Array): boolean {
  return cid[0] === 1 && cid[1] === DAG_PB
}
