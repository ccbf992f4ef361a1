import type { CID } from 'multiformats/cid'

import { checkDirectory, type DirectoryNode, isShardLink, unixfsOf } from '../../model/directory/directory-node.ts'
import { checkSlot, entryLink, type ShardPlace } from '../../model/directory/directory-read.ts'
import { isReservedName } from '../../model/directory/entry-name.ts'
import { HASH_BITS } from '../../model/directory/hamt-slot.ts'
import { MAX_FILE_DEPTH, MAX_PATH_DEPTH } from '../../model/limits.ts'
import { treeInvalid } from '../../model/tree/tree-invalid.ts'
import { linkCid, type PbNode, scanNode } from '../../model/unixfs/dag-pb.ts'
import { fileSizeOf } from '../../model/unixfs/file-node.ts'
import { targetProblem } from '../../model/unixfs/symlink.ts'
import { UNIXFS_FILE, UNIXFS_RAW, UNIXFS_SYMLINK, type UnixfsData } from '../../model/unixfs/unixfs-data.ts'
import { readUtf8 } from '../../model/utf8.ts'
import { type DagNode, known } from './dag-node.ts'
import { type DagPlace, fits, type NodeKind, pathBelow, shardKind } from './dag-place.ts'

/**
 * Opens a dag-pb node that came from outside: strictly, as what stands at its place. What makes a tree hostile is
 * refused here, block by block, before anything is written: names that cannot be or are reserved, out of order or
 * twice; entries in the wrong slot of a shard; sizes that do not add up; what is nested too deeply. IntegrityError
 * `tree-invalid` (details: `cid`, `entry`).
 */
export function openTreeNode(cid: CID, bytes: Uint8Array, place: DagPlace): DagNode {
  const node = scanNode(cid, bytes)
  const unixfs = unixfsOf(node)
  const tsize = tsizeOf(node)
  checkSize(cid, 'DAG', place.tsize, tsize)
  switch (unixfs.type) {
    case UNIXFS_FILE:
    case UNIXFS_RAW:
      return openFile(node, unixfs, place, tsize)
    case UNIXFS_SYMLINK:
      return openSymlink(node, unixfs, place, tsize)
    default:
      return openDirectory(checkDirectory(node, unixfs), place, tsize)
  }
}

/** Refuses a size that is not what was declared above: IntegrityError `tree-invalid`. Either may be unknown. */
export function checkSize(cid: CID, what: string, declared: number | undefined, actual: number | undefined): void {
  if (declared !== undefined && actual !== undefined && declared !== actual) {
    throw treeInvalid(cid, `the ${what} has ${actual} bytes, the node above says ${declared}`)
  }
}

function openDirectory(directory: DirectoryNode, place: DagPlace, tsize: number | undefined): DagNode {
  const { node, shard } = directory
  if (place.depth >= MAX_PATH_DEPTH) throw treeInvalid(node.cid, `directories are nested over ${MAX_PATH_DEPTH} deep`)
  const here: ShardPlace = { directory, path: place.above === undefined ? [] : pathBelow(place.above) }
  const kind = shard === undefined ? 'directory' : shardKind(here.path)
  checkKind(node.cid, kind, place)
  if (place.above !== undefined) checkShardBelow(directory, place.above.place)
  for (let index = 0; index < node.count; index++) {
    if (!isShardLink(directory, index)) checkEntry(here, index)
  }
  return openedNode(node, kind, tsize, (index) => {
    const childTsize = known(node.tsizes[index])
    return isShardLink(directory, index)
      ? { role: 'shard', depth: place.depth, tsize: childTsize, above: { place: here, index } }
      : { role: 'entry', depth: place.depth + 1, tsize: childTsize }
  })
}

function checkShardBelow({ node, shard }: DirectoryNode, above: ShardPlace): void {
  const bits = above.directory.shard?.bits ?? 0
  if (shard?.bits !== bits || node.count === 0 || (above.path.length + 2) * bits > HASH_BITS) {
    throw treeInvalid(node.cid, 'it is not a shard like the one above it')
  }
}

function checkEntry(place: ShardPlace, index: number): void {
  const { directory } = place
  const { name } = entryLink(directory, index)
  if (mayBeReserved(name) && isReservedName(name)) {
    throw treeInvalid(directory.node.cid, 'the name is reserved for the repository itself', name)
  }
  checkSlot(place, index, name)
}

/** Spares plain names the folding of Unicode. */
function mayBeReserved(name: string): boolean {
  return /^\.?jzfs|[^\x20-\x7e]/i.test(name)
}

function openFile(node: PbNode, unixfs: UnixfsData, place: DagPlace, tsize: number | undefined): DagNode {
  checkKind(node.cid, 'file', place)
  const { blockSizes = [] } = unixfs
  const fileDepth = place.fileDepth ?? 0
  if (fileDepth > MAX_FILE_DEPTH) throw treeInvalid(node.cid, `the file is over ${MAX_FILE_DEPTH} levels deep`)
  checkSize(node.cid, 'content', place.contentSize, fileSizeOf(node, unixfs))
  return openedNode(node, 'file', tsize, (index) => ({
    role: 'content',
    depth: place.depth,
    fileDepth: fileDepth + 1,
    tsize: known(node.tsizes[index]),
    contentSize: blockSizes[index],
  }))
}

function openSymlink(node: PbNode, { data }: UnixfsData, place: DagPlace, tsize: number | undefined): DagNode {
  checkKind(node.cid, 'symlink', place)
  const target = data === undefined ? '' : readUtf8(Buffer.from(data), 0, data.length)
  const problem = target === undefined ? 'it is not valid UTF-8' : targetProblem(target)
  if (problem !== undefined) throw treeInvalid(node.cid, `it cannot be a symlink's target: ${problem}`)
  if (node.count > 0) throw treeInvalid(node.cid, 'a symlink has links')
  return openedNode(node, 'symlink', tsize, () => place)
}

function openedNode(node: PbNode, kind: NodeKind, tsize: number | undefined, place: DagNode['place']): DagNode {
  const sizeBytes = node.bytes.length + 24 * node.count
  return { kind, count: node.count, sizeBytes, tsize, link: (index) => linkCid(node, index), place }
}

function checkKind(cid: CID, kind: NodeKind, place: DagPlace): void {
  if (!fits(kind, place)) throw treeInvalid(cid, `it is a ${kind.split(' ')[0]} where there must be a ${place.role}`)
}

/** Bytes of the DAG by the node's own links; undefined where one does not say. */
function tsizeOf(node: PbNode): number | undefined {
  let tsize = node.bytes.length
  for (const size of node.tsizes) {
    if (size < 0) return undefined
    tsize += size
  }
  if (!Number.isSafeInteger(tsize)) throw treeInvalid(node.cid, 'its sizes add up to more than 2^53 bytes')
  return tsize
}
