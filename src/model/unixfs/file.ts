import type { CID } from 'multiformats/cid'

import type { Block } from '../block.ts'
import { DAG_PB, cidOf } from '../cid.ts'
import { CHUNK_SIZE, MAX_LINKS } from '../limits.ts'
import { encodeNode } from './dag-pb.ts'
import type { Link } from './dag-pb.ts'
import { UNIXFS_FILE, encodeUnixfs } from './unixfs-data.ts'

/** A piece of a file: a raw block of 1 MiB, the last one of what is left. */
export interface Leaf {
  cid: CID
  size: number
}

/** A file that was built from its leaves. */
export interface BuiltFile {
  cid: CID
  /** The CID of the same bytes as a plain file: equal to `cid` unless the file is executable. */
  contentCid: CID
  /** Bytes of the file. */
  size: number
  /** Bytes of the whole DAG, as a directory's link declares them. */
  tsize: number
  /** The inner nodes, children before parents, `cid` last; the leaves are the caller's. */
  blocks: Block[]
}

/** The mode that makes a file executable: the one bit that git keeps, with the rest that Kubo restores. */
export const EXECUTABLE_MODE = 0o755

/**
 * Builds a file over its leaves by profile `unixfs-v1-2025` (IPIP-499): balanced, 1024 links.
 *
 * Every leaf but the last holds CHUNK_SIZE bytes; an empty file has one leaf of 0 bytes. A plain file of one leaf is
 * that leaf. An executable is a node with mode 0755 over the leaf, or over the links of the plain file's root.
 *
 * Leaves that break these rules are the caller's mistake: TypeError.
 */
export function buildFile(leaves: Iterable<Leaf>, options: { executable: boolean }): BuiltFile {
  const blocks: Block[] = []
  const levels = stackLeaves(leaves, blocks)
  for (let level = 0; level < levels.length - 1; level++) {
    closeLevel(levels, level, blocks)
  }
  const top = levels.at(-1) as Row[]
  const single = levels.length === 1 && top.length === 1 ? (top[0] as Row) : undefined
  const plain = single ?? encodeRows(top)
  const size = plain.size
  const root = options.executable ? encodeRows(top, EXECUTABLE_MODE) : plain
  if (root.block !== undefined) {
    blocks.push(root.block)
  }
  return { cid: root.cid, contentCid: plain.cid, size, tsize: root.tsize, blocks }
}

/** A child of an inner node: a leaf, or an inner node below. */
interface Row {
  cid: CID
  /** Bytes of the file below it. */
  size: number
  /** Bytes of the DAG below it. */
  tsize: number
  block?: Block
}

/** Collects leaves in the lowest level; a full level becomes a node of the next when one more comes. */
function stackLeaves(leaves: Iterable<Leaf>, blocks: Block[]): Row[][] {
  const levels: Row[][] = [[]]
  let previous: Leaf | undefined
  for (const leaf of leaves) {
    if (leaf.size > CHUNK_SIZE || (previous !== undefined && (previous.size !== CHUNK_SIZE || leaf.size === 0))) {
      throw new TypeError(`A file's leaves hold ${CHUNK_SIZE} bytes each and the last one what is left.`)
    }
    previous = leaf
    addRow(levels, 0, { cid: leaf.cid, size: leaf.size, tsize: leaf.size }, blocks)
  }
  if (previous === undefined) {
    throw new TypeError('A file has at least one leaf: an empty one has a leaf of 0 bytes.')
  }
  return levels
}

function addRow(levels: Row[][], level: number, row: Row, blocks: Block[]): void {
  if (levels[level]?.length === MAX_LINKS) {
    closeLevel(levels, level, blocks)
  }
  levels[level] ??= []
  levels[level].push(row)
}

/** Makes a node of what a level holds, adds it to the level above, and empties the level. */
function closeLevel(levels: Row[][], level: number, blocks: Block[]): void {
  const node = encodeRows(levels[level] as Row[])
  blocks.push(node.block as Block)
  levels[level] = []
  addRow(levels, level + 1, { cid: node.cid, size: node.size, tsize: node.tsize }, blocks)
}

function encodeRows(rows: readonly Row[], mode?: number): Row {
  let size = 0
  let tsize = 0
  const links: Link[] = []
  for (const row of rows) {
    size += row.size
    tsize += row.tsize
    links.push({ name: '', cid: row.cid.bytes, tsize: row.tsize })
  }
  const blockSizes = rows.map((row) => row.size)
  const bytes = encodeNode(links, encodeUnixfs({ type: UNIXFS_FILE, fileSize: size, blockSizes, mode }))
  const cid = cidOf(DAG_PB, bytes)
  return { cid, size, tsize: tsize + bytes.length, block: { cid, bytes } }
}
