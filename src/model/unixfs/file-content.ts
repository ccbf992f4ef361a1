import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../block.ts'
import { DAG_PB, RAW } from '../cid.ts'
import { checkTsize, unixfsOf } from '../directory/directory-node.ts'
import { toCid } from '../directory/directory-read.ts'
import { MAX_FILE_DEPTH } from '../limits.ts'
import { treeInvalid } from '../tree/tree-invalid.ts'
import { linkCid, scanNode } from './dag-pb.ts'
import type { PbNode } from './dag-pb.ts'
import { fileSizeOf } from './file-node.ts'
import { UNIXFS_FILE, UNIXFS_RAW } from './unixfs-data.ts'
import type { UnixfsData } from './unixfs-data.ts'

/** A block with bytes of a file, and where in the file they stand. `leafContent` takes them out of the block. */
export interface FileLeaf {
  cid: CID
  start: number
  size: number
}

/** What part of a file is wanted. */
export interface FileRange {
  /** The first byte: 0 unless given. */
  start?: number
  /** The byte behind the last: the file's size unless given or where it is larger. */
  end?: number
}

/**
 * The leaves of a file in their order; of those outside the range given, none, nor the nodes above them.
 *
 * Any valid UnixFS file is read: other chunkers and layouts, CIDv0, leaves in dag-pb, bytes in inner nodes. Of ours only
 * the inner nodes are read here. `tsize`, as a directory declares it, spares reading a raw file to learn its size.
 *
 * What a node holds is never more than what its parent declared, and a node that declares no bytes is not opened: so the
 * work is bounded by the declared size (`TreeNode.size`), which a caller weighs first. IntegrityError `tree-invalid`
 * (details: `cid`) where sizes do not add up or nodes are deeper than MAX_FILE_DEPTH.
 */
export async function* fileLeaves(
  source: BlockSource,
  file: CID,
  options: FileRange & { tsize?: number | undefined } & AbortOptions = {},
): AsyncGenerator<FileLeaf> {
  const { start = 0, end = Number.MAX_SAFE_INTEGER } = options
  if (file.code === RAW) {
    const size = options.tsize ?? (await source.get(file, options)).length
    if (start < size && end > 0) {
      yield { cid: file, start: 0, size }
    }
    return
  }
  const stack = [await openInner(source, file, 0, undefined, options.tsize, options)]
  for (let inner = stack.at(-1); inner !== undefined; inner = stack.at(-1)) {
    if (inner.next < 0) {
      yield* ownBytes(inner, start, end)
    } else if (inner.next >= inner.node.count) {
      stack.pop()
      continue
    } else {
      const child = childOf(inner)
      if (child.size > 0 && child.start < end && child.start + child.size > start) {
        if (child.cid.code === RAW) {
          yield { cid: child.cid, start: child.start, size: child.size }
        } else {
          stack.push(await openInner(source, child.cid, child.start, child.size, child.tsize, options))
          checkDepth(stack.length, child.cid)
        }
      }
      inner.position += child.size
    }
    inner.next++
  }
}

/** The bytes of a file that a leaf's block holds; IntegrityError `tree-invalid` where they are not as many as declared. */
export function leafContent(leaf: { cid: CID; size: number }, block: Uint8Array): Uint8Array {
  const content = leaf.cid.code === RAW ? block : (unixfsOf(scanNode(leaf.cid, block)).data ?? new Uint8Array())
  if (content.length !== leaf.size) {
    throw treeInvalid(leaf.cid, `it is declared to hold ${leaf.size} bytes of a file and holds ${content.length}`)
  }
  return content
}

/**
 * The bytes of a file, or of a range of it, leaf by leaf. IntegrityError `tree-invalid` as in `fileLeaves`.
 */
export async function* readFile(
  source: BlockSource,
  file: CID,
  options: FileRange & { tsize?: number | undefined } & AbortOptions = {},
): AsyncGenerator<Uint8Array> {
  const { start = 0, end = Number.MAX_SAFE_INTEGER } = options
  for await (const leaf of fileLeaves(source, file, options)) {
    const content = leafContent(leaf, await source.get(leaf.cid, options))
    const from = Math.max(start - leaf.start, 0)
    const to = Math.min(end - leaf.start, leaf.size)
    if (from < to) {
      yield content.subarray(from, to)
    }
  }
}

/** An inner node on the way down. */
interface Inner {
  node: PbNode
  unixfs: UnixfsData
  /** The link to look at next; -1: the node's own bytes first. */
  next: number
  /** Where in the file it stands. */
  position: number
}

async function openInner(
  source: BlockSource,
  cid: CID,
  position: number,
  size: number | undefined,
  tsize: number | undefined,
  options: AbortOptions,
): Promise<Inner> {
  if (cid.code !== DAG_PB) {
    throw treeInvalid(cid, 'it is no part of a file')
  }
  const node = scanNode(cid, await source.get(cid, options))
  const unixfs = unixfsOf(node)
  if (unixfs.type !== UNIXFS_FILE && unixfs.type !== UNIXFS_RAW) {
    throw treeInvalid(cid, 'it is no file')
  }
  checkTsize(node, tsize)
  const actual = fileSizeOf(node, unixfs)
  if (size !== undefined && actual !== size) {
    throw treeInvalid(cid, `it is declared to hold ${size} bytes of a file and holds ${actual}`)
  }
  return { node, unixfs, next: -1, position }
}

function* ownBytes(inner: Inner, start: number, end: number): Generator<FileLeaf> {
  const size = inner.unixfs.data?.length ?? 0
  if (size > 0 && inner.position < end && inner.position + size > start) {
    yield { cid: inner.node.cid, start: inner.position, size }
  }
  inner.position += size
}

function childOf({ node, unixfs, next, position }: Inner): FileLeaf & { tsize: number | undefined } {
  const declared = node.tsizes[next] as number
  return {
    cid: toCid(linkCid(node, next)),
    start: position,
    size: unixfs.blockSizes?.[next] as number,
    tsize: declared < 0 ? undefined : declared,
  }
}

function checkDepth(depth: number, cid: CID): void {
  if (depth > MAX_FILE_DEPTH) {
    throw treeInvalid(cid, `the file is deeper than ${MAX_FILE_DEPTH} nodes`)
  }
}
