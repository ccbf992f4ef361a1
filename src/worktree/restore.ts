import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../model/block.ts'
import type { Person } from '../model/commit/person.ts'
import type { ConflictStyle } from '../repo/merge/text/write-merged.ts'
import type { Repository } from '../repo/repository.ts'
import { resolveTree } from '../repo/revision.ts'
import type { RevisionOptions } from '../repo/revision/revision-source.ts'
import type { PackWriter } from '../store/pack/pack-writer.ts'
import { compareByteStrings, fromByteString, toByteString } from './index/byte-string.ts'
import { indexChanges } from './index/index-of-tree.ts'
import { emptyIndex, updateIndex, type IndexChange } from './index/index-update.ts'
import { headTree, openIndex, type OpenIndexOptions } from './index/open-index.ts'
import { withoutConflicts } from './index/record-index.ts'
import type { StagingIndex } from './index/staging-index.ts'
import { writeTree } from './index/write-tree.ts'
import { conflictChanges, unmergedPaths } from './merge/conflict-changes.ts'
import { resolvedArtefacts, withArtefacts } from './merge/resolved-artefacts.ts'
import { pathFilter, type PathFilter, type Pathspec } from './pathspec/pathspec.ts'
import { refuseUnmatched } from './pathspec/unmatched-pathspecs.ts'
import { keepLocalContent } from './rewrite/keep-local-content.ts'
import { rewriteFiles, type FileRewrite, type RewriteOptions, type RewrittenFiles } from './rewrite/rewrite-files.ts'
import { isEmptyFolder, scanInTheWay } from './rewrite/scan-in-the-way.ts'
import { wouldOverwrite } from './rewrite/would-overwrite.ts'
import { scanWorktree } from './scan/scan-worktree.ts'
import { NOT_SCANNED, UNCHANGED, type Scan } from './scan/scan.ts'
import { compareFile } from './status/compare-file.ts'
import { cannotBeKept } from './switch/switch-discarding.ts'
import { keepsOf, worktreeOf } from './working-tree.ts'

export interface RestoreOptions extends OpenIndexOptions, RewriteOptions, RevisionOptions {
  /** The command line and who runs it, for the operation log. */
  command: string
  person: Person
  /** A commit or a directory. Default: HEAD for the index, the index for files alone. */
  source?: string | undefined
  /** Keep what the source does not have (git's overlay mode). */
  overlay?: boolean | undefined
  /** Restore the index. */
  staged: boolean
  /** Restore files. */
  worktree: boolean
  /**
   * What files of paths in conflict shall show: one side, or the conflict as it was before anybody settled it. Then a conflict
   * that was resolved is one again.
   */
  conflict?: 'ours' | 'theirs' | 'merge' | undefined
  /** How such a conflict is marked in texts. */
  style?: ConflictStyle | undefined
  /** Leave paths in conflict as they are, rather than to refuse them. */
  ignoreUnmerged?: boolean | undefined
  /** Overwrite untracked files that are in the way, and discard also what is too much to be kept. */
  force?: boolean
}

/** What was restored: paths sorted by their bytes. */
export interface Restored extends RewrittenFiles {
  /** Entries of the index that changed. */
  staged: string[]
  /** Files that were not as they are now. */
  files: string[]
  /** Files whose local content was thrown away, and kept in the store. */
  discarded: string[]
}

/**
 * Makes files, the index, or both what they are in a source again: tracked paths within the pathspecs, and those of the
 * source. What the source does not have goes, unless `overlay` is asked for. What tracked files hold beyond the index is first kept in the store.
 *
 * Throws NotFoundError `pathspec-unmatched`, and `side-missing` (details: `paths`) where the asked side of a conflict has no such
 * path; ConflictError `would-overwrite` (details: `paths`) for untracked files in the way, `index-unmerged` (details: `paths`) for
 * files of paths in conflict that the index cannot give; InvalidError `cannot-be-undone`, and what `resolveTree` throws. Then
 * nothing was changed.
 */
