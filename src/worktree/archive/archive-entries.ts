import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { type DirectoryNode, openDirectory } from '../../model/directory/directory-node.ts'
import { collectLinks } from '../../model/directory/directory-read.ts'
import { toEntry } from '../../model/directory/directory.ts'
import { IntegrityError, NotFoundError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { WalkBudget } from '../../model/tree/walk-budget.ts'
import type { Link } from '../../model/unixfs/dag-pb.ts'
import { readFile } from '../../model/unixfs/file-content.ts'
import { openNode, type TreeNode } from '../../model/unixfs/node.ts'
import { toByteString } from '../index/byte-string.ts'
import { matchesPathspec, pathFilter, type Pathspec, pathspecUnmatched } from '../pathspec/pathspec.ts'

/** One entry of an archive: a directory stands before what is in it. */
export interface ArchiveEntry {
  /** From the root of the tree; '' is the root itself. */
  path: string
  node: Pick<TreeNode, 'kind' | 'size' | 'target'>
  /** The bytes of a file, verified, in pieces of 2 MiB at most; nothing for others. */
  content(): AsyncGenerator<Uint8Array>
}

/** What of a tree goes into an archive. */
export interface ArchiveSelection extends AbortOptions {
  pathspecs?: readonly Pathspec[]
}

/**
 * The entries of an archive of a tree, directories before what is in them; directories in which no pathspec matches
 * anything are not there. Memory: the directories on the way to the current path.
 *
 * Throws IntegrityError and NotFoundError of the source and of `walkTree`, naming the path (details: `path`), and NotFoundError
 * `pathspec-unmatched` before the first entry.
 */
export async function* archiveEntries(
  source: BlockSource,
  tree: CID,
  { pathspecs = [], signal }: ArchiveSelection = {},
): AsyncGenerator<ArchiveEntry> {
  for (const pathspec of pathspecs) {
    if (!pathspec.isExclude && pathspec.key !== '') await refuseUnmatched(source, tree, pathspec, { signal })
  }
  const announced = new Set<string>()
  for await (const entry of selectedEntries(source, tree, { pathspecs, signal })) {
    for (const directory of directoriesOf(entry)) {
      if (announced.has(directory)) continue
      // Of the directories announced only those on the way to this entry are still of interest.
      for (const each of announced) if (!directory.startsWith(`${each}/`)) announced.delete(each)
      announced.add(directory)
      yield { path: directory, node: { kind: 'directory', size: 0 }, content: nothing }
    }
    yield entry
  }
}

/** The directories above an entry, outermost first. */
function* directoriesOf({ path }: ArchiveEntry): Generator<string> {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) yield path.slice(0, slash)
}

async function refuseUnmatched(source: BlockSource, tree: CID, pathspec: Pathspec, options: AbortOptions) {
  for await (const { path } of selectedEntries(source, tree, { ...options, pathspecs: [pathspec] })) {
    if (matchesPathspec(pathspec, toByteString(path))) return
  }
  throw pathspecUnmatched(pathspec)
}

interface Level {
  cid: CID
  prefix: string
  links: Iterator<Link>
}

/** Files, symlinks and empty directories that pathspecs select. */
async function* selectedEntries(
  source: BlockSource,
  tree: CID,
  options: ArchiveSelection & { pathspecs: readonly Pathspec[] },
): AsyncGenerator<ArchiveEntry> {
  const filter = pathFilter(options.pathspecs)
  const budget = new WalkBudget(options)
  const root = await openDirectory(source, tree, options).catch((error: unknown) => fail(error, ''))
  const stack = [await enter(source, root, '', options)]
  for (let level = stack.at(-1); level !== undefined; level = stack.at(-1)) {
    const { done, value: link } = level.links.next()
    if (done === true) {
      stack.pop()
      continue
    }
    const path = level.prefix + link.name
    const key = filter === undefined ? '' : toByteString(path)
    const isSelected = filter?.matches(key) ?? true
    if (!isSelected && filter?.coverage(`${key}/`) === 'none') continue
    const entry = toEntry(link)
    const { node, directory } = await openNode(source, entry, options).catch((error: unknown) => fail(error, path))
    budget.pass(level.cid, node.size)
    if (directory !== undefined && directory.node.count > 0) {
      budget.enter(entry.cid, path, stack.length)
      stack.push(await enter(source, directory, `${path}/`, options))
    } else if (isSelected) {
      const isFile = node.kind === 'file' || node.kind === 'executable'
      yield { path, node, content: isFile ? () => contentOf(source, entry, path, options) : nothing }
    }
  }
}

async function enter(
  source: BlockSource,
  directory: DirectoryNode,
  prefix: string,
  options: AbortOptions,
): Promise<Level> {
  const links = await collectLinks(source, directory, options).catch((error: unknown) => fail(error, prefix))
  return { cid: directory.node.cid, prefix, links: links[Symbol.iterator]() }
}

async function* contentOf(
  source: BlockSource,
  { cid, tsize }: { cid: CID; tsize: number },
  path: string,
  { signal }: AbortOptions,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of readFile(source, cid, { tsize, signal })) {
      signal?.throwIfAborted()
      yield piece
    }
  } catch (error) {
    fail(error, path)
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Adds to what is wrong with a block where in the tree it was needed. */
function fail(error: unknown, path: string): never {
  const where = path === '' ? 'the root directory' : quoteName(path)
  const fields = (of: IntegrityError | NotFoundError) => ({
    hint: of.hint ?? 'list all that is damaged with `jzfs verify`',
    cause: of,
    details: { ...of.details, path },
  })
  if (error instanceof IntegrityError) throw new IntegrityError(error.code, `${where}: ${error.message}`, fields(error))
  if (error instanceof NotFoundError) throw new NotFoundError(error.code, `${where}: ${error.message}`, fields(error))
  throw error
}
