import type { AbortOptions, Block, BlockSource } from '../../model/block.ts'
import { DAG_PB, RAW, cidOf } from '../../model/cid.ts'
import { CHUNK_SIZE } from '../../model/limits.ts'
import type { NodeEntry } from '../../model/tree/tree-diff.ts'
import { encodeNode, linkCid, scanNode } from '../../model/unixfs/dag-pb.ts'
import type { Link } from '../../model/unixfs/dag-pb.ts'
import { buildFile, EXECUTABLE_MODE, type Leaf } from '../../model/unixfs/file.ts'
import { decodeUnixfs, encodeUnixfs } from '../../model/unixfs/unixfs-data.ts'

/** Takes the blocks that a merge makes. */
export type BlockReceiver = (block: Block) => void

/** Stores the bytes of a file in leaves and nodes, as `add` would. */
export function storeFile(bytes: Uint8Array, name: string, executable: boolean, receive: BlockReceiver): NodeEntry {
  const leaves: Leaf[] = []
  for (let start = 0; start < Math.max(bytes.length, 1); start += CHUNK_SIZE) {
    const piece = bytes.subarray(start, start + CHUNK_SIZE)
    const cid = cidOf(RAW, piece)
    receive({ cid, bytes: piece })
    leaves.push({ cid, size: piece.length })
  }
  const { cid, contentCid, size, tsize, blocks } = buildFile(leaves, { executable })
  for (const block of blocks) receive(block)
  const kind = executable ? 'executable' : 'file'
  return { name, cid, tsize, node: { kind, size, contentCid, canonical: true } }
}

/** The same file with or without the executable bit: at most one block is made. */
export async function withMode(
  source: BlockSource,
  file: NodeEntry,
  executable: boolean,
  receive: BlockReceiver,
  options?: AbortOptions,
): Promise<NodeEntry> {
  const { cid, node } = file
  const { contentCid, size } = node
  const kind = executable ? 'executable' : 'file'
  if (node.kind === kind) return file
  if (contentCid.code === RAW) {
    const built = buildFile([{ cid: contentCid, size }], { executable })
    for (const block of built.blocks) receive(block)
    return { ...file, cid: built.cid, tsize: built.tsize, node: { ...node, kind } }
  }
  const { links, data } = await readRoot(source, file, options)
  const { type, data: content, fileSize, blockSizes } = decodeUnixfs(cid, data)
  const mode = executable ? EXECUTABLE_MODE : undefined
  const bytes = encodeNode(links, encodeUnixfs({ type, data: content, fileSize, blockSizes, mode }))
  const block = { cid: cidOf(DAG_PB, bytes), bytes }
  receive(block)
  const tsize = links.reduce((sum, link) => sum + link.tsize, bytes.length)
  return { ...file, cid: block.cid, tsize, node: { ...node, kind } }
}

async function readRoot(
  source: BlockSource,
  { cid }: NodeEntry,
  options?: AbortOptions,
): Promise<{ links: Link[]; data: Uint8Array }> {
  const node = scanNode(cid, await source.get(cid, options))
  const links = Array.from({ length: node.count }, (_, index) => ({
    name: '',
    cid: linkCid(node, index),
    tsize: Math.max(node.tsizes[index] as number, 0),
  }))
  return { links, data: node.data ?? new Uint8Array() }
}
