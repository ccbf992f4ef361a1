import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../../model/block.ts'
import type { Person } from '../../model/commit/person.ts'
import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import { ConflictError } from '../../model/errors.ts'
import { diffTrees } from '../../model/tree/tree-diff.ts'
import { mergeTrees } from '../../repo/merge/merge-trees.ts'
import type { ConflictStyle } from '../../repo/merge/text/write-merged.ts'
import type { MergeNote, PathConflict, TreeMerge } from '../../repo/merge/tree-merge.ts'
import type { OperationPlan } from '../../repo/operation/operation-plan.ts'
import type { Repository } from '../../repo/repository.ts'
import type { RevisionOptions } from '../../repo/revision/revision-source.ts'
import type { Lock } from '../../store/lock/lock.ts'
import { packAndStore } from '../../store/pack/pack-and-store.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { indexChanges, indexEntry } from '../index/index-of-tree.ts'
import { emptyIndex, updateIndex } from '../index/index-update.ts'
import { openIndex, type OpenIndexOptions } from '../index/open-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { refuseUnmerged, writeTree } from '../index/write-tree.ts'
import { applyMerge } from '../merge/apply-merge.ts'
import { refuseNameCollisions } from '../rewrite/name-collisions.ts'
import { rewriteFiles, type RewriteOptions, type RewrittenFiles } from '../rewrite/rewrite-files.ts'
import { worktreeOf } from '../working-tree.ts'
import { placeChanges, type PlacedChange } from './place-changes.ts'
import { findStash, findStashEntry, type Stash, withoutStash } from './stash-list.ts'

export interface ApplyStashOptions extends OpenIndexOptions, RewriteOptions, RevisionOptions {
  /** The command line, for the operation log. */
  command: string
  person: Person
  /** Which one: default the newest. */
  stash?: string | undefined
  /** Stage again what was staged (`--index`). */
  restoreIndex?: boolean
  /** Take it off the list where nothing is in conflict (`stash pop`). */
  drop?: boolean
  /** How conflicts are marked. Default: `merge`. */
  style?: ConflictStyle | undefined
}

/** What came of it. */
export interface AppliedStash extends RewrittenFiles {
  cid: CID
  /** Whether it is off the list; where something is in conflict it stays. */
  dropped: boolean
  conflicts: PathConflict[]
  notes: MergeNote[]
}

/**
 * Brings a stash into the files: what it changed is merged with what is staged now, files that it added are staged, untracked
 * ones come back as they were. In one operation, with the list, where nothing is in conflict; else the conflicts are as those
 * of a merge, and the stash stays.
 *
 * Throws, with nothing changed: ConflictError `index-unmerged`, `would-overwrite` (details: `paths`), `stash-index-conflicts` where
 * with `restoreIndex` what was staged cannot be merged, `names-collide`; and what `findStash` throws.
 */
export async function applyStash(repository: Repository, options: ApplyStashOptions): Promise<AppliedStash> {
  worktreeOf(repository)
  using lock = await repository.lock(options.command, options)
  const entry = options.drop === true ? await findStashEntry(repository, options.stash) : undefined
  const { stash } = await findStash(repository, options.stash, options)
  const index = await openIndex(repository, options)
  refuseUnmerged(index)
  const pack = await repository.store.createPack(options)
  const applying: Applying = {
    repository,
    lock,
    pack,
    stash,
    index,
    source: packAndStore(pack, repository.store),
    options,
  }
  try {
    const ours = await writeTree(index, (block) => void pack.add(block), repository.store)
    if (index.count === 0) pack.add(EMPTY_DIRECTORY)
    const { files, base } = stash.trees
    const staged = options.restoreIndex === true ? await stagedAgain(applying, ours) : undefined
    const merge = await merged(applying, { base, ours, theirs: files })
    const done = { cid: stash.cid, conflicts: merge.conflicts, notes: merge.notes }
    if (merge.conflicts.length > 0) {
      return { ...done, dropped: false, ...(await applyConflicts(applying, merge, ours)) }
    }
    const moves = entry === undefined ? {} : await withoutStash(repository, entry)
    const report = await applyClean(applying, { merge, ours, staged }, moves)
    return { ...done, dropped: entry !== undefined, ...report }
  } finally {
    pack.abort()
  }
}

