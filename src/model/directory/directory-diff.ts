import type { AbortOptions, BlockSource } from '../block.ts'
import { compareBytes, compareNames } from '../compare.ts'
import { compareLinkName, linkName } from '../unixfs/dag-pb.ts'
import type { Link, PbNode } from '../unixfs/dag-pb.ts'
import { isShardLink } from './directory-node.ts'
import type { DirectoryNode } from './directory-node.ts'
import { collectLinks, entryLink, linksOfSlot, openShardBelow } from './directory-read.ts'
import type { ShardPlace } from './directory-read.ts'

/** A name that stands for something else in two directories. */
export interface LinkChange {
  name: string
  before: Link | undefined
  after: Link | undefined
}

/**
 * What differs between two directories (undefined: one that is not there), in the order of the names' bytes.
 *
 * Two plain ones are compared byte by byte, two sharded ones shard by shard, opening only shards that differ; a plain
 * and a sharded one are both enumerated. Links with one CID are equal.
 */
export async function diffDirectories(
  source: BlockSource,
  before: DirectoryNode | undefined,
  after: DirectoryNode | undefined,
  options?: AbortOptions,
): Promise<Iterable<LinkChange>> {
  if (before !== undefined && after !== undefined && before.shard?.bits === after.shard?.bits) {
    if (before.shard === undefined) {
      return diffPlain(before, after)
    }
    const sides = new Sides()
    await diffShards(source, { directory: before, path: [] }, { directory: after, path: [] }, sides, options)
    return sides.changes()
  }
  const links = {
    before: before === undefined ? [] : await collectLinks(source, before, options),
    after: after === undefined ? [] : await collectLinks(source, after, options),
  }
  return mergeLinks(links.before, links.after)
}

/** Compares two plain directories on their bytes; only links that differ become objects. */
function* diffPlain(before: DirectoryNode, after: DirectoryNode): Generator<LinkChange> {
  const a = before.node
  const b = after.node
  let i = 0
  let j = 0
  for (;;) {
    const equal = countEqualLinks(a, i, b, j)
    i += equal
    j += equal
    if (i === a.count && j === b.count) return
    const order = i === a.count ? 1 : j === b.count ? -1 : compareLinkName(a, i, nameBytes(b, j))
    if (order !== 0 || !sameCid(a, i, b, j)) {
      const name = order <= 0 ? linkName(a, i) : linkName(b, j)
      const old = order <= 0 ? entryLink(before, i) : undefined
      yield { name, before: old, after: order >= 0 ? entryLink(after, j) : undefined }
    }
    i += order <= 0 ? 1 : 0
    j += order >= 0 ? 1 : 0
  }
}

/**
 * How many links from these two on have the same bytes. Rows of them are compared at once, each time of twice as many until
 * one differs, and then of half as many: most links of two versions are the same.
 */
export function countEqualLinks(a: PbNode, i: number, b: PbNode, j: number): number {
  const most = Math.min(a.count - i, b.count - j)
  let equal = 0
  let row = 1
  let isGrowing = true
  while (row > 0 && equal < most) {
    const size = Math.min(row, most - equal)
    const isEqual = hasEqualRow(a, i + equal, b, j + equal, size)
    if (isEqual) equal += size
    isGrowing &&= isEqual
    row = isGrowing ? 2 * row : Math.floor(size / 2)
  }
  return equal
}

/** Whether so many links have the same bytes, from the CID of the first to the name of the last. */
function hasEqualRow(a: PbNode, i: number, b: PbNode, j: number, size: number): boolean {
  const start = a.places[4 * i]
  const end = a.places[4 * (i + size) - 1]
  const otherStart = b.places[4 * j]
  const otherEnd = b.places[4 * (j + size) - 1]
  return a.bytes.compare(b.bytes, otherStart, otherEnd, start, end) === 0
}

function nameBytes(node: PbNode, index: number): Buffer {
  return node.bytes.subarray(node.places[4 * index + 2], node.places[4 * index + 3])
}

function sameCid(a: PbNode, i: number, b: PbNode, j: number): boolean {
  const start = b.places[4 * j]
  return a.bytes.compare(b.bytes, start, b.places[4 * j + 1], a.places[4 * i], a.places[4 * i + 1]) === 0
}

/** Merges two rows of links in the order of names. */
function* mergeLinks(before: Iterable<Link>, after: Iterable<Link>): Generator<LinkChange> {
  const a = before[Symbol.iterator]()
  const b = after[Symbol.iterator]()
  let x = a.next()
  let y = b.next()
  while (x.done !== true || y.done !== true) {
    const order = x.done === true ? 1 : y.done === true ? -1 : compareNames(x.value.name, y.value.name)
    const old = order <= 0 && x.done !== true ? x.value : undefined
    const fresh = order >= 0 && y.done !== true ? y.value : undefined
    const name = (old ?? fresh)?.name
    if (name !== undefined && (old === undefined || fresh === undefined || compareBytes(old.cid, fresh.cid) !== 0)) {
      yield { name, before: old, after: fresh }
    }
    x = order <= 0 ? a.next() : x
    y = order >= 0 ? b.next() : y
  }
}

/** What only one of two sharded directories was seen to hold, by name: what is in both the same way falls out. */
class Sides {
  #before = new Map<string, Link>()
  #after = new Map<string, Link>()

  add(side: 'before' | 'after', links: Iterable<Link>): void {
    const target = side === 'before' ? this.#before : this.#after
    for (const link of links) {
      target.set(link.name, link)
    }
  }

  changes(): Iterable<LinkChange> {
    const sorted = (links: Map<string, Link>) => [...links.values()].sort((a, b) => compareNames(a.name, b.name))
    return mergeLinks(sorted(this.#before), sorted(this.#after))
  }
}

async function diffShards(
  source: BlockSource,
  before: ShardPlace,
  after: ShardPlace,
  sides: Sides,
  options?: AbortOptions,
): Promise<void> {
  const a = before.directory
  const b = after.directory
  let i = 0
  let j = 0
  while (i < a.node.count || j < b.node.count) {
    const order = (a.shard?.slots[i] ?? Infinity) - (b.shard?.slots[j] ?? Infinity)
    if (order !== 0 || !isShardLink(a, i) || !isShardLink(b, j)) {
      sides.add('before', order <= 0 ? await linksOfSlot(source, before, i, options) : [])
      sides.add('after', order >= 0 ? await linksOfSlot(source, after, j, options) : [])
    } else if (!sameCid(a.node, i, b.node, j)) {
      const below = await openShardBelow(source, before, i, options)
      await diffShards(source, below, await openShardBelow(source, after, j, options), sides, options)
    }
    i += order <= 0 ? 1 : 0
    j += order >= 0 ? 1 : 0
  }
}
