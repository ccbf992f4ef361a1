import type { CID } from 'multiformats/cid'

import { decodeCommit, encodeCommit } from '../../model/commit/commit.ts'
import type { Person } from '../../model/commit/person.ts'
import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import { ConflictError, InvalidError } from '../../model/errors.ts'
import type { TreeChange } from '../../model/tree/tree-diff.ts'
import { createCommitGraph, type CommitGraph } from '../../repo/history/commit-graph.ts'
import { isAncestor, mergeBases } from '../../repo/merge-base.ts'
import { mergeCommits } from '../../repo/merge/merge-commits.ts'
import type { MergeNote, MergeOptions as TreeMergeOptions, PathConflict } from '../../repo/merge/tree-merge.ts'
import type { OperationPlan } from '../../repo/operation/operation-plan.ts'
import type { Head } from '../../repo/refs/head.ts'
import { updateOrigHead } from '../../repo/refs/pseudo-ref.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveCommit, resolveRevision } from '../../repo/revision.ts'
import type { RevisionOptions } from '../../repo/revision/revision-source.ts'
import { refuseSequence, type Sequence } from '../../repo/sequence/sequence.ts'
import type { Lock } from '../../store/lock/lock.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { cleanMessage } from '../commit.ts'
import { openIndex, type OpenIndexOptions } from '../index/open-index.ts'
import { refuseUnmerged } from '../index/write-tree.ts'
import { refuseNameCollisions } from '../rewrite/name-collisions.ts'
import { rewriteFiles, type RewriteOptions, type RewrittenFiles } from '../rewrite/rewrite-files.ts'
import { carryLocalChanges } from '../switch/switch-carrying.ts'
import { worktreeOf } from '../working-tree.ts'
import { applyMerge } from './apply-merge.ts'
import { mergeMessage, squashMessage } from './merge-message.ts'

export interface MergeRevisionOptions
  extends OpenIndexOptions, RewriteOptions, RevisionOptions, Pick<TreeMergeOptions, 'favour' | 'style'> {
  /** The command line, for the operation log. */
  command: string
  author: Person
  committer: Person
  /** Whether to move the branch where theirs only goes on from it. Default: `allowed`. */
  fastForward?: 'allowed' | 'never' | 'only' | undefined
  /** Whether to commit a clean merge. Default: yes. */
  commit?: boolean | undefined
  /** Leave what theirs has as staged changes of an ordinary commit. */
  squash?: boolean | undefined
  /** Default: git's `Merge branch 'x' into y`. */
  message?: string | undefined
  /** Merge also what has no common history. */
  allowUnrelated?: boolean | undefined
}

/** What became of a merge. */
export interface Merged extends RewrittenFiles {
  /**
   * `waiting`: it is clean, and was asked not to be committed (or squashed); `conflicts`: the user has to decide, then to
   * commit.
   */
  outcome: 'up-to-date' | 'fast-forward' | 'merged' | 'waiting' | 'conflicts'
  /** HEAD's commit; undefined before the first one. */
  before: CID | undefined
  /** HEAD's commit now. */
  after: CID
  theirs: CID
  /** The trees that say what changed; and what did, where that is known. */
  trees: { before: CID | undefined; after: CID }
  differences?: readonly TreeChange[]
  conflicts: PathConflict[]
  notes: MergeNote[]
}

/**
 * Merges a commit into HEAD, index and files, in one operation.
 *
 * Throws, with nothing changed: ConflictError `sequence-in-progress`, `index-unmerged`, `staged-changes`, `would-overwrite`,
 * `not-fast-forward`; InvalidError `unrelated-histories` where there is no common history, `no-worktree`, `nothing-to-merge-into`
 * for a squashed or not fast-forward merge before the first commit; what `resolveCommit` throws.
 */
export async function mergeRevision(
  repository: Repository,
  revision: string,
  options: MergeRevisionOptions,
): Promise<Merged> {
  worktreeOf(repository)
  using lock = await repository.lock(options.command, options)
  refuseSequence(repository, 'merge')
  const graph = options.graph ?? createCommitGraph(repository.store)
  const { ref } = await resolveRevision(repository, revision, { ...options, graph })
  const theirs = await resolveCommit(repository, revision, { ...options, graph })
  const ours = await repository.refs.headCommit()
  const head = await repository.refs.head()
  const message = options.message ?? mergeMessage(revision, ref, head)
  const merging: Merging = { repository, lock, graph, revision, head, ours, theirs, message, options }
  if (ours !== undefined && (await isAncestor(graph, theirs, ours, options))) return upToDate(merging, ours)
  const canFollow = ours === undefined || (await isAncestor(graph, ours, theirs, options))
  if (!canFollow && options.fastForward === 'only') throw notFastForward(revision)
  const pack = await repository.store.createPack(options)
  try {
    const isFollowing = canFollow && (options.fastForward !== 'never' || options.squash === true)
    const merged = await (isFollowing ? follow(merging, pack) : merge(merging, pack))
    await repository.store.consolidate(lock, { signal: options.signal })
    return merged
  } finally {
    pack.abort()
  }
}

/** One merge. */
interface Merging {
  repository: Repository
  lock: Lock
  graph: CommitGraph
  revision: string
  head: Head
  ours: CID | undefined
  theirs: CID
  /** The one given, or git's. */
  message: string
  options: MergeRevisionOptions
}

async function upToDate(merging: Merging, ours: CID): Promise<Merged> {
  const tree = await treeOf(merging, ours)
  return { ...result(merging, 'up-to-date', ours), trees: { before: tree, after: tree }, left: [], failed: [] }
}

