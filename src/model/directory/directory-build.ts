import { compareNames } from '../compare.ts'
import { SHARD_THRESHOLD } from '../limits.ts'
import { linkSize } from '../unixfs/dag-pb.ts'
import type { Link } from '../unixfs/dag-pb.ts'
import { UNIXFS_DIRECTORY, encodeUnixfs } from '../unixfs/unixfs-data.ts'
import { utf8Length } from '../utf8.ts'
import { buildShards, duplicateEntry, sealNode } from './hamt-build.ts'
import type { BlockReceiver } from './hamt-build.ts'

/** The UnixFS message of every plain directory that we write. */
export const PLAIN_DIRECTORY = encodeUnixfs({ type: UNIXFS_DIRECTORY })

/** Bytes of a plain directory's block beside its links. */
export const PLAIN_OVERHEAD = 2 + PLAIN_DIRECTORY.length

/** Bytes that an entry takes in a plain directory's block. */
export function entrySize(link: Link): number {
  return linkSize(utf8Length(link.name), link.cid.length, link.tsize)
}

/**
 * Builds a directory from entries in any order, and returns the link to it: plain where its block is at most
 * SHARD_THRESHOLD bytes, sharded otherwise. Sorts `entries` in place where it is not sorted.
 */
export function buildEntries(entries: Link[], receive: BlockReceiver): Link {
  let size = PLAIN_OVERHEAD
  for (const entry of entries) {
    size += entrySize(entry)
  }
  if (size > SHARD_THRESHOLD) {
    return buildShards(entries, 0, receive)
  }
  sortEntries(entries)
  return sealNode(entries, PLAIN_DIRECTORY, receive)
}

function sortEntries(entries: Link[]): void {
  if (!isSorted(entries)) {
    entries.sort((a, b) => compareNames(a.name, b.name))
  }
  for (let i = 1; i < entries.length; i++) {
    if ((entries[i] as Link).name === (entries[i - 1] as Link).name) {
      throw duplicateEntry((entries[i] as Link).name)
    }
  }
}

function isSorted(entries: readonly Link[]): boolean {
  for (let i = 1; i < entries.length; i++) {
    if (compareNames((entries[i - 1] as Link).name, (entries[i] as Link).name) > 0) {
      return false
    }
  }
  return true
}