interface Applying {
  repository: Repository
  lock: Lock
  pack: PackWriter
  stash: Stash
  index: StagingIndex
  /** What is in the pack, too. */
  source: BlockSource
  options: ApplyStashOptions
}

async function merged(
  { source, pack, options }: Applying,
  trees: { base: CID; ours: CID; theirs: CID },
): Promise<TreeMerge> {
  const labels = { base: 'Stash base', ours: 'Updated upstream', theirs: 'Stashed changes' }
  const { style, signal } = options
  const merge = await mergeTrees(source, (block) => void pack.add(block), trees, { labels, style, signal })
  if (merge.tree.equals(EMPTY_DIRECTORY.cid)) pack.add(EMPTY_DIRECTORY)
  return merge
}

async function applyClean(
  applying: Applying,
  { merge, ours, staged }: { merge: TreeMerge; ours: CID; staged: StagingIndex | undefined },
  moves: Pick<OperationPlan, 'refs' | 'reflogCuts'>,
): Promise<RewrittenFiles> {
  const { repository, lock, pack, index, source, options } = applying
  const { command, person, signal } = options
  await refuseNameCollisions(repository, merge.tree, options)
  const changes: PlacedChange[] = []
  const added: PlacedChange[] = []
  for await (const { path, before, after } of diffTrees(source, ours, merge.tree, { signal })) {
    const change = { path, entries: after === undefined ? [] : [indexEntry(path, after)] }
    changes.push(change)
    if (before === undefined) added.push(change)
  }
  changes.push(...(await untrackedChanges(applying)))
  const files = await placeChanges(repository, pack, { index, changes }, options)
  const rewrite = {
    command,
    person,
    ...moves,
    files,
    index: staged ?? updateIndex(index, added),
    indexBefore: index,
    tree: index.tree,
    discarded: [],
  }
  const report = await rewriteFiles(repository, lock, pack, rewrite, options)
  await repository.store.consolidate(lock, { signal })
  return report
}

/** The index with what was staged when the stash was made. */
async function stagedAgain(applying: Applying, ours: CID): Promise<StagingIndex> {
  const { stash, index, source, options } = applying
  const { base, index: theirs } = stash.trees
  const { tree, conflicts } = await merged(applying, { base, ours, theirs })
  if (conflicts.length > 0) {
    const paths = conflicts.map(({ path }) => path)
    throw new ConflictError('stash-index-conflicts', `what was staged cannot be staged again: ${paths.join(', ')}`, {
      hint: 'leave out --index: then everything comes back as local changes',
      details: { paths },
    })
  }
  return updateIndex(index, await indexChanges(source, { before: ours, after: tree }, { signal: options.signal }))
}

/** Conflicts, in one operation; then untracked files, in another: the stash still has all of it. */
async function applyConflicts(applying: Applying, merge: TreeMerge, ours: CID): Promise<RewrittenFiles> {
  const { repository, lock, pack, index, options } = applying
  const { command, person } = options
  const untracked = await untrackedChanges(applying)
  // What is in their way is to be seen before anything is changed.
  await placeChanges(repository, pack, { index, changes: untracked }, options)
  const report = await applyMerge(repository, lock, pack, { command, person, merge, before: ours }, options)
  if (untracked.length === 0) return report
  const next = await repository.store.createPack(options)
  try {
    next.add(EMPTY_DIRECTORY)
    const after = await openIndex(repository, options)
    const files = { before: emptyIndex(), after: updateIndex(emptyIndex(), untracked) }
    const rewrite = { command, person, files, index: after, indexBefore: after, tree: after.tree, discarded: [] }
    const { left, failed } = await rewriteFiles(repository, lock, next, rewrite, options)
    return { left: [...report.left, ...left], failed: [...report.failed, ...failed] }
  } finally {
    next.abort()
  }
}

async function untrackedChanges({ stash, source, options }: Applying): Promise<PlacedChange[]> {
  const { untracked } = stash.trees
  const changes: PlacedChange[] = []
  if (untracked === undefined) return changes
  for await (const { path, after } of diffTrees(source, undefined, untracked, { signal: options.signal })) {
    if (after !== undefined) changes.push({ path, entries: [indexEntry(path, after)] })
  }
  return changes
}
