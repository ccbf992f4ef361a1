import { closeSync, openSync, readSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import type { Block } from '../../src/model/block.ts'
import { buildDirectory } from '../../src/model/directory/directory.ts'
import { buildSymlink } from '../../src/model/unixfs/symlink.ts'
import { fileOfPieces } from './build-file.ts'

/** Builds the tree of a folder, hidden files included and every file plain, with the model's own functions. */
export function treeOfFolder(folder: string, onBlock: (block: Block) => void = () => {}): { cid: CID; tsize: number } {
  const entries = readdirSync(folder, { withFileTypes: true }).map((item) => {
    const path = join(folder, item.name)
    if (item.isDirectory()) {
      return { name: item.name, ...treeOfFolder(path, onBlock) }
    }
    if (item.isSymbolicLink()) {
      const built = buildSymlink(readlinkSync(path))
      onBlock(built.block)
      return { name: item.name, ...built }
    }
    const built = fileOfPieces(pieces(path), { onLeaf: onBlock })
    built.blocks.forEach(onBlock)
    return { name: item.name, ...built }
  })
  return buildDirectory(entries, { onBlock })
}

function* pieces(path: string): Generator<Uint8Array> {
  const file = openSync(path, 'r')
  try {
    const first = Buffer.alloc(1_048_576)
    let length = readSync(file, first)
    yield first.subarray(0, length)
    while (length === first.length) {
      const piece = Buffer.alloc(first.length)
      length = readSync(file, piece)
      if (length > 0) {
        yield piece.subarray(0, length)
      }
    }
  } finally {
    closeSync(file)
  }
}
