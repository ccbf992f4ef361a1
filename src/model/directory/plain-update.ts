import { DAG_PB, cidOf } from '../cid.ts'
import { compareNames } from '../compare.ts'
import { SHARD_THRESHOLD } from '../limits.ts'
import { compareLinkName, encodeLink } from '../unixfs/dag-pb.ts'
import type { Link, PbNode } from '../unixfs/dag-pb.ts'
import { varintSize } from '../unixfs/protobuf.ts'
import { PLAIN_DIRECTORY, PLAIN_OVERHEAD } from './directory-build.ts'
import type { DirectoryNode } from './directory-node.ts'
import type { BlockReceiver } from './hamt-build.ts'

/**
 * Applies changes to a plain directory on its bytes, so that only changed links are encoded, and returns the link to what a
 * build from scratch would give. Undefined, with nothing done, where it is not written as we write it, and where what
 * comes of it is empty or would have to be sharded.
 */
export function updatePlain(
  { node, shard }: DirectoryNode,
  changes: ReadonlyMap<string, Link | undefined>,
  receive: BlockReceiver,
): Link | undefined {
  if (shard !== undefined || !isOurs(node)) return undefined
  const pieces: Uint8Array[] = []
  let kept = 0
  let tsize = 0
  for (const size of node.tsizes) tsize += size
  for (const name of [...changes.keys()].sort(compareNames)) {
    const { index, isThere } = findName(node, Buffer.from(name))
    const after = changes.get(name)
    pieces.push(node.bytes.subarray(kept, startOf(node, index)))
    kept = startOf(node, isThere ? index + 1 : index)
    if (isThere) tsize -= node.tsizes[index] as number
    if (after === undefined) continue
    pieces.push(encodeLink({ ...after, name }))
    tsize += after.tsize
  }
  pieces.push(node.bytes.subarray(kept))
  const bytes = Buffer.concat(pieces)
  tsize += bytes.length
  if (bytes.length === PLAIN_OVERHEAD || bytes.length > SHARD_THRESHOLD || !Number.isSafeInteger(tsize))
    return undefined
  const cid = cidOf(DAG_PB, bytes)
  receive({ cid, bytes })
  return { name: '', cid: cid.bytes, tsize }
}

/** Whether the links come first and our own message last: then nothing else can stand in the block. */
function isOurs(node: PbNode): boolean {
  const links = startOf(node, node.count)
  return (
    node.bytes.length === links + PLAIN_OVERHEAD &&
    node.bytes.compare(PLAIN_DIRECTORY, 0, PLAIN_DIRECTORY.length, links + 2) === 0
  )
}

/** Where a link starts, or the first byte behind the last: in a directory every link ends with its Tsize, after its name. */
function startOf({ places, tsizes }: PbNode, index: number): number {
  if (index === 0) return 0
  return (places[4 * index - 1] as number) + 1 + varintSize(tsizes[index - 1] as number)
}

/** Where a name is among the links, or belongs. */
function findName(node: PbNode, name: Uint8Array): { index: number; isThere: boolean } {
  let low = 0
  let high = node.count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareLinkName(node, middle, name) < 0) low = middle + 1
    else high = middle
  }
  return { index: low, isThere: low < node.count && compareLinkName(node, low, name) === 0 }
}
