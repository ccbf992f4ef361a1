import type { CID } from 'multiformats/cid'

import { decodeCommit } from '../../model/commit/commit.ts'
import type { Person } from '../../model/commit/person.ts'
import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import { ConflictError } from '../../model/errors.ts'
import type { ConflictStyle } from '../../repo/merge/text/write-merged.ts'
import type { TreeMerge } from '../../repo/merge/tree-merge.ts'
import type { OperationPlan, RefUpdate } from '../../repo/operation/operation-plan.ts'
import { isSameHead, type Head } from '../../repo/refs/head.ts'
import { isSameCid } from '../../repo/refs/refs.ts'
import {
  type EditMessage,
  type Replayed,
  replayCommits,
  type ReplayPosition,
  type ReplayProgress,
} from '../../repo/replay/replay-commits.ts'
import type { Repository } from '../../repo/repository.ts'
import type { ReplaySequence } from '../../repo/sequence/replay-sequence.ts'
import type { Sequence } from '../../repo/sequence/sequence.ts'
import type { Lock } from '../../store/lock/lock.ts'
import { packAndStore } from '../../store/pack/pack-and-store.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { cleanMessage } from '../commit.ts'
import type { OpenIndexOptions } from '../index/open-index.ts'
import { applyMerge } from '../merge/apply-merge.ts'
import type { RewriteOptions, RewrittenFiles } from '../rewrite/rewrite-files.ts'

export interface ReplayRunOptions extends OpenIndexOptions, RewriteOptions {
  /** The command line, for the operation log. */
  command: string
  /** Who reverts; of other commits the author stays. */
  author: Person
  committer: Person
  /** How conflicts are marked. Default: `merge`. */
  style?: ConflictStyle | undefined
  /** Has the message of each new commit edited, while the repository is locked; an empty one ends it with nothing changed. */
  editMessage?: EditMessage | undefined
  /** How far the replay in memory is; `onProgress` then tells of the files. */
  onReplay?: ReplayProgress | undefined
}

/** What came of a cherry-pick, a revert or a rebase, or of going on with one. */
export interface ReplayReport extends RewrittenFiles, Pick<Replayed, 'made' | 'dropped'> {
  kind: ReplaySequence['kind']
  /** HEAD before and after: a rebase that waits has detached it. */
  before: ReplayedHead
  after: ReplayedHead
  /** Where it waits; undefined: all is done. */
  stop: ReplayWait | undefined
  /** How many commits are still to come, after the one at which it waits. */
  remaining: number
}

/** The commit at which a replay waits, why, and what was merged of it. */
export interface ReplayWait extends Pick<TreeMerge, 'conflicts' | 'notes'> {
  commit: CID
  subject: string
  reason: 'conflict' | 'empty'
}

/** HEAD, and the commit that it names. */
export interface ReplayedHead {
  head: Head
  commit: CID | undefined
}

/** A replay to go on with. */
export interface ReplayRun {
  /** What is in progress as yet, and from where on: its `todo` is replayed. */
  before: Sequence | undefined
  sequence: ReplaySequence
  /** What to replay on; and the tree that the index has now. */
  on: ReplayPosition
  indexTree: CID | undefined
  /** Refs that change in the same operation. */
  refs?: RefUpdate[]
  /** What the log of HEAD says where nothing else is to be said. */
  message: string
}

/**
 * Replays commits in memory as far as they go without conflicts, then brings what came of it into refs, index and files in
 * one operation: where it waits, with the conflicts and what is in progress. The caller holds the lock; blocks may be in the
 * pack already.
 *
 * Throws what `replayCommits` and `applyMerge` throw, and ConflictError `rebased-branch-moved`; then nothing was changed.
 */
export async function runReplay(
  repository: Repository,
  lock: Lock,
  pack: PackWriter,
  run: ReplayRun,
  options: ReplayRunOptions,
): Promise<ReplayReport> {
  const { sequence } = run
  const { store } = repository
  const source = packAndStore(pack, store)
  const { author, committer, command, style } = options
  const replayed = await replayCommits(
    source,
    (block) => void pack.add(block),
    { ...sequence, on: run.on, author, committer, style, editMessage: editingOf(options) },
    { signal: options.signal, onProgress: options.onReplay },
  )
  const merge = replayed.stop?.merge ?? { tree: replayed.at.tree ?? EMPTY_DIRECTORY.cid, conflicts: [] }
  if (merge.tree.equals(EMPTY_DIRECTORY.cid)) pack.add(EMPTY_DIRECTORY)
  const before = { head: await repository.refs.head(), commit: await repository.refs.headCommit() }
  const next = nextSequence(sequence, replayed)
  if (sequence.kind === 'rebase' && next === undefined) await refuseMovedBranch(repository, sequence)
  const moves = movesOf(run, replayed, before, next !== undefined)
  const request = {
    command,
    person: committer,
    ...(moves.refs.length === 0 ? {} : { refs: moves.refs }),
    ...(moves.head === undefined ? {} : { head: moves.head }),
    ...(run.before === undefined && next === undefined ? {} : { sequence: { before: run.before, after: next } }),
    merge,
    before: run.indexTree,
  }
  const report = await applyMerge(repository, lock, pack, request, options)
  await store.consolidate(lock, { signal: options.signal })
  const { made, dropped, stop, todo } = replayed
  const after = { head: moves.head?.after ?? before.head, commit: replayed.at.commit }
  return {
    kind: sequence.kind,
    before,
    after,
    made,
    dropped,
    stop: stop && waitOf(stop),
    remaining: todo.length,
    ...report,
  }
}

