import type { CID } from 'multiformats/cid'

import type { Block } from '../../src/model/block.ts'
import { RAW, cidOf } from '../../src/model/cid.ts'
import { buildFile } from '../../src/model/unixfs/file.ts'
import type { BuiltFile, Leaf } from '../../src/model/unixfs/file.ts'

/** Builds a file from pieces of 1 MiB (the last one shorter), as `add` does but in memory. Leaves go to `onLeaf`. */
export function fileOfPieces(
  pieces: Iterable<Uint8Array>,
  options: { executable?: boolean; onLeaf?: (block: Block) => void } = {},
): BuiltFile {
  return buildFile(leavesOf(pieces, options.onLeaf), { executable: options.executable ?? false })
}

/** Builds a file of bytes that are all there. */
export function fileOfBytes(
  bytes: Uint8Array,
  options: { executable?: boolean; onLeaf?: (block: Block) => void } = {},
): BuiltFile {
  const pieces: Uint8Array[] = []
  for (let start = 0; start < Math.max(bytes.length, 1); start += 1_048_576) {
    pieces.push(bytes.subarray(start, start + 1_048_576))
  }
  return fileOfPieces(pieces, options)
}

function* leavesOf(pieces: Iterable<Uint8Array>, onLeaf?: (block: Block) => void): Generator<Leaf> {
  for (const bytes of pieces) {
    const cid: CID = cidOf(RAW, bytes)
    onLeaf?.({ cid, bytes })
    yield { cid, size: bytes.length }
  }
}
