import type { CID } from 'multiformats/cid'

import type { AbortOptions, Block, BlockSource } from '../block.ts'
import { compareBytes } from '../compare.ts'
import { HAMT_FANOUT, SHARD_THRESHOLD } from '../limits.ts'
import type { Link } from '../unixfs/dag-pb.ts'
import { PLAIN_OVERHEAD, buildEntries, entrySize } from './directory-build.ts'
import { declaredTsize, isShardLink, openDirectory } from './directory-node.ts'
import type { DirectoryNode } from './directory-node.ts'
import { collectLinks, findLink, linksOfPlace, openShardBelow, toCid } from './directory-read.ts'
import type { ShardPlace } from './directory-read.ts'
import type { BlockReceiver } from './hamt-build.ts'
import { hashChanges, updateFirstShard } from './hamt-update.ts'
import { updatePlain } from './plain-update.ts'

/** Changes to a directory by name; undefined takes the entry away. */
export type LinkChanges = Map<string, Link | undefined>

/**
 * Applies changes to a directory and returns the link to what a build from scratch would give; the old directory's own
 * link where nothing changes. Of a sharded directory only the shards on the changes' ways are read, and as many more as
 * it takes to see that it is still too large to be plain (their entries' bytes stay under SHARD_THRESHOLD).
 */
export async function updateLinks(
  source: BlockSource,
  cid: CID,
  changes: LinkChanges,
  receive: BlockReceiver,
  options?: AbortOptions,
): Promise<Link> {
  const directory = await openDirectory(source, cid, options)
  const effective = await effectiveChanges(source, directory, changes, options)
  if (effective.size === 0) {
    return { name: '', cid: cid.bytes, tsize: declaredTsize(directory.node) }
  }
  if (directory.shard === undefined || directory.unixfs.fanout !== HAMT_FANOUT) {
    return updatePlain(directory, effective, receive) ?? rebuild(source, directory, effective, receive, options)
  }
  const fresh = new Map<string, Block>()
  const update = { source, options, receive: (block: Block) => void fresh.set(block.cid.toString(), block) }
  const root = await updateFirstShard(update, { directory, path: [] }, hashChanges(effective))
  if (root === undefined) {
    return buildEntries([], receive)
  }
  const entries = await entriesWhenPlain(withFresh(source, fresh), toCid(root.cid), options)
  if (entries !== undefined) {
    return buildEntries(entries, receive)
  }
  for (const block of fresh.values()) {
    receive(block)
  }
  return root
}

/** Leaves out changes that change nothing. */
async function effectiveChanges(
  source: BlockSource,
  directory: DirectoryNode,
  changes: LinkChanges,
  options?: AbortOptions,
): Promise<LinkChanges> {
  const effective: LinkChanges = new Map()
  for (const [name, after] of changes) {
    const before = await findLink(source, directory, name, options)
    if (before === undefined ? after !== undefined : after === undefined || !isSame(before, after)) {
      effective.set(name, after)
    }
  }
  return effective
}

function isSame(a: Link, b: Link): boolean {
  return a.tsize === b.tsize && compareBytes(a.cid, b.cid) === 0
}

/** For what is plain, and for shards that we would not have written so: all entries are read. */
async function rebuild(
  source: BlockSource,
  directory: DirectoryNode,
  changes: LinkChanges,
  receive: BlockReceiver,
  options?: AbortOptions,
): Promise<Link> {
  const entries: Link[] = []
  for (const link of await collectLinks(source, directory, options)) {
    if (!changes.has(link.name)) {
      entries.push(link)
    }
  }
  for (const after of changes.values()) {
    if (after !== undefined) {
      entries.push(after)
    }
  }
  return buildEntries(entries, receive)
}

/**
 * The entries of a sharded directory where they fit a plain one; undefined, without reading on, once they do not. Level
 * by level, since a shard that is known and not yet read counts too: it holds at least two entries.
 */
async function entriesWhenPlain(source: BlockSource, cid: CID, options?: AbortOptions): Promise<Link[] | undefined> {
  let place: ShardPlace | undefined = { directory: await openDirectory(source, cid, options), path: [] }
  const unread: { above: ShardPlace; index: number }[] = []
  const entries: Link[] = []
  let size = PLAIN_OVERHEAD
  while (place !== undefined) {
    for (const link of linksOfPlace(place)) {
      entries.push(link)
      size += entrySize(link)
    }
    for (let index = 0; index < place.directory.node.count; index++) {
      if (isShardLink(place.directory, index)) {
        unread.push({ above: place, index })
      }
    }
    if (size + unread.length * 2 * SMALLEST_ENTRY > SHARD_THRESHOLD) {
      return undefined
    }
    const next = unread.shift()
    place = next && (await openShardBelow(source, next.above, next.index, options))
  }
  return entries
}

/** Bytes of a plain directory's link with a name of 1 byte, a CIDv0 and a Tsize of 1 byte. */
const SMALLEST_ENTRY = 43

function withFresh(source: BlockSource, fresh: Map<string, Block>): BlockSource {
  return {
    get: async (cid, options) => fresh.get(cid.toString())?.bytes ?? source.get(cid, options),
  }
}
