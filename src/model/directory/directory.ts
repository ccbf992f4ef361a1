import type { CID } from 'multiformats/cid'

import type { AbortOptions, Block, BlockSource } from '../block.ts'
import { DAG_PB, cidOf } from '../cid.ts'
import { encodeNode } from '../unixfs/dag-pb.ts'
import type { Link } from '../unixfs/dag-pb.ts'
import { PLAIN_DIRECTORY, buildEntries } from './directory-build.ts'
import { openDirectory } from './directory-node.ts'
import { collectLinks, findLink, toCid } from './directory-read.ts'
import { updateLinks } from './directory-update.ts'
import type { LinkChanges } from './directory-update.ts'
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
  return { cid: toCid(root.cid), tsize: root.tsize, blocks }
}

/**
 * Applies changes to a directory: the result is what a build from scratch gives, whichever side of SHARD_THRESHOLD it
 * was on and is now on. `blocks` are the new ones only. Without any real change the directory stays as it is, also
 * where we would have written it otherwise.
 *
 * Reads only the shards that the changes concern, and enough of the others to see whether they would fit a plain block.
 * A name that is taken away and not there is no error. Errors as of `buildDirectory`, and of `listDirectory`.
 */
export async function updateDirectory(
  source: BlockSource,
  directory: CID,
  changes: Iterable<{ name: string; after: { cid: CID; tsize: number } | undefined }>,
  options: BuildOptions & AbortOptions = {},
): Promise<BuiltDirectory> {
  const links: LinkChanges = new Map()
  for (const { name, after } of changes) {
    checkEntryName(name)
    links.set(name, after === undefined ? undefined : { name, cid: after.cid.bytes, tsize: after.tsize })
  }
  const blocks: Block[] = []
  const root = await updateLinks(source, directory, links, options.onBlock ?? ((block) => blocks.push(block)), options)
  return { cid: toCid(root.cid), tsize: root.tsize, blocks }
}

/**
 * The entries of a directory, sorted by the bytes of their names. A sharded one is read whole before the first entry is
 * given, at about a hundred bytes an entry.
 *
 * Everything of it is checked: names, their order, slots, sizes of shards. IntegrityError `tree-invalid` (details:
 * `cid`, `entry`) for what is no valid directory. The names are not yet checked by `isReservedName`.
 */
export async function* listDirectory(
  source: BlockSource,
  directory: CID,
  options?: AbortOptions,
): AsyncGenerator<Entry> {
  for (const link of await collectLinks(source, await openDirectory(source, directory, options), options)) {
    yield toEntry(link)
  }
}

/**
 * One entry of a directory by its name, or undefined. Of a sharded directory only the shards on its way are read.
 * IntegrityError `tree-invalid` as in `listDirectory`, for what was read.
 */
export async function findEntry(
  source: BlockSource,
  directory: CID,
  name: string,
  options?: AbortOptions,
): Promise<Entry | undefined> {
  const link = await findLink(source, await openDirectory(source, directory, options), name, options)
  return link === undefined ? undefined : toEntry(link)
}

/** A link with its CID as an object. */
export function toEntry({ name, cid, tsize }: Link): Entry {
  return { name, cid: toCid(cid), tsize }
}

function emptyDirectory(): Block {
  const bytes = encodeNode([], PLAIN_DIRECTORY)
  return { cid: cidOf(DAG_PB, bytes), bytes }
}
