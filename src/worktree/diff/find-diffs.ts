import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { diffTrees, type TreeChange } from '../../model/tree/tree-diff.ts'
import type { Repository } from '../../repo/repository.ts'
import { toByteString } from '../index/byte-string.ts'
import type { Stage } from '../index/index-entry.ts'
import { withoutConflicts } from '../index/record-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { unmergedPaths } from '../merge/conflict-changes.ts'
import { type Pathspec, type PathFilter, pathFilter } from '../pathspec/pathspec.ts'
import { stagedChanges } from '../status/staged-changes.ts'
import { readStatus } from '../status/status.ts'
import { keepsOf, worktreeOf } from '../working-tree.ts'
import { entrySide, storedSide, workingSide, type DiffSide, type FileDiff } from './file-diff.ts'
import { orderDiffs } from './order-diffs.ts'

/** What of the differences is wanted, and how. */
export interface DiffOptions extends AbortOptions {
  pathspecs?: readonly Pathspec[]
  /** Whether removed and added paths are joined to renames (default: yes), and how alike they must be at least. */
  renames?: boolean
  similarity?: number | undefined
  /** Whether the sides are exchanged. */
  isReversed?: boolean
  /** Compare files of paths in conflict with their base (1), ours (2) or theirs (3). */
  stage?: 1 | 2 | 3 | undefined
  /** The folder that is meant alone: paths are from there. */
  within?: string | undefined
  /** Which changes are kept, once renames are found. */
  keeps?: ((diff: FileDiff) => boolean) | undefined
}

/** How two trees differ (undefined: one with nothing in it), sorted by the bytes of the paths. */
export async function diffRevisions(
  { store }: Pick<Repository, 'store'>,
  trees: { before: CID | undefined; after: CID | undefined },
  options: DiffOptions = {},
): Promise<FileDiff[]> {
  return diffChanges({ store }, diffTrees(store, trees.before, trees.after, options), options)
}

/** The same of differences that were found already. */
export async function diffChanges(
  { store }: Pick<Repository, 'store'>,
  changes: AsyncIterable<TreeChange> | Iterable<TreeChange>,
  options: DiffOptions = {},
): Promise<FileDiff[]> {
  const diffs: FileDiff[] = []
  const filter = pathFilter(options.pathspecs ?? [])
  for await (const { path, before, after } of changes) {
    if (!matches(filter, path)) continue
    const sides = [before, after].map((entry) => entry && entrySide(store, entry, entry.node))
    diffs.push({ path, before: sides[0], after: sides[1] })
  }
  return orderDiffs(diffs, options)
}

/** How the index differs from a tree. */
export async function diffStaged(
  { store }: Pick<Repository, 'store'>,
  tree: CID | undefined,
  index: StagingIndex,
  options: DiffOptions = {},
): Promise<FileDiff[]> {
  const filter = pathFilter(options.pathspecs ?? [])
  const changes = await stagedChanges(store, tree, index, options)
  const diffs = changes
    .filter(({ path }) => matches(filter, path))
    .map(({ path, before, after }) => ({
      path,
      before: before && storedSide(store, before),
      after: after && storedSide(store, after),
    }))
  const unmerged = unmergedPaths(index, filter).map((path) => ({
    path,
    ...NOTHING,
    unmerged: { before: [], after: undefined },
  }))
  return orderDiffs([...diffs, ...unmerged], options)
}

const NOTHING = { before: undefined, after: undefined }

/** How the files of the working tree differ from the index; untracked ones are no difference. */
export async function diffUnstaged(repository: Repository, options: DiffOptions = {}): Promise<FileDiff[]> {
  const { index, unstaged, conflicts } = await readStatus(repository, { ...options, untracked: 'none' })
  const diffs: FileDiff[] = []
  for (const { path } of conflicts) diffs.push(...(await diffUnmerged(repository, index, path, options)))
  for (const { path } of unstaged) {
    const before = indexSide(repository, index, path)
    diffs.push({ path, before, after: await workSide(repository, before, path, options) })
  }
  return orderDiffs(diffs, options)
}

/** Both sides of a path in conflict beside its file; or that it is in conflict, and how the file differs from one stage. */
async function diffUnmerged(
  repository: Repository,
  index: StagingIndex,
  path: string,
  options: DiffOptions,
): Promise<FileDiff[]> {
  const [ours, theirs] = [indexSide(repository, index, path, 2), indexSide(repository, index, path, 3)]
  const after = await workSide(repository, ours, path, options)
  const { stage } = options
  if (stage === undefined) return [{ path, ...NOTHING, unmerged: { before: [ours, theirs], after } }]
  const before = indexSide(repository, index, path, stage)
  const diff = before === undefined || isSame(before, after) ? [] : [{ path, before, after }]
  return [{ path, ...NOTHING, unmerged: { before: [], after: undefined } }, ...diff]
}

/** How the files of the working tree that the index or the tree has differ from the tree. */
export async function diffWorktree(
  repository: Repository,
  tree: CID | undefined,
  options: DiffOptions = {},
): Promise<FileDiff[]> {
  const { index, unstaged, conflicts } = await readStatus(repository, { ...options, untracked: 'none' })
  const filter = pathFilter(options.pathspecs ?? [])
  const before = new Map<string, DiffSide | undefined>()
  // Of a path in conflict the index has no side: only the tree's counts.
  for (const { path } of conflicts) before.set(path, undefined)
  for (const change of await stagedChanges(repository.store, tree, withoutConflicts(index), options)) {
    if (matches(filter, change.path))
      before.set(change.path, change.before && storedSide(repository.store, change.before))
  }
  for (const { path } of unstaged) {
    if (!before.has(path)) before.set(path, indexSide(repository, index, path))
  }
  const diffs: FileDiff[] = []
  const unmerged = new Set(conflicts.map(({ path }) => path))
  for (const [path, side] of before) {
    const isTracked = index.find(path) !== -1 || unmerged.has(path)
    const after = isTracked ? await workSide(repository, side, path, options) : undefined
    if (isSame(side, after)) continue
    diffs.push({ path, before: side, after })
  }
  return orderDiffs(diffs, options)
}

function isSame(before: DiffSide | undefined, after: DiffSide | undefined): boolean {
  if (before === undefined || after === undefined) return before === after
  return before.kind === after.kind && before.contentCid.equals(after.contentCid)
}

function indexSide(repository: Repository, index: StagingIndex, path: string, stage: Stage = 0): DiffSide | undefined {
  const position = index.find(path, stage)
  return position === -1 ? undefined : storedSide(repository.store, index.entry(position))
}

function workSide(
  repository: Repository,
  before: DiffSide | undefined,
  path: string,
  options: AbortOptions,
): Promise<DiffSide | undefined> {
  const executable = keepsOf(repository).executableBit ? undefined : before?.kind === 'executable'
  return workingSide(worktreeOf(repository), path, { ...options, executable })
}

function matches(filter: PathFilter | undefined, path: string): boolean {
  return filter === undefined || filter.matches(toByteString(path))
}