function waitOf({ commit, subject, reason, merge }: NonNullable<Replayed['stop']>): ReplayWait {
  return { commit, subject, reason, conflicts: merge.conflicts, notes: merge.notes }
}

/** How messages are edited: what comes of it is as that of any commit. */
export function editingOf({ editMessage }: Pick<ReplayRunOptions, 'editMessage'>): EditMessage | undefined {
  return editMessage && (async (message) => cleanMessage(await editMessage(message)))
}

/** What is in progress from now on; undefined: nothing. */
function nextSequence(sequence: ReplaySequence, { at, done, todo, stop }: Replayed): ReplaySequence | undefined {
  if (stop === undefined) return undefined
  // A single change that is not to be committed is nothing to go on with, as with git.
  if (sequence.options.noCommit && todo.length === 0) return undefined
  const { commit, reason, message } = stop
  const next = { ...sequence, at: at.commit, done: [...sequence.done, ...done], todo }
  return { ...next, stopped: { commit, reason, message } }
}

/** A branch that was moved since its rebase began has commits that would be lost from it. */
async function refuseMovedBranch({ refs }: Repository, { head, before }: ReplaySequence): Promise<void> {
  if (!('branch' in head) || isSameCid(await refs.read(head.branch), before)) return
  throw new ConflictError('rebased-branch-moved', `${head.branch} was moved since its rebase began`, {
    hint: 'to keep what was rebased, `jzfs rebase --quit` and make a branch there; or `jzfs rebase --abort`',
    details: { ref: head.branch },
  })
}

/** How refs and HEAD move. */
function movesOf(
  { sequence, refs = [], message }: ReplayRun,
  { at, made }: Replayed,
  before: ReplayedHead,
  waits: boolean,
): { refs: RefUpdate[]; head: OperationPlan['head'] } {
  const last = made.at(-1)
  if (sequence.kind === 'rebase') {
    if (waits) {
      const text = last === undefined ? message : `rebase (pick): ${last.subject}`
      return { refs, head: { before: before.head, after: { detached: at.commit as CID }, message: text } }
    }
    return { refs: [...refs, ...finishedBranch(sequence, at)], head: finishedHead(sequence, before, at) }
  }
  if (at.commit === undefined || isSameCid(at.commit, before.commit)) return { refs, head: undefined }
  const text = last === undefined ? message : `${sequence.kind}: ${last.subject}`
  const { head } = before
  if ('detached' in head) return { refs, head: { before: head, after: { detached: at.commit }, message: text } }
  return {
    refs: [...refs, { name: head.branch, before: before.commit, after: at.commit, message: text }],
    head: undefined,
  }
}

function finishedBranch({ head, before, onto }: ReplaySequence, { commit }: ReplayPosition): RefUpdate[] {
  if (!('branch' in head) || isSameCid(before, commit)) return []
  const message = `rebase (finish): ${head.branch} onto ${onto?.toString() ?? 'the root'}`
  return [{ name: head.branch, before, after: commit, message }]
}

function finishedHead(
  { head }: ReplaySequence,
  before: ReplayedHead,
  { commit }: ReplayPosition,
): OperationPlan['head'] {
  const isBranch = 'branch' in head
  const after: Head = isBranch ? head : { detached: commit as CID }
  if (isSameHead(before.head, after) && isSameCid(before.commit, commit)) return undefined
  const message = isBranch
    ? `rebase (finish): returning to ${head.branch}`
    : 'rebase (finish): returning to a detached HEAD'
  return { before: before.head, after, message }
}

/** The tree of a commit; undefined for none. */
export async function treeOfCommit({ store }: Repository, commit: CID | undefined): Promise<CID | undefined> {
  return commit && decodeCommit(commit, await store.get(commit)).tree
}