export async function restorePaths(
  repository: Repository,
  pathspecs: readonly Pathspec[],
  options: RestoreOptions,
): Promise<Restored> {
  worktreeOf(repository)
  using lock = await repository.lock(options.command, options)
  const index = await openIndex(repository, options)
  const filter = pathFilter(pathspecs)
  const pack = await repository.store.createPack(options)
  try {
    const found = await sourceChanges(repository, index, pack, filter, options)
    const [changes, absent] = options.overlay === true ? divide(found) : [found, []]
    const conflicts = await conflictChanges(repository, index, pack, filter, options)
    const changed = [...changes, ...conflicts.files].map(({ path }) => toByteString(path))
    refuseUnmatched(pathspecs, absent.length === 0 ? index : updateIndex(index, absent), changed)
    const next = options.staged ? updateIndex(index, changes) : conflicts.index
    const staged = options.staged ? changes.map(({ path }) => path) : conflicts.reopened
    const { command, person } = options
    const moves = { command, person, indexBefore: index, index: next, tree: index.tree }
    if (!options.worktree) {
      const nothing = { staged: sorted(staged), files: [], discarded: [], left: [], failed: [] }
      if (staged.length === 0) return nothing
      // The index knows its directories as stored, from their comparison with the source.
      const files = { before: withArtefacts(emptyIndex(), resolvedArtefacts(index, next)), after: emptyIndex() }
      return {
        ...nothing,
        ...(await rewriteFiles(repository, lock, pack, { ...moves, files, discarded: [] }, options)),
      }
    }
    const placed = { changes: [...changes, ...conflicts.files], absent }
    const rewrite = await fileChanges(repository, index, placed, pack, filter, options)
    const files = rewrite.paths
    if (files.length + staged.length === 0) return { staged, files, discarded: [], left: [], failed: [] }
    const before = withArtefacts(rewrite.files.before, resolvedArtefacts(index, next))
    const done = await rewriteFiles(
      repository,
      lock,
      pack,
      { ...rewrite, ...moves, files: { before, after: rewrite.files.after } },
      options,
    )
    const discarded = rewrite.discarded.map(({ path }) => path)
    return { staged: sorted(staged), files: sorted(files), discarded: sorted(discarded), ...done }
  } finally {
    pack.abort()
  }
}

/** Tells what the source has from what it does not have. */
function divide(found: readonly IndexChange[]): [changes: IndexChange[], absent: IndexChange[]] {
  const isThere = (change: IndexChange): boolean => 'from' in change || change.entries.length > 0
  return [found.filter(isThere), found.filter((change) => !isThere(change))]
}

/** What the source has otherwise than the index. */
async function sourceChanges(
  repository: Repository,
  index: StagingIndex,
  pack: PackWriter,
  filter: PathFilter | undefined,
  options: RestoreOptions,
): Promise<IndexChange[]> {
  const tree = await findSource(repository, options)
  if (tree === 'index') return []
  const settled = withoutConflicts(index)
  const before = await writeTree(settled, (block) => void pack.add(block), repository.store)
  // The directories of the index are only in the pack as yet.
  const blocks: BlockSource = {
    get: async (cid, getOptions) => pack.get(cid) ?? repository.store.get(cid, getOptions),
  }
  const changes = await indexChanges(blocks, { before, after: tree }, { signal: options.signal, filter })
  const found = new Set(changes.map(({ path }) => path))
  const gone = unmergedPaths(index, filter).filter((path) => !found.has(path))
  return [...changes, ...gone.map((path) => ({ path, entries: [] }))]
}

async function findSource(repository: Repository, options: RestoreOptions): Promise<CID | 'index' | undefined> {
  if (options.source !== undefined) return resolveTree(repository, options.source, options)
  return options.staged ? headTree(repository, options) : 'index'
}

