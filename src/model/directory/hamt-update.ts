import type { AbortOptions, BlockSource } from '../block.ts'
import type { Link } from '../unixfs/dag-pb.ts'
import { isShardLink } from './directory-node.ts'
import { checkSlot, entryLink, openShardBelow } from './directory-read.ts'
import type { ShardPlace } from './directory-read.ts'
import { buildShards, encodeShard } from './hamt-build.ts'
import type { BlockReceiver } from './hamt-build.ts'
import { hashName } from './hamt-slot.ts'

/** A change of one entry, with the hash of its name. */
export interface HashedChange {
  name: string
  hash: Uint8Array
  /** The entry from now on; undefined: it goes. */
  after: Link | undefined
}

/** Where shards are read from and new ones go. */
export interface ShardUpdate {
  source: BlockSource
  receive: BlockReceiver
  options: AbortOptions | undefined
}

/** Gives each change its hash. */
export function hashChanges(changes: Iterable<[name: string, after: Link | undefined]>): HashedChange[] {
  return Array.from(changes, ([name, after]) => ({ name, hash: hashName(name), after }))
}

/**
 * Applies changes to the first shard of a directory of fanout 256, reading and writing only the shards on their ways,
 * and returns the link to the new first shard; undefined where nothing is left.
 */
export async function updateFirstShard(
  update: ShardUpdate,
  place: ShardPlace,
  changes: readonly HashedChange[],
): Promise<Link | undefined> {
  const content = await updatedContent(update, place, changes)
  return content.links.length === 0 ? undefined : encodeShard(content, update.receive)
}

/**
 * What a slot holds: nothing, an entry, or a shard below (the name is ''). A shard that is left with one entry and
 * nothing else gives way to that entry, so that the result is what a build from scratch gives.
 */
async function updatedSlot(
  update: ShardUpdate,
  place: ShardPlace,
  index: number,
  changes: readonly HashedChange[],
): Promise<Link | undefined> {
  const depth = place.path.length
  if (index >= 0 && isShardLink(place.directory, index)) {
    const below = await openShardBelow(update.source, place, index, update.options)
    const { slots, links } = await updatedContent(update, below, changes)
    const [only] = links
    if (only === undefined || (links.length === 1 && only.name !== '')) {
      return only
    }
    return encodeShard({ slots, links }, update.receive)
  }
  const entries = new Map<string, Link>()
  if (index >= 0) {
    const link = entryLink(place.directory, index)
    checkSlot(place, index, link.name)
    entries.set(link.name, link)
  }
  for (const { name, after } of changes) {
    if (after === undefined) {
      entries.delete(name)
    } else {
      entries.set(name, after)
    }
  }
  const [only] = entries.values()
  return entries.size <= 1 ? only : buildShards([...entries.values()], depth + 1, update.receive)
}

async function updatedContent(
  update: ShardUpdate,
  place: ShardPlace,
  changes: readonly HashedChange[],
): Promise<{ slots: Uint8Array; links: Link[] }> {
  const bySlot = Map.groupBy(changes, (change) => change.hash[place.path.length] as number)
  const before = place.directory.shard?.slots as Uint16Array
  const slots: number[] = []
  const links: Link[] = []
  for (const slot of new Set([...before, ...bySlot.keys()].sort((a, b) => a - b))) {
    const index = before.indexOf(slot)
    const changed = bySlot.get(slot)
    const link = changed === undefined ? keptLink(place, index) : await updatedSlot(update, place, index, changed)
    if (link !== undefined) {
      slots.push(slot)
      links.push(link)
    }
  }
  return { slots: Uint8Array.from(slots), links }
}

function keptLink(place: ShardPlace, index: number): Link {
  const link = entryLink(place.directory, index)
  if (link.name !== '') {
    checkSlot(place, index, link.name)
  }
  return link
}
