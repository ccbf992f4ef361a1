import type { CID } from 'multiformats/cid'

import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import type { Repository } from '../../repo/repository.ts'
import { packAndStore } from '../../store/pack/pack-and-store.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { openIgnore } from '../ignore/ignore.ts'
import { fromByteString } from '../index/byte-string.ts'
import type { IndexEntry } from '../index/index-entry.ts'
import { indexChanges } from '../index/index-of-tree.ts'
import { emptyIndex, updateIndex } from '../index/index-update.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { writeTree } from '../index/write-tree.ts'
import { pathFilter } from '../pathspec/pathspec.ts'
import { refuseUnmatched } from '../pathspec/unmatched-pathspecs.ts'
import { filesInPlace } from '../rewrite/files-in-place.ts'
import { keepLocalContent } from '../rewrite/keep-local-content.ts'
import type { FileRewrite } from '../rewrite/rewrite-files.ts'
import { isEmptyFolder, scanInTheWay } from '../rewrite/scan-in-the-way.ts'
import { wouldOverwrite } from '../rewrite/would-overwrite.ts'
import { scanWorktree } from '../scan/scan-worktree.ts'
import { CANDIDATE, DELETED, type Scan } from '../scan/scan.ts'
import { ignoreFileOf, keepsOf, worktreeOf } from '../working-tree.ts'
import { placeChanges } from './place-changes.ts'
import type { PushStashOptions } from './push-stash.ts'

/** What is put aside, and what becomes of index and files. */
export interface StashPlan {
  /** The tracked files as the stash has them. */
  stashed: StagingIndex
  /** The untracked files that go along; undefined: none. */
  untracked: StagingIndex | undefined
  index: StagingIndex
  files: FileRewrite['files']
}

/** Works out a stash; undefined where there is nothing to put aside. Contents are added to the pack. Throws as `pushStash`. */
export async function planStash(
  repository: Repository,
  pack: PackWriter,
  { index, head }: { index: StagingIndex; head: CID },
  options: PushStashOptions,
): Promise<StashPlan | undefined> {
  const pathspecs = options.pathspecs ?? []
  const filter = pathFilter(pathspecs)
  const source = packAndStore(pack, repository.store)
  if (index.count === 0) pack.add(EMPTY_DIRECTORY)
  const tree = await writeTree(index, (block) => void pack.add(block), repository.store)
  // What leads from the index back to HEAD.
  const unstaging = await indexChanges(source, { before: tree, after: head }, { signal: options.signal, filter })
  const unstaged = updateIndex(index, unstaging)
  if (options.stagedOnly === true) {
    refuseUnmatched(pathspecs, index)
    if (unstaging.length === 0) return undefined
    const changes = unstaging.map(({ path }) => ({ path, entries: entriesAt(unstaged, path) }))
    const files = await placeChanges(repository, pack, { index, changes }, options)
    return { stashed: index, untracked: undefined, index: unstaged, files }
  }
  const scan = scanLocal(repository, index, options)
  refuseUnmatched(
    pathspecs,
    index,
    scan.untracked.map(({ key }) => key),
  )
  const kept = await keepLocalContent(repository, index, scan, pack, { ...options, force: false, maxBytes: Infinity })
  const untracked = scan.untracked.map(({ key }) => fromByteString(key))
  const stashed = withPathsOf(kept.files, untracked, index)
  const changed = localPaths(index, scan, stashed)
  if (unstaging.length + changed.length + untracked.length === 0) return undefined
  const goal = options.keepIndex === true ? index : unstaged
  const paths = new Set([...unstaging.map(({ path }) => path), ...changed, ...untracked])
  const files = filesBack(repository, pack, { scanned: kept.files, goal, paths, untracked: new Set(untracked) }, index)
  const others = untracked.length === 0 ? undefined : withPathsOf(emptyIndex(), untracked, kept.files)
  return { stashed, untracked: others, index: goal, files }
}

function scanLocal(repository: Repository, index: StagingIndex, options: PushStashOptions): Scan {
  const worktree = worktreeOf(repository)
  const { untracked = 'none' } = options
  return scanWorktree({
    worktree,
    index,
    ignore: untracked === 'all' ? undefined : openIgnore(worktree, ignoreFileOf(repository)),
    filter: pathFilter(options.pathspecs ?? []),
    untracked: untracked === 'none' ? 'none' : 'all',
    keeps: keepsOf(repository),
  })
}

/** Paths of the index whose files hold something else. */
function localPaths(index: StagingIndex, { states }: Scan, stashed: StagingIndex): string[] {
  const paths: string[] = []
  for (let position = 0; position < index.count; position++) {
    if (states[position] !== CANDIDATE && states[position] !== DELETED) continue
    const path = index.path(position)
    const now = stashed.find(path)
    if (now === -1 || !stashed.hasCid(now, index.cid(position))) paths.push(path)
  }
  return paths
}

interface FilesBack {
  /** The files as they are, untracked ones that go among them. */
  scanned: StagingIndex
  goal: StagingIndex
  paths: ReadonlySet<string>
  untracked: ReadonlySet<string>
}

/** The files before and after: refuses where something untracked that stays is in the way. */
function filesBack(
  repository: Repository,
  pack: PackWriter,
  { scanned, goal, paths, untracked }: FilesBack,
  index: StagingIndex,
): FileRewrite['files'] {
  const changes = [...paths].map((path) => ({ path, entries: entriesAt(goal, path) }))
  const placed = changes.filter(({ entries }) => entries.length > 0)
  const found = scanInTheWay(
    repository,
    index,
    placed.map(({ path, entries }) => ({ path, after: entries[0]?.kind })),
  )
  const others = found.untracked.filter(({ key }) => !untracked.has(fromByteString(key)))
  const inTheWay = others.filter((each) => !isEmptyFolder(each)).map(({ key }) => fromByteString(key))
  if (inTheWay.length + found.untouchable.length > 0) {
    const hint = 'move them away, or put them aside, too, with --include-untracked'
    throw wouldOverwrite('untracked files are in the way', [...inTheWay, ...found.untouchable], hint)
  }
  const files = filesInPlace(scanned, updateIndex(scanned, changes), others, changes)
  if (files.before !== scanned) pack.add(EMPTY_DIRECTORY)
  return files
}

/** The index with some paths as in another one. */
function withPathsOf(index: StagingIndex, paths: readonly string[], from: StagingIndex): StagingIndex {
  return updateIndex(
    index,
    paths.map((path) => ({ path, entries: entriesAt(from, path) })),
  )
}

function entriesAt(index: StagingIndex, path: string): IndexEntry[] {
  const position = index.find(path)
  return position === -1 ? [] : [index.entry(position)]
}