/** The files that are not as they shall be, and what is lost of them: what is absent from the source stays. */
async function fileChanges(
  repository: Repository,
  index: StagingIndex,
  { changes, absent }: { changes: readonly IndexChange[]; absent: readonly IndexChange[] },
  pack: PackWriter,
  filter: PathFilter | undefined,
  options: RestoreOptions,
): Promise<Required<Pick<FileRewrite, 'files' | 'discarded' | 'overwritten'>> & { paths: string[] }> {
  const scan = scanWorktree({
    worktree: worktreeOf(repository),
    index,
    ignore: undefined,
    filter,
    untracked: 'none',
    keeps: keepsOf(repository),
  })
  const goal = updateIndex(index, changes)
  const concerned = new Set([...changes.map(({ path }) => path), ...changedPaths(index, scan)])
  for (const { path } of absent) concerned.delete(path)
  const untracked = await findInTheWay(repository, index, goal, concerned, options)
  const force = options.force === true
  const keeping = { ...options, force, concerns: (path: string) => concerned.has(path) }
  const kept = await keepLocalContent(repository, index, { ...scan, untracked }, pack, keeping)
  for (const { key } of untracked) concerned.add(fromByteString(key))
  const after = updateIndex(
    kept.files,
    [...concerned].map((path) => ({ path, entries: entriesAt(goal, path) })),
  )
  const paths = [...concerned].filter((path) => !isSameAt(kept, after, path))
  const discarded = kept.discarded.filter(({ path }) => !isSameAt(kept, after, path))
  const files = { before: withoutConflicts(kept.files), after: withoutConflicts(after) }
  return { files, discarded, overwritten: kept.overwritten, paths }
}

function isSameAt(
  { files, overwritten }: Awaited<ReturnType<typeof keepLocalContent>>,
  after: StagingIndex,
  path: string,
) {
  if (overwritten.some((each) => each.path === path)) return false
  const [was, is] = [files.find(path), after.find(path)]
  return was === -1 || is === -1 ? was === is : after.hasCid(is, files.cid(was))
}

function changedPaths(index: StagingIndex, { states }: Scan): string[] {
  const paths: string[] = []
  for (let position = 0; position < index.count; position++) {
    if (index.stage(position) !== 0 || states[position] === NOT_SCANNED) continue
    if (states[position] !== UNCHANGED) paths.push(index.path(position))
  }
  return paths
}

/** The untracked paths that go, if they may. */
async function findInTheWay(
  repository: Repository,
  index: StagingIndex,
  goal: StagingIndex,
  concerned: ReadonlySet<string>,
  options: RestoreOptions,
): Promise<Scan['untracked']> {
  const placed = [...concerned].flatMap((path) => {
    const position = goal.find(path)
    return position === -1 ? [] : [{ path, after: goal.kind(position) }]
  })
  const { untracked, untouchable } = scanInTheWay(repository, index, placed)
  if (untouchable.length > 0) throw cannotBeKept(untouchable)
  if (options.force === true) return untracked
  const context = {
    worktree: worktreeOf(repository),
    source: repository.store,
    index: goal,
    keeps: keepsOf(repository),
  }
  const files: string[] = []
  for (const found of untracked) {
    if (isEmptyFolder(found)) continue
    const path = fromByteString(found.key)
    const position = goal.find(path)
    // A file that is what it shall be already is not in the way.
    const difference =
      position === -1 ? 'other' : (await compareFile(context, position, found.stat, options)).difference
    if (difference !== undefined) files.push(path)
  }
  if (files.length === 0) return untracked
  throw wouldOverwrite('untracked files would be overwritten', files, 'move them away, or overwrite them with --force')
}

function entriesAt(index: StagingIndex, path: string) {
  const position = index.find(path)
  return position === -1 ? [] : [index.entry(position)]
}

function sorted(paths: readonly string[]): string[] {
  return paths.toSorted((a, b) => compareByteStrings(toByteString(a), toByteString(b)))
}
