import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { NodeEntry } from '../../model/tree/tree-diff.ts'
import { readFile } from '../../model/unixfs/file-content.ts'

/**
 * Whether two files, or two symlinks, have one content. CIDs decide; only of files of one size of which one is laid out
 * as we would not do it (by another chunker, say) the bytes do, up to the first that differs.
 */
export async function isSameContent(
  source: BlockSource,
  a: NodeEntry | undefined,
  b: NodeEntry,
  options?: AbortOptions,
): Promise<boolean> {
  if (a === undefined) return false
  if (a.node.contentCid.equals(b.node.contentCid)) return true
  if (a.node.size !== b.node.size || (a.node.canonical && b.node.canonical)) return false
  if (a.node.kind === 'symlink' || b.node.kind === 'symlink') return false
  return haveSameBytes(piecesOf(source, a, options), piecesOf(source, b, options))
}

function piecesOf(source: BlockSource, { cid, tsize }: NodeEntry, options?: AbortOptions): AsyncIterator<Uint8Array> {
  return readFile(source, cid, { ...options, tsize })[Symbol.asyncIterator]()
}

async function haveSameBytes(a: AsyncIterator<Uint8Array>, b: AsyncIterator<Uint8Array>): Promise<boolean> {
  let left: Uint8Array = new Uint8Array()
  let right: Uint8Array = new Uint8Array()
  for (;;) {
    if (left.length === 0) left = await nextPiece(a)
    if (right.length === 0) right = await nextPiece(b)
    const length = Math.min(left.length, right.length)
    if (length === 0) return left.length === right.length
    if (Buffer.compare(left.subarray(0, length), right.subarray(0, length)) !== 0) return false
    left = left.subarray(length)
    right = right.subarray(length)
  }
}

/** The next bytes; none at the end. */
async function nextPiece(pieces: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  for (;;) {
    const { done, value } = await pieces.next()
    if (done === true) return new Uint8Array()
    if (value.length > 0) return value
  }
}
