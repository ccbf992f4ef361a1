import type { AbortOptions } from '../../model/block.ts'
import type { Repository } from '../../repo/repository.ts'
import { openIgnore } from '../ignore/ignore.ts'
import { fromByteString } from '../index/byte-string.ts'
import type { IndexEntry } from '../index/index-entry.ts'
import { openIndex, type OpenIndexOptions } from '../index/open-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { pathFilter, type Pathspec } from '../pathspec/pathspec.ts'
import { scanWorktree } from '../scan/scan-worktree.ts'
import { CANDIDATE, DELETED, type FoundPath, type Scan } from '../scan/scan.ts'
import { ignoreFileOf, keepsOf, worktreeOf } from '../working-tree.ts'
import { compareFile } from './compare-file.ts'

/** Which files to list; several may be asked for. */
export interface FileSelection {
  /** Entries of the index. */
  cached?: boolean
  /** Untracked files that are not ignored. */
  others?: boolean
  /** Ignored files; a folder that is ignored as a whole is one, with a final slash. */
  ignored?: boolean
  /** Entries whose file is gone. */
  deleted?: boolean
  /** Entries whose file is another, or gone. */
  modified?: boolean
}

export interface ListFilesOptions extends OpenIndexOptions {
  pathspecs?: readonly Pathspec[]
  /** Only paths in conflict. */
  unmerged?: boolean
}

/** A file of the listing. */
export interface ListedFile {
  path: string
  state: keyof FileSelection
  /** Of tracked ones. */
  entry: IndexEntry | undefined
}

/** Lists files as `git ls-files` does: untracked ones, ignored ones, then the entries of the index in their order. */
export async function* listFiles(
  repository: Repository,
  selection: FileSelection,
  options: ListFilesOptions = {},
): AsyncGenerator<ListedFile> {
  const index = await openIndex(repository, options)
  const filter = pathFilter(options.pathspecs ?? [])
  const needsScan =
    selection.others === true || selection.ignored === true || selection.deleted === true || selection.modified === true
  const scan = needsScan ? scanFor(repository, index, selection, filter) : undefined
  if (selection.others === true) for (const found of scan?.untracked ?? []) yield listed(found, 'others')
  if (selection.ignored === true) for (const found of scan?.ignored ?? []) yield listed(found, 'ignored')
  for (let position = 0; position < index.count; position++) {
    if (filter?.matches(index.key(position)) === false) continue
    if (options.unmerged === true && index.stage(position) === 0) continue
    if (selection.cached === true) yield tracked(index, position, 'cached')
    if (scan === undefined) continue
    const state = scan.states[position]
    if (selection.deleted === true && state === DELETED) yield tracked(index, position, 'deleted')
    if (selection.modified !== true) continue
    if (state === DELETED || (state === CANDIDATE && (await isModified(repository, index, position, scan, options)))) {
      yield tracked(index, position, 'modified')
    }
  }
}

function scanFor(
  repository: Repository,
  index: StagingIndex,
  { others, ignored }: FileSelection,
  filter: ReturnType<typeof pathFilter>,
): Scan {
  const worktree = worktreeOf(repository)
  return scanWorktree({
    worktree,
    index,
    ignore: openIgnore(worktree, ignoreFileOf(repository)),
    filter,
    untracked: others === true || ignored === true ? 'all' : 'none',
    ignored: ignored === true,
    keeps: keepsOf(repository),
  })
}

const TYPE_MASK = 0o170000
const TYPE_DIRECTORY = 0o040000

function listed({ key, stat }: FoundPath, state: 'others' | 'ignored'): ListedFile {
  const isFolder = (stat.mode & TYPE_MASK) === TYPE_DIRECTORY
  return { path: fromByteString(key) + (isFolder ? '/' : ''), state, entry: undefined }
}

function tracked(index: StagingIndex, position: number, state: ListedFile['state']): ListedFile {
  const entry = index.entry(position)
  return { path: entry.path, state, entry }
}

async function isModified(
  repository: Repository,
  index: StagingIndex,
  position: number,
  scan: Scan,
  options: AbortOptions,
): Promise<boolean> {
  const stat = scan.stats.get(position)
  if (stat === undefined || index.stage(position) !== 0) return true
  const context = { worktree: worktreeOf(repository), source: repository.store, index, keeps: keepsOf(repository) }
  return (await compareFile(context, position, stat, options)).difference !== undefined
}
