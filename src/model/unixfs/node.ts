import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../block.ts'
import { DAG_PB, RAW } from '../cid.ts'
import { checkDirectory, checkTsize, unixfsOf } from '../directory/directory-node.ts'
import type { DirectoryNode } from '../directory/directory-node.ts'
import { CHUNK_SIZE, MAX_BLOCK } from '../limits.ts'
import { treeInvalid } from '../tree/tree-invalid.ts'
import { readUtf8 } from '../utf8.ts'
import { scanNode } from './dag-pb.ts'
import type { PbNode } from './dag-pb.ts'
import { encodeNode } from './dag-pb.ts'
import { contentCidOf, fileSizeOf, isCanonicalFile } from './file-node.ts'
import { EXECUTABLE_MODE } from './file.ts'
import { targetProblem } from './symlink.ts'
import { UNIXFS_FILE, UNIXFS_RAW, UNIXFS_SYMLINK, encodeUnixfs } from './unixfs-data.ts'
import type { UnixfsData } from './unixfs-data.ts'

/** What an entry of a tree is. */
export type NodeKind = 'file' | 'executable' | 'symlink' | 'directory'

/** What a CID in a tree stands for. */
export interface TreeNode {
  kind: NodeKind
  /** Bytes of a file, or of a symlink's target; 0 for a directory. */
  size: number
  /** The CID of the same content without its mode: what renames and merges compare. */
  contentCid: CID
  /** Where a symlink leads. */
  target?: string
  /**
   * Whether its root block is one that we would write. Where it is not, another CID does not mean other bytes: they
   * decide.
   */
  canonical: boolean
}

/** A node with its directory block, where it is one. */
export interface OpenedNode {
  node: TreeNode
  directory: DirectoryNode | undefined
}

/**
 * Says what an entry is. A raw one of known `tsize` is a plain file of that size, and nothing is read; of others the one
 * root block is.
 *
 * IntegrityError `tree-invalid` (details: `cid`) for what is no valid file, symlink or directory, or not of the size
 * that `tsize` declares.
 */
export async function readNode(
  source: BlockSource,
  entry: { cid: CID; tsize?: number | undefined },
  options?: AbortOptions,
): Promise<TreeNode> {
  return (await openNode(source, entry, options)).node
}

/** As `readNode`, and keeps the block of a directory for whoever goes on into it. */
export async function openNode(
  source: BlockSource,
  entry: { cid: CID; tsize?: number | undefined },
  options?: AbortOptions,
): Promise<OpenedNode> {
  const { cid, tsize } = entry
  if (cid.code === RAW) {
    const size = tsize ?? (await source.get(cid, options)).length
    return { node: rawFile(cid, size), directory: undefined }
  }
  if (cid.code !== DAG_PB) {
    throw treeInvalid(cid, `a node of codec 0x${cid.code.toString(16)} is neither file nor directory`)
  }
  const node = scanNode(cid, await source.get(cid, options))
  checkTsize(node, tsize)
  return nodeOf(node, unixfsOf(node))
}

function nodeOf(node: PbNode, unixfs: UnixfsData): OpenedNode {
  switch (unixfs.type) {
    case UNIXFS_FILE:
    case UNIXFS_RAW:
      return { node: fileNode(node, unixfs), directory: undefined }
    case UNIXFS_SYMLINK:
      return { node: symlinkNode(node, unixfs), directory: undefined }
    default: {
      const directory = checkDirectory(node, unixfs)
      const { cid } = node
      const canonical = cid.version === 1 && unixfs.mode === undefined && unixfs.hasMore === undefined
      return { node: { kind: 'directory', size: 0, contentCid: cid, canonical }, directory }
    }
  }
}

function rawFile(cid: CID, size: number): TreeNode {
  if (size > MAX_BLOCK) {
    throw treeInvalid(cid, `the block is larger than ${MAX_BLOCK} bytes`)
  }
  return { kind: 'file', size, contentCid: cid, canonical: size <= CHUNK_SIZE }
}

/** The permission that makes a file executable: its owner's. */
const OWNER_EXECUTES = 0o100

function fileNode(node: PbNode, unixfs: UnixfsData): TreeNode {
  const isExecutable = ((unixfs.mode ?? 0) & OWNER_EXECUTES) !== 0
  return {
    kind: isExecutable ? 'executable' : 'file',
    size: fileSizeOf(node, unixfs),
    contentCid: contentCidOf(node, unixfs),
    canonical: isCanonicalFile(node, unixfs, isExecutable ? EXECUTABLE_MODE : undefined),
  }
}

function symlinkNode(node: PbNode, unixfs: UnixfsData): TreeNode {
  const { cid, bytes } = node
  const data = Buffer.from(unixfs.data ?? [])
  const target = readUtf8(data, 0, data.length)
  const problem = target === undefined ? 'it is not valid UTF-8' : targetProblem(target)
  if (target === undefined || problem !== undefined || node.count > 0) {
    throw treeInvalid(cid, `the symlink's target cannot be one: ${problem ?? 'there are links with it'}`)
  }
  const ours = encodeNode([], encodeUnixfs({ type: UNIXFS_SYMLINK, data }))
  return {
    kind: 'symlink',
    size: data.length,
    contentCid: cid,
    target,
    canonical: cid.version === 1 && ours.equals(bytes),
  }
}
