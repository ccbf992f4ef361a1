import { CID } from 'multiformats/cid'
import { Digest } from 'multiformats/hashes/digest'

import type { AbortOptions, BlockSource } from '../block.ts'
import { DAG_PB, SHA2_256 } from '../cid.ts'
import { treeInvalid } from '../tree/tree-invalid.ts'
import { compareLinkName, linkCid, linkName, scanNode } from '../unixfs/dag-pb.ts'
import type { Link, PbNode } from '../unixfs/dag-pb.ts'
import { checkDirectory, checkTsize, isShardLink, unixfsOf } from './directory-node.ts'
import type { DirectoryNode } from './directory-node.ts'
import { HASH_BITS, hashName, slotOf } from './hamt-slot.ts'
import { LinkColumns } from './link-columns.ts'

/** A CID object of a link's bytes, with its own copy of them. A CIDv1 of a one-byte codec, as most are, is not parsed again. */
export function toCid(bytes: Uint8Array): CID {
  const copy = new Uint8Array(bytes)
  if (copy.length !== CIDV1_BYTES || copy[0] !== 1) {
    return CID.decode(copy)
  }
  const multihash = new Digest(SHA2_256, 32, copy.subarray(4), copy.subarray(2))
  return new CID(1, copy[1] as number, multihash, copy)
}

/** Version, a codec of one byte, and a multihash of sha2-256. */
const CIDV1_BYTES = 36

/** A link of a node as an entry, without the slot before its name in a shard. The CID's bytes are a view of the block. */
export function entryLink(directory: DirectoryNode, index: number): Link {
  const { node, shard } = directory
  return {
    name: linkName(node, index, shard?.prefixLength ?? 0),
    cid: linkCid(node, index),
    tsize: node.tsizes[index] as number,
  }
}

/** Finds an entry of a directory by its name; in a sharded one only the shards on the way are read. */
export async function findLink(
  source: BlockSource,
  directory: DirectoryNode,
  name: string,
  options?: AbortOptions,
): Promise<Link | undefined> {
  if (directory.shard === undefined) {
    const index = indexOfName(directory.node, name)
    return index < 0 ? undefined : entryLink(directory, index)
  }
  const hash = hashName(name)
  let place: ShardPlace = { directory, path: [] }
  for (;;) {
    const { shard } = place.directory
    const slot = slotOf(hash, place.path.length, shard?.bits as number)
    const index = shard?.slots.indexOf(slot) as number
    if (index < 0) {
      return undefined
    }
    if (!isShardLink(place.directory, index)) {
      const link = entryLink(place.directory, index)
      return link.name === name ? link : undefined
    }
    place = await openShardBelow(source, place, index, options)
  }
}

/** A shard and the slots that lead to it from the first. */
export interface ShardPlace {
  directory: DirectoryNode
  path: readonly number[]
}

/** Reads the shard behind a link of another one, and checks that it fits there. */
export async function openShardBelow(
  source: BlockSource,
  above: ShardPlace,
  index: number,
  options?: AbortOptions,
): Promise<ShardPlace> {
  const { node, shard } = above.directory
  const cid = toCid(linkCid(node, index))
  const bits = shard?.bits as number
  if (cid.code !== DAG_PB || (above.path.length + 2) * bits > HASH_BITS) {
    throw treeInvalid(node.cid, 'a link leads to a shard where none can be')
  }
  const below = scanNode(cid, await source.get(cid, options))
  checkTsize(below, node.tsizes[index])
  const directory = checkDirectory(below, unixfsOf(below))
  if (directory.shard?.bits !== bits || below.count === 0) {
    throw treeInvalid(cid, 'it is not a shard like the one above it')
  }
  return { directory, path: [...above.path, shard?.slots[index] as number] }
}

/**
 * Goes through a directory shard by shard, each before the ones below it, in the order of slots. A plain directory is one.
 *
 * Whoever takes entries out of them with `linksOfPlace` gets each one checked to be where its name's hash puts it.
 */
export async function* shardPlaces(
  source: BlockSource,
  start: ShardPlace,
  options?: AbortOptions,
): AsyncGenerator<ShardPlace> {
  yield start
  for (let index = 0; index < start.directory.node.count; index++) {
    if (isShardLink(start.directory, index)) {
      yield* shardPlaces(source, await openShardBelow(source, start, index, options), options)
    }
  }
}

/** The entries that stand in one shard or plain directory, in its own order; IntegrityError `tree-invalid` for one in a wrong slot. */
export function linksOfPlace(place: ShardPlace): Link[] {
  const { directory } = place
  const links: Link[] = []
  for (let index = 0; index < directory.node.count; index++) {
    if (!isShardLink(directory, index)) {
      const link = entryLink(directory, index)
      checkSlot(place, index, link.name)
      links.push(link)
    }
  }
  return links
}

/** The one entry of a slot of a shard, or all in the shard behind it; each checked to be where it belongs. */
export async function linksOfSlot(
  source: BlockSource,
  place: ShardPlace,
  index: number,
  options?: AbortOptions,
): Promise<Link[]> {
  if (!isShardLink(place.directory, index)) {
    const link = entryLink(place.directory, index)
    checkSlot(place, index, link.name)
    return [link]
  }
  const links: Link[] = []
  for await (const below of shardPlaces(source, await openShardBelow(source, place, index, options), options)) {
    links.push(...linksOfPlace(below))
  }
  return links
}

/** All entries of a directory, in the order of their names' bytes. */
export async function collectLinks(
  source: BlockSource,
  directory: DirectoryNode,
  options?: AbortOptions,
): Promise<Iterable<Link>> {
  const start = { directory, path: [] }
  if (directory.shard === undefined) {
    return linksOfPlace(start)
  }
  const links = new LinkColumns()
  for await (const place of shardPlaces(source, start, options)) {
    for (const link of linksOfPlace(place)) {
      links.add(link)
    }
  }
  return links
}

/** The place of a name among a plain directory's links, by halving; -1 where it is not. */
function indexOfName(node: PbNode, name: string): number {
  const wanted = Buffer.from(name)
  let low = 0
  let high = node.count - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const order = compareLinkName(node, middle, wanted)
    if (order === 0) {
      return middle
    }
    if (order < 0) {
      low = middle + 1
    } else {
      high = middle - 1
    }
  }
  return -1
}

/** Refuses an entry of a shard whose name's hash does not lead there. */
export function checkSlot({ directory, path }: ShardPlace, index: number, name: string): void {
  const { shard, node } = directory
  if (shard === undefined) {
    return
  }
  const hash = hashName(name)
  const isRight =
    slotOf(hash, path.length, shard.bits) === shard.slots[index] &&
    path.every((slot, depth) => slotOf(hash, depth, shard.bits) === slot)
  if (!isRight) {
    throw treeInvalid(node.cid, 'it stands in a slot that is not its own', name)
  }
}
