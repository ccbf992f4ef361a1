import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import { ConflictError } from '../../model/errors.ts'
import {
  diffTrees,
  type DirectoryChange,
  type NodeEntry,
  type TreeChange,
  type TreeDiffOptions,
} from '../../model/tree/tree-diff.ts'
import type { PathConflict, TreeMerge } from '../../repo/merge/tree-merge.ts'
import type { OperationPlan } from '../../repo/operation/operation-plan.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Lock } from '../../store/lock/lock.ts'
import { packAndStore } from '../../store/pack/pack-and-store.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { adoptDirectories } from '../index/adopt-directories.ts'
import type { ConflictNote } from '../index/conflict-notes.ts'
import type { IndexEntry, Stage } from '../index/index-entry.ts'
import { indexEntry } from '../index/index-of-tree.ts'
import { updateIndex } from '../index/index-update.ts'
import { openIndex, type OpenIndexOptions } from '../index/open-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { refuseUnmerged, writeTree } from '../index/write-tree.ts'
import { filesInPlace } from '../rewrite/files-in-place.ts'
import { findLocalWork } from '../rewrite/find-local-work.ts'
import { refuseNameCollisions } from '../rewrite/name-collisions.ts'
import { rewriteFiles, type FileRewrite, type RewriteOptions, type RewrittenFiles } from '../rewrite/rewrite-files.ts'
import { scanInTheWay } from '../rewrite/scan-in-the-way.ts'
import { withoutDeleted } from '../rewrite/without-deleted.ts'
import { listPaths, wouldOverwrite } from '../rewrite/would-overwrite.ts'
import { stagedChanges } from '../status/staged-changes.ts'

/** A merge of trees, and what else happens in the same operation. */
export interface MergeToApply extends Pick<OperationPlan, 'command' | 'person' | 'refs' | 'head' | 'sequence'> {
  /** Its blocks are in the pack or in the store. */
  merge: Pick<TreeMerge, 'tree' | 'conflicts'>
  /** The tree that the index must have, and that was `ours` in the merge: HEAD's. Undefined: none. */
  before: CID | undefined
}

/** What came of it. */
export interface AppliedMerge extends RewrittenFiles {
  /** What differs between the tree before and the merged one. */
  differences: readonly TreeChange[]
}

/**
 * Brings a merge into index and working tree, with refs, HEAD and what is in progress, in one operation: the paths that the
 * merge changes are written, paths in conflict get their stages and what they show, artefacts are written beside them. The
 * caller holds the lock; the pack is finished here.
 *
 * Throws, before anything is changed, ConflictError `index-unmerged`, `staged-changes` (details: `paths`) where the index is
 * not as `before`, `would-overwrite` (details: `paths`) where local changes or untracked files are in the way, `names-collide`.
 */
export async function applyMerge(
  repository: Repository,
  lock: Lock,
  pack: PackWriter,
  request: MergeToApply,
  options: OpenIndexOptions & RewriteOptions = {},
): Promise<AppliedMerge> {
  const { merge, before, ...moves } = request
  const index = await openIndex(repository, options)
  refuseUnmerged(index)
  await refuseStaged(repository, index, pack, before, options)
  await refuseNameCollisions(repository, merge.tree, options)
  const { differences, ...change } = await planMerge(repository, index, pack, { merge, before }, options)
  const rewrite = { ...moves, ...change, discarded: [], indexBefore: index, tree: merge.tree }
  return { ...(await rewriteFiles(repository, lock, pack, rewrite, options)), differences }
}

/** Refuses an index that holds more than the tree: it would be committed with the merge. */
async function refuseStaged(
  { store }: Repository,
  index: StagingIndex,
  pack: PackWriter,
  before: CID | undefined,
  options: AbortOptions,
): Promise<void> {
  const tree = await writeTree(index, (block) => void pack.add(block), store)
  if (tree.equals(before ?? EMPTY_DIRECTORY.cid)) return
  const staged = await stagedChanges(store, before, index, options)
  if (staged.length === 0) return
  const paths = staged.map(({ path }) => path)
  throw new ConflictError('staged-changes', `there are staged changes: ${listPaths(paths)}`, {
    hint: 'commit them first, or take them back with `jzfs restore --staged .`',
    details: { paths },
  })
}

