import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../block.ts'
import { diffDirectories } from '../directory/directory-diff.ts'
import type { LinkChange } from '../directory/directory-diff.ts'
import { declaredTsize, openDirectory } from '../directory/directory-node.ts'
import type { DirectoryNode } from '../directory/directory-node.ts'
import { toEntry } from '../directory/directory.ts'
import type { Entry } from '../directory/directory.ts'
import type { Link } from '../unixfs/dag-pb.ts'
import { openNode } from '../unixfs/node.ts'
import type { TreeNode } from '../unixfs/node.ts'
import { WalkBudget } from './walk-budget.ts'
import type { WalkLimits } from './walk-budget.ts'

/** An entry with what it is. */
export interface NodeEntry extends Entry {
  node: TreeNode
}

/** A path that stands for something else in two trees. */
export interface TreeChange {
  path: string
  before: NodeEntry | undefined
  after: NodeEntry | undefined
}

/** A directory that differs between two trees, or is in the second one alone. */
export interface DirectoryChange {
  /** '' for the top. */
  path: string
  before: CID | undefined
  /** With the Tsize of a link to it. */
  after: { cid: CID; tsize: number }
}

export interface TreeDiffOptions extends WalkLimits {
  /** Told of each directory of the second tree that is gone into, before what is in it. */
  onDirectory?: ((change: DirectoryChange) => void) | undefined
}

/**
 * What differs between two trees (undefined: one with nothing in it), leaf by leaf: files, executables, symlinks and
 * empty directories. Directories with entries are gone into; links with one CID are never opened.
 *
 * Order: that of `walkTree`. A leaf that becomes another leaf (a file a symlink, or an empty directory) is one change.
 * A leaf that becomes a directory with entries is a removal and then the additions in it; a directory that becomes a
 * leaf is the removals in it and then an addition.
 *
 * Errors as of `walkTree`.
 */
export async function* diffTrees(
  source: BlockSource,
  before: CID | undefined,
  after: CID | undefined,
  options: TreeDiffOptions = {},
): AsyncGenerator<TreeChange> {
  if (before !== undefined && after !== undefined && before.equals(after)) {
    return
  }
  const budget = new WalkBudget(options)
  const roots = {
    before: before && (await openDirectory(source, before, options)),
    after: after && (await openDirectory(source, after, options)),
  }
  if (roots.after !== undefined && after !== undefined) {
    options.onDirectory?.({ path: '', before, after: { cid: after, tsize: declaredTsize(roots.after.node) } })
  }
  const stack: Level[] = [await enter(source, roots, '', options)]
  for (let level = stack.at(-1); level !== undefined; level = stack.at(-1)) {
    const { done, value: change } = level.changes.next()
    if (done === true) {
      stack.pop()
      if (level.finally !== undefined) {
        yield level.finally
      }
      continue
    }
    const path = level.prefix + change.name
    const sides = {
      before: await openSide(source, change.before, options),
      after: await openSide(source, change.after, options),
    }
    budget.pass(level.cid, (sides.before?.entry.node.size ?? 0) + (sides.after?.entry.node.size ?? 0))
    const leaves = { path, before: leafOf(sides.before), after: leafOf(sides.after) }
    const directories = { before: sides.before?.inside, after: sides.after?.inside }
    if (directories.before === undefined && directories.after === undefined) {
      yield leaves
      continue
    }
    budget.enter(level.cid, path, stack.length)
    if (directories.after !== undefined && sides.after !== undefined) {
      const { cid, tsize } = sides.after.entry
      options.onDirectory?.({ path, before: directories.before?.node.cid, after: { cid, tsize } })
    }
    const below = await enter(source, directories, `${path}/`, options)
    if (leaves.before !== undefined) {
      yield leaves
    } else if (leaves.after !== undefined) {
      below.finally = leaves
    }
    stack.push(below)
  }
}

interface Level {
  cid: CID
  prefix: string
  changes: Iterator<LinkChange>
  /** The change to report when the level is done. */
  finally?: TreeChange
}

interface Side {
  entry: NodeEntry
  /** The directory, where there is something in it. */
  inside: DirectoryNode | undefined
}

async function enter(
  source: BlockSource,
  { before, after }: { before: DirectoryNode | undefined; after: DirectoryNode | undefined },
  prefix: string,
  options: AbortOptions,
): Promise<Level> {
  const changes = await diffDirectories(source, before, after, options)
  return { cid: (after ?? before)?.node.cid as CID, prefix, changes: changes[Symbol.iterator]() }
}

async function openSide(source: BlockSource, link: Link | undefined, options: AbortOptions): Promise<Side | undefined> {
  if (link === undefined) {
    return undefined
  }
  const entry = toEntry(link)
  const { node, directory } = await openNode(source, entry, options)
  return { entry: { ...entry, node }, inside: directory?.node.count === 0 ? undefined : directory }
}

function leafOf(side: Side | undefined): NodeEntry | undefined {
  return side?.inside === undefined ? side?.entry : undefined
}