function result(
  { ours, theirs }: Merging,
  outcome: Merged['outcome'],
  after: CID,
): Omit<Merged, 'trees' | 'left' | 'failed'> {
  return { outcome, before: ours, after, theirs, conflicts: [], notes: [] }
}

/** Brings HEAD, or with `squash` index and files alone, to theirs: local changes are carried along as in a switch. */
async function follow(merging: Merging, pack: PackWriter): Promise<Merged> {
  const { repository, lock, ours, theirs, options } = merging
  const { squash = false } = options
  if (ours === undefined && squash) throw nothingToMergeInto('a squashed merge')
  const trees = { before: ours && (await treeOf(merging, ours)), after: await treeOf(merging, theirs) }
  await refuseNameCollisions(repository, trees.after, options)
  const index = await openIndex(repository, options)
  refuseUnmerged(index)
  const change = await carryLocalChanges(repository, { index, ...trees }, pack, { signal: options.signal, hint: HINT })
  const moves = squash
    ? { command: options.command, person: options.committer, sequence: await waiting(merging, ours as CID) }
    : movesTo(merging, theirs, 'fast-forward')
  const rewrite = { ...moves, ...change, indexBefore: index, tree: squash ? trees.before : trees.after }
  const report = await rewriteFiles(repository, lock, pack, rewrite, options)
  const after = squash ? (ours as CID) : theirs
  return { ...result(merging, squash ? 'waiting' : 'fast-forward', after), trees, ...report }
}

const HINT = 'commit them or put them aside with `jzfs stash`, and move untracked files away'

async function merge(merging: Merging, pack: PackWriter): Promise<Merged> {
  const { repository, lock, graph, revision, ours, theirs, options } = merging
  if (ours === undefined) throw nothingToMergeInto('a merge that is no fast-forward')
  const bases = await mergeBases(graph, ours, theirs, options)
  if (options.allowUnrelated !== true && bases.length === 0) throw unrelated(revision)
  const { favour, style, signal } = options
  const merged = await mergeCommits(
    { store: repository.store, graph },
    (block) => void pack.add(block),
    { ours, theirs, bases },
    { labels: { ours: 'HEAD', theirs: revision }, favour, style, signal },
  )
  if (merged.tree.equals(EMPTY_DIRECTORY.cid)) pack.add(EMPTY_DIRECTORY)
  const { conflicts, notes, tree } = merged
  const trees = { before: await treeOf(merging, ours), after: tree }
  const mustWait = options.squash === true || options.commit === false || conflicts.length > 0
  const commit = mustWait ? undefined : addCommit(merging, pack, ours, tree)
  const moves =
    commit === undefined
      ? {
          command: options.command,
          person: options.committer,
          refs: [updateOrigHead(ours)],
          sequence: await waiting(merging, ours),
        }
      : movesTo(merging, commit, 'merge made')
  const request = { ...moves, merge: merged, before: trees.before }
  const report = await applyMerge(repository, lock, pack, request, options)
  const outcome = conflicts.length > 0 ? 'conflicts' : commit === undefined ? 'waiting' : 'merged'
  return { ...result(merging, outcome, commit ?? ours), conflicts, notes, trees, ...report }
}

function addCommit(merging: Merging, pack: PackWriter, ours: CID, tree: CID): CID {
  const { theirs, message, options } = merging
  const { author, committer } = options
  const block = encodeCommit({ tree, parents: [ours, theirs], author, committer, message: cleanMessage(message) })
  pack.add(block)
  return block.cid
}

/** What is in progress from now on. */
async function waiting(
  merging: Merging,
  ours: CID,
): Promise<{ before: Sequence | undefined; after: Sequence | undefined }> {
  const { graph, theirs, options } = merging
  const { squash = false } = options
  const isListed = squash && options.message === undefined
  const message = isListed ? await squashMessage(graph, { ours, theirs }, options) : merging.message
  return { before: undefined, after: { kind: 'merge', before: ours, theirs: [theirs], message, squash } }
}

type Moves = Pick<OperationPlan, 'command' | 'person' | 'refs' | 'head'>

/** The branch, or a detached HEAD, goes to a commit. */
function movesTo({ head, ours, revision, options }: Merging, commit: CID, how: string): Moves {
  const { command, committer: person } = options
  const message = `merge ${revision}: ${how}`
  const refs = ours === undefined ? [] : [updateOrigHead(ours)]
  if ('branch' in head)
    return { command, person, refs: [...refs, { name: head.branch, before: ours, after: commit, message }] }
  return { command, person, refs, head: { before: head, after: { detached: commit }, message } }
}

async function treeOf({ repository, options }: Merging, commit: CID): Promise<CID> {
  return decodeCommit(commit, await repository.store.get(commit, { signal: options.signal })).tree
}

function notFastForward(revision: string): ConflictError {
  return new ConflictError('not-fast-forward', `both sides have commits of their own: ${revision} cannot be followed`, {
    hint: 'merge it with `jzfs merge --no-ff`, or put your commits on top of it with `jzfs rebase`',
  })
}

function unrelated(revision: string): InvalidError {
  return new InvalidError('unrelated-histories', `there is no history in common with ${revision}`, {
    hint: 'if it is to be merged all the same, use --allow-unrelated-histories',
  })
}

function nothingToMergeInto(what: string): InvalidError {
  return new InvalidError('nothing-to-merge-into', `${what} needs a commit to go on from, and there is none yet`, {
    hint: 'leave out --squash and --no-ff, or commit first',
  })
}
