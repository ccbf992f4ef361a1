import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { type DirectoryNode, openDirectory } from '../../model/directory/directory-node.ts'
import { findLink } from '../../model/directory/directory-read.ts'
import type { Versions } from '../../model/directory/directory-versions.ts'
import type { Link } from '../../model/unixfs/dag-pb.ts'
import { baseName } from '../renames/base-name.ts'
import { namingPath, openEntry } from './open-entry.ts'
import { parentPath } from './tree-path.ts'

/** Finds single paths in the three trees of a merge. */
export interface TreeLookup {
  find(path: string): Promise<Versions<Link>>
}

/** Directories that are remembered: those looked into last. */
const MAX_KEPT = 64

/** Makes a lookup. It remembers the directories looked into last: paths are mostly asked for in their order. */
export function createTreeLookup(source: BlockSource, trees: Versions<CID>, options?: AbortOptions): TreeLookup {
  const lookup = (tree: CID | undefined) => lookupIn(source, tree, options)
  const [base, ours, theirs] = [lookup(trees.base), lookup(trees.ours), lookup(trees.theirs)]
  return {
    find: async (path) => ({ base: await base(path), ours: await ours(path), theirs: await theirs(path) }),
  }
}

function lookupIn(source: BlockSource, tree: CID | undefined, options?: AbortOptions) {
  const kept = new Map<string, DirectoryNode | undefined>()
  const directoryAt = async (path: string): Promise<DirectoryNode | undefined> => {
    if (kept.has(path)) return kept.get(path)
    const directory = await open(path)
    if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value as string)
    kept.set(path, directory)
    return directory
  }
  const open = async (path: string): Promise<DirectoryNode | undefined> => {
    if (path === '') return tree && openDirectory(source, tree, options)
    const opened = await openEntry(source, path, await find(path), options)
    return opened.kind === 'directory' ? opened.directory : undefined
  }
  const find = async (path: string): Promise<Link | undefined> => {
    const directory = await directoryAt(parentPath(path))
    return directory && namingPath(path, () => findLink(source, directory, baseName(path), options))
  }
  return find
}
