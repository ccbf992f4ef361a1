import type { CID } from 'multiformats/cid'

import type { Block } from '../../src/model/block.ts'
import { buildDirectory, type Entry } from '../../src/model/directory/directory.ts'
import { buildSymlink } from '../../src/model/unixfs/symlink.ts'
import { fileOfBytes } from './build-file.ts'
import type { MemoryBlocks } from './memory-blocks.ts'

/** What stands at a path: bytes of a file, `{ executable }`, `{ link }`, or `'folder'` for an empty one. */
export type Leaf = string | Uint8Array | { executable: string } | { link: string } | { folder: true }

/** Builds a tree in memory from its leaves by path, and returns its root. */
export function buildTree(blocks: MemoryBlocks, leaves: Readonly<Record<string, Leaf>>): CID {
  const below = new Map<string, Record<string, Leaf>>()
  const entries: Entry[] = []
  for (const [path, leaf] of Object.entries(leaves)) {
    const slash = path.indexOf('/')
    if (slash === -1) entries.push({ name: path, ...buildLeaf(blocks, leaf) })
    else {
      const name = path.slice(0, slash)
      below.set(name, { ...below.get(name), [path.slice(slash + 1)]: leaf })
    }
  }
  for (const [name, inner] of below) entries.push({ name, ...sized(blocks, buildTree(blocks, inner), inner) })
  return put(blocks, buildDirectory(entries)).cid
}

function sized(blocks: MemoryBlocks, cid: CID, inner: Record<string, Leaf>): { cid: CID; tsize: number } {
  const entries = Object.entries(inner).length
  const tsize = tsizes.get(cid.toString())
  if (tsize === undefined) throw new TypeError(`a directory of ${entries} entries was not built`)
  return { cid, tsize }
}

const tsizes = new Map<string, number>()

function put(blocks: MemoryBlocks, built: { cid: CID; tsize: number; blocks: Block[] }): { cid: CID; tsize: number } {
  for (const block of built.blocks) blocks.put(block)
  tsizes.set(built.cid.toString(), built.tsize)
  return built
}

function buildLeaf(blocks: MemoryBlocks, leaf: Leaf): { cid: CID; tsize: number } {
  if (typeof leaf === 'object' && 'folder' in leaf) return put(blocks, buildDirectory([]))
  if (typeof leaf === 'object' && 'link' in leaf) {
    const { cid, tsize, block } = buildSymlink(leaf.link)
    blocks.put(block)
    return { cid, tsize }
  }
  const executable = typeof leaf === 'object' && 'executable' in leaf
  const bytes = executable ? Buffer.from(leaf.executable) : Buffer.from(leaf)
  const file = fileOfBytes(bytes, { executable, onLeaf: (block) => blocks.put(block) })
  for (const block of file.blocks) blocks.put(block)
  return file
}
