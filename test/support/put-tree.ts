import type { CID } from 'multiformats/cid'

import type { Block } from '../../src/model/block.ts'
import { buildDirectory } from '../../src/model/directory/directory.ts'
import { buildSymlink } from '../../src/model/unixfs/symlink.ts'
import { fileOfBytes } from './build-file.ts'

/** A tree in short: a string is a file's text, `{}` or `{ entries }` a directory. */
export type TreeSketch = string | { executable: string } | { target: string } | { entries?: Record<string, TreeSketch> }

/** Builds what a sketch says and puts all its blocks. */
export function putTree(sink: { put(block: Block): void }, sketch: TreeSketch): { cid: CID; tsize: number } {
  const onLeaf = (block: Block) => sink.put(block)
  if (typeof sketch === 'string' || 'executable' in sketch) {
    const executable = typeof sketch !== 'string'
    const built = fileOfBytes(Buffer.from(executable ? sketch.executable : sketch), { executable, onLeaf })
    built.blocks.forEach(onLeaf)
    return built
  }
  if ('target' in sketch) {
    const built = buildSymlink(sketch.target)
    sink.put(built.block)
    return built
  }
  const entries = Object.entries(sketch.entries ?? {}).map(([name, below]) => ({ name, ...putTree(sink, below) }))
  const built = buildDirectory(entries)
  built.blocks.forEach(onLeaf)
  return built
}
