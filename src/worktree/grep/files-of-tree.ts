import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { RAW } from '../../model/cid.ts'
import { type DirectoryNode, openDirectory } from '../../model/directory/directory-node.ts'
import { collectLinks } from '../../model/directory/directory-read.ts'
import { type Entry, toEntry } from '../../model/directory/directory.ts'
import { WalkBudget } from '../../model/tree/walk-budget.ts'
import { openNode } from '../../model/unixfs/node.ts'
import { namingPath } from '../../repo/merge/open-entry.ts'
import { toByteString } from '../index/byte-string.ts'
import type { PathFilter } from '../pathspec/pathspec.ts'
import { readTreeFile } from './read-tree-file.ts'
import type { SearchedFile } from './searched-file.ts'
import type { SilentBlocks } from './silent-blocks.ts'

export interface FilesOfTreeOptions extends AbortOptions {
  filter?: PathFilter | undefined
  /** What need not be searched; what turns out silent is added. */
  silent: SilentBlocks
}

/**
 * The files of a tree that a filter selects, sorted by the bytes of their paths; no symlinks. What was searched before without
 * anything coming of it is passed over: a directory that several revisions hold is read once.
 *
 * Throws what reading throws, naming the path (details: `path`): NotFoundError `block-missing`, IntegrityError `tree-invalid`.
 */
export async function* filesOfTree(
  source: BlockSource,
  tree: CID,
  { filter, silent, signal }: FilesOfTreeOptions,
): AsyncGenerator<SearchedFile> {
  const budget = new WalkBudget({ signal })
  const enter = async (opened: Opened, prefix: string): Promise<Level> => {
    const links = await namingPath(prefix, () => collectLinks(source, opened.directory as DirectoryNode, { signal }))
    const isWhole = filter === undefined || filter.coverage(toByteString(prefix)) === 'all'
    const isOfInterest = ({ cid, name }: Entry): boolean => {
      if (silent.has(cid)) return false
      const key = filter === undefined ? '' : toByteString(prefix + name)
      return filter === undefined || filter.matches(key) || filter.coverage(`${key}/`) !== 'none'
    }
    const below = sortAsPaths(source, links, { prefix, isOfInterest, signal })
    return { cid: opened.entry.cid, prefix, isWhole, isSilent: true, below }
  }
  const top = { entry: { name: '', cid: tree, tsize: 0 }, directory: await openDirectory(source, tree, { signal }) }
  const stack = silent.has(tree) ? [] : [await enter(top, '')]
  for (let level = stack.at(-1); level !== undefined; level = stack.at(-1)) {
    const { done, value: opened } = await level.below.next()
    if (done === true) {
      stack.pop()
      if (level.isSilent && level.isWhole) silent.add(level.cid)
      else if (!level.isSilent) for (const above of stack) above.isSilent = false
      continue
    }
    const { entry, directory } = opened
    const path = level.prefix + entry.name
    budget.pass(level.cid, 0)
    // Once more: since it was opened, equal content may have been searched.
    if (silent.has(entry.cid)) continue
    if (directory !== undefined) {
      budget.enter(entry.cid, path, stack.length)
      stack.push(await enter(opened, `${path}/`))
    } else if (!opened.isFile) {
      silent.add(entry.cid)
    } else if (filter?.matches(toByteString(path)) ?? true) {
      const file = { path, content: () => readTreeFile(source, path, entry, { signal }), isSilent: false }
      yield file
      if (file.isSilent) silent.add(entry.cid)
      else level.isSilent = false
    }
  }
}

interface Level {
  cid: CID
  prefix: string
  /** Whether all that is in it is searched. */
  isWhole: boolean
  isSilent: boolean
  below: AsyncGenerator<Opened>
}

interface Opened {
  entry: Entry
  directory?: DirectoryNode | undefined
  isFile?: boolean
}

/**
 * The entries of interest of a directory, sorted by name, in the order of the paths below it: a directory stands where its name with a
 * slash would.
 */
async function* sortAsPaths(
  source: BlockSource,
  links: Iterable<Parameters<typeof toEntry>[0]>,
  { prefix, isOfInterest, ...options }: AbortOptions & { prefix: string; isOfInterest: (entry: Entry) => boolean },
): AsyncGenerator<Opened> {
  // Directories whose turn comes behind names that go on with a sign below the slash.
  const waiting: Opened[] = []
  for (const link of links) {
    const entry = toEntry(link)
    for (let last = waiting.at(-1); last !== undefined && !comesBefore(entry.name, last); last = waiting.at(-1)) {
      waiting.pop()
      yield last
    }
    if (!isOfInterest(entry)) continue
    const opened = await namingPath(prefix + entry.name, () => open(source, entry, options))
    if (opened.directory === undefined) yield opened
    else waiting.push(opened)
  }
  yield* waiting.toReversed()
}

function comesBefore(name: string, { entry }: Opened): boolean {
  return name.startsWith(entry.name) && (name[entry.name.length] as string) < '/'
}

async function open(source: BlockSource, entry: Entry, options: AbortOptions): Promise<Opened> {
  if (entry.cid.code === RAW) return { entry, isFile: true }
  const { node, directory } = await openNode(source, entry, options)
  return { entry, directory, isFile: node.kind === 'file' || node.kind === 'executable' }
}
