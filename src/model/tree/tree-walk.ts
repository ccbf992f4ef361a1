import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../block.ts'
import { DAG_PB } from '../cid.ts'
import { declaredTsize, openDirectory } from '../directory/directory-node.ts'
import type { DirectoryNode } from '../directory/directory-node.ts'
import { collectLinks, findLink } from '../directory/directory-read.ts'
import { toEntry } from '../directory/directory.ts'
import type { Entry } from '../directory/directory.ts'
import { InvalidError } from '../errors.ts'
import type { Link } from '../unixfs/dag-pb.ts'
import { openNode } from '../unixfs/node.ts'
import type { TreeNode } from '../unixfs/node.ts'
import { WalkBudget } from './walk-budget.ts'
import type { WalkLimits } from './walk-budget.ts'

/** Something in a tree that is no directory with entries of its own. */
export interface TreeLeaf {
  /** From the root of the tree, with slashes. */
  path: string
  entry: Entry
  node: TreeNode
}

/**
 * Goes through a tree and yields its leaves: files, executables, symlinks and empty directories; not the root itself
 * when it is empty.
 *
 * Order: directory by directory, the entries of one in the order of their names' bytes, each directory's content in the
 * place of its name. (So `a/b` comes before `a.b`, though its bytes do not.)
 *
 * Directories are checked as in `listDirectory`, and every declared size of what is read. IntegrityError `tree-invalid`
 * (details: `cid`, `entry`), also for a tree that unfolds beyond the limits. Names are not checked by `isReservedName`:
 * that is for whoever writes files or takes a tree in.
 */
export async function* walkTree(source: BlockSource, tree: CID, options: WalkLimits = {}): AsyncGenerator<TreeLeaf> {
  const budget = new WalkBudget(options)
  const root = await openDirectory(source, tree, options)
  const stack = [await enter(source, root, '', options)]
  for (let level = stack.at(-1); level !== undefined; level = stack.at(-1)) {
    const { done, value: link } = level.links.next()
    if (done === true) {
      stack.pop()
      continue
    }
    const entry = toEntry(link)
    const path = level.prefix + entry.name
    const { node, directory } = await openNode(source, entry, options)
    budget.pass(level.cid, node.size)
    if (directory === undefined || directory.node.count === 0) {
      yield { path, entry, node }
    } else {
      budget.enter(entry.cid, path, stack.length)
      stack.push(await enter(source, directory, `${path}/`, options))
    }
  }
}

/**
 * The entry at a path, or undefined where there is none. The path '' is the root: an entry without a name.
 *
 * InvalidError `path-invalid` for a path with an empty segment, `.` or `..`.
 */
export async function resolvePath(
  source: BlockSource,
  tree: CID,
  path: string,
  options?: AbortOptions,
): Promise<Entry | undefined> {
  let directory: DirectoryNode | undefined = await openDirectory(source, tree, options)
  let entry: Entry | undefined = { name: '', cid: tree, tsize: declaredTsize(directory.node) }
  for (const name of path === '' ? [] : path.split('/')) {
    if (name === '' || name === '.' || name === '..') {
      throw new InvalidError('path-invalid', `${JSON.stringify(path)} is no path in a tree`, {
        hint: 'give names with single slashes between them',
        details: { path },
      })
    }
    if (entry !== undefined && directory === undefined && entry.cid.code === DAG_PB) {
      directory = (await openNode(source, entry, options)).directory
    }
    const link: Link | undefined = directory && (await findLink(source, directory, name, options))
    entry = link && toEntry(link)
    directory = undefined
  }
  return entry
}

interface Level {
  cid: CID
  prefix: string
  links: Iterator<Link>
}

async function enter(
  source: BlockSource,
  directory: DirectoryNode,
  prefix: string,
  options: AbortOptions,
): Promise<Level> {
  const links = await collectLinks(source, directory, options)
  return { cid: directory.node.cid, prefix, links: links[Symbol.iterator]() }
}