/** What becomes of index and files. */
async function planMerge(
  repository: Repository,
  index: StagingIndex,
  pack: PackWriter,
  { merge, before }: Pick<MergeToApply, 'merge' | 'before'>,
  options: AbortOptions,
): Promise<Pick<FileRewrite, 'files' | 'index'> & Pick<AppliedMerge, 'differences'>> {
  const directories: DirectoryChange[] = []
  const blocks = packAndStore(pack, repository.store)
  const onDirectory = (change: DirectoryChange) => void directories.push(change)
  const { shown, differences } = await shownPaths(
    blocks,
    index,
    { merge, before },
    { signal: options.signal, onDirectory },
  )
  const found = scanInTheWay(
    repository,
    index,
    [...shown].map(([path, entry]) => ({ path, after: entry?.node.kind })),
  )
  const local = await findLocalWork(repository, index, found, options)
  if (local.length > 0) {
    const hint = 'commit them or put them aside with `jzfs stash`, and move untracked files away'
    throw wouldOverwrite('local changes or untracked files would be overwritten', local, hint)
  }
  const changes = [...shown].map(([path, entry]) => ({ path, entries: entry ? [indexEntry(path, entry)] : [] }))
  const settled = updateIndex(index, changes, [])
  // Artefacts are files that the merged tree does not have.
  if (merge.conflicts.length === 0) adoptDirectories(index, settled, directories)
  // With conflicts, more is shown than differs.
  const all = merge.conflicts.length === 0 ? differences : undefined
  const files = filesInPlace(withoutDeleted(index, changes, found), settled, found.untracked, changes, all)
  if (files.before !== index) pack.add(EMPTY_DIRECTORY)
  if (merge.conflicts.length === 0) return { files, index: settled, differences }
  const artefacts = new Set(merge.conflicts.map(({ artefact }) => artefact?.path))
  const staged = changes.filter(({ path }) => !artefacts.has(path))
  const stages = merge.conflicts.map((conflict) => ({ path: conflict.path, entries: stagesOf(conflict) }))
  return { files, index: updateIndex(index, [...staged, ...stages], merge.conflicts.map(noteOf)), differences }
}

/** What the working tree is to show at each path that changes or is in conflict: undefined where nothing. And what differs. */
async function shownPaths(
  blocks: BlockSource,
  index: StagingIndex,
  { merge, before }: Pick<MergeToApply, 'merge' | 'before'>,
  options: TreeDiffOptions,
): Promise<{ shown: Map<string, NodeEntry | undefined>; differences: TreeChange[] }> {
  const shown = new Map<string, NodeEntry | undefined>()
  const differences: TreeChange[] = []
  for await (const change of diffTrees(blocks, before, merge.tree, options)) {
    differences.push(change)
    shown.set(change.path, change.after)
  }
  for (const { path, entry, artefact } of merge.conflicts) {
    // Also where it is as before: whether it was changed in the working tree matters.
    if (entry !== undefined || index.find(path) !== -1) shown.set(path, entry)
    if (artefact !== undefined) shown.set(artefact.path, artefact.entry)
  }
  return { shown, differences }
}

function stagesOf({ path, stages: { base, ours, theirs } }: PathConflict): IndexEntry[] {
  return [base, ours, theirs].flatMap((entry, at) =>
    entry === undefined ? [] : [{ ...indexEntry(path, entry), stage: (at + 1) as Stage }],
  )
}

function noteOf({ path, kind, artefact }: PathConflict): ConflictNote {
  if (artefact === undefined) return { path, kind }
  const { cid, tsize, node } = artefact.entry
  const { contentCid, size } = node
  return { path, kind, artefact: { path: artefact.path, kind: node.kind, cid, contentCid, size, tsize } }
}
