import { CID } from 'multiformats/cid'

import type { Block } from './block.ts'
import { DAG_PB, cidOf } from './cid.ts'
import { encodeNode } from './dag-pb.ts'
import type { Link } from './dag-pb.ts'
import { PLAIN_DIRECTORY, buildEntries } from './directory-build.ts'
import { checkEntryName } from './entry-name.ts'
import type { BlockReceiver } from './hamt-build.ts'

/** What a directory says of one thing in it. */
export interface Entry {
  name: string
  cid: CID
  /** Bytes of the whole DAG below `cid`, as declared; for a raw `cid` the bytes of the file. */
  tsize: number
}

/** A directory that was built. */
export interface BuiltDirectory {
  cid: CID
  tsize: number
  /** The new blocks, children before parents, `cid` last; empty where a receiver took them. */
  blocks: Block[]
}

/** What may be passed to a builder of directories. */
export interface BuildOptions {
  /** Takes each block as soon as it is made, so that a huge directory's blocks are never held all at once. */
  onBlock?: BlockReceiver
}

/** The directory with nothing in it. */
export const EMPTY_DIRECTORY: Block = emptyDirectory()

/**
 * Builds a directory from its entries, given in any order.
 *
 * It is sharded exactly when its plain block would be larger than SHARD_THRESHOLD bytes, as profile `unixfs-v1-2025`
 * has it. InvalidError `entry-name-invalid`, `entry-duplicate`, `entry-names-collide` (two names of a sharded
 * directory with one hash) or `tree-too-large`.
 */
export function buildDirectory(entries: Iterable<Entry>, options: BuildOptions = {}): BuiltDirectory {
  const links: Link[] = []
  for (const { name, cid, tsize } of entries) {
    checkEntryName(name)
    links.push({ name, cid: cid.bytes, tsize })
  }
  const blocks: Block[] = []
  const root = buildEntries(links, options.onBlock ?? ((block) => blocks.push(block)))
  return { cid: CID.decode(root.cid), tsize: root.tsize, blocks }
}

function emptyDirectory(): Block {
  const bytes = encodeNode([], PLAIN_DIRECTORY)
  return { cid: cidOf(DAG_PB, bytes), bytes }
}
