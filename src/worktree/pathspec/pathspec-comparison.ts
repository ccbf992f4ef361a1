import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { parseLinkText } from '../../model/cid-text.ts'
import { DAG_PB } from '../../model/cid.ts'
import { diffDirectories } from '../../model/directory/directory-diff.ts'
import { type DirectoryNode, openDirectory } from '../../model/directory/directory-node.ts'
import { toEntry } from '../../model/directory/directory.ts'
import type { Link } from '../../model/unixfs/dag-pb.ts'
import { openNode } from '../../model/unixfs/node.ts'
import { createPathComparison } from '../../repo/history/path-comparison.ts'
import type { TreeComparison } from '../../repo/history/visit.ts'
import { fromByteString, toByteString } from '../index/byte-string.ts'
import { type PathFilter, pathFilter, type Pathspec } from './pathspec.ts'

/**
 * Compares trees where pathspecs look; undefined where there are none. Plain paths are resolved in each tree once; patterns
 * and exclusions go through what differs, and end at the first difference that matches.
 */
export function createPathspecComparison(
  source: BlockSource,
  pathspecs: readonly Pathspec[],
): TreeComparison | undefined {
  const filter = pathFilter(pathspecs)
  if (filter === undefined) return undefined
  if (
    pathspecs.every(({ isExclude, pattern, key, literal }) => !isExclude && pattern === undefined && key === literal)
  ) {
    const paths = pathspecs.map(({ key }) => fromByteString(key))
    return createPathComparison(source, paths)
  }
  return {
    async isSame(before, after, options) {
      const open = (tree: string) => openDirectory(source, parseLinkText(tree), options)
      const sides = { before: before === undefined ? undefined : await open(before), after: await open(after) }
      return !(await differs(source, filter, '', sides, options))
    },
  }
}

interface Directories {
  before: DirectoryNode | undefined
  after: DirectoryNode | undefined
}

async function differs(
  source: BlockSource,
  filter: PathFilter,
  prefix: string,
  { before, after }: Directories,
  options: AbortOptions | undefined,
): Promise<boolean> {
  for (const change of await diffDirectories(source, before, after, options)) {
    const path = prefix + toByteString(change.name)
    const coverage = filter.coverage(`${path}/`)
    const matches = filter.matches(path)
    if (coverage === 'none' && !matches) continue
    const below = {
      before: await directoryOf(source, change.before, options),
      after: await directoryOf(source, change.after, options),
    }
    const hasLeaf = isLeaf(change.before, below.before) || isLeaf(change.after, below.after)
    if (matches && hasLeaf) return true
    if (coverage === 'none' || (below.before ?? below.after) === undefined) continue
    if (await differs(source, filter, `${path}/`, below, options)) return true
  }
  return false
}

/** A file or symlink, or a directory with nothing in it. */
function isLeaf(link: Link | undefined, directory: DirectoryNode | undefined): boolean {
  return link !== undefined && (directory === undefined || directory.node.count === 0)
}

async function directoryOf(
  source: BlockSource,
  link: Link | undefined,
  options: AbortOptions | undefined,
): Promise<DirectoryNode | undefined> {
  if (link === undefined) return undefined
  const entry: { cid: CID; tsize: number } = toEntry(link)
  return entry.cid.code === DAG_PB ? (await openNode(source, entry, options)).directory : undefined
}
