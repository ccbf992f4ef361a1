import type { CID } from 'multiformats/cid'

import { decodeCommit, encodeCommit } from '../../model/commit/commit.ts'
import type { Person } from '../../model/commit/person.ts'
import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import { ConflictError } from '../../model/errors.ts'
import { isSameTree, type ReplayedCommit, type ReplayPosition } from '../../repo/replay/replay-commits.ts'
import { subjectOf } from '../../repo/replay/replay-message.ts'
import type { Repository } from '../../repo/repository.ts'
import { type ReplaySequence, type ReplayStop } from '../../repo/sequence/replay-sequence.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { openIndex } from '../index/open-index.ts'
import { writeTree } from '../index/write-tree.ts'
import { type MergeResetReport, resetMerge } from '../merge/reset-merge.ts'
import { worktreeOf } from '../working-tree.ts'
import { replayInProgress } from './end-replay.ts'
import { editingOf, type ReplayReport, type ReplayRunOptions, runReplay, treeOfCommit } from './run-replay.ts'

/**
 * Goes on with a cherry-pick, revert or rebase: what the user has settled and staged becomes the commit at which it waits,
 * then the rest follows. All of it is one operation.
 *
 * Throws, with nothing changed, NotFoundError `no-sequence`, ConflictError `index-unmerged`, `replay-empty` where nothing is left
 * of the change (a rebase leaves such a commit out), and what `runReplay` throws.
 */
export async function continueReplay(
  repository: Repository,
  kind: ReplaySequence['kind'],
  options: ReplayRunOptions,
): Promise<ReplayReport> {
  worktreeOf(repository)
  using lock = await repository.lock(options.command, options)
  const sequence = replayInProgress(repository, kind)
  const pack = await repository.store.createPack(options)
  try {
    const settled = await settleStop(repository, pack, sequence, options)
    const { on, made } = settled
    const run = {
      before: sequence,
      sequence: settled.sequence,
      on,
      indexTree: on.tree,
      message: reflogMessage(kind, made),
    }
    const report = await runReplay(repository, lock, pack, run, options)
    return made === undefined ? report : { ...report, made: [made, ...report.made] }
  } finally {
    pack.abort()
  }
}

/**
 * Leaves out the commit at which a cherry-pick, revert or rebase waits, and goes on with the rest. What was done to settle it is
 * taken back first, in an operation of its own. Throws ConflictError `nothing-to-skip` where it waits at none, and as `continueReplay`
 * and `resetMerge`.
 */
export async function skipReplay(
  repository: Repository,
  kind: ReplaySequence['kind'],
  options: ReplayRunOptions,
): Promise<ReplayReport & Pick<MergeResetReport, 'discarded'>> {
  worktreeOf(repository)
  const { command, committer: person } = options
  using lock = await repository.lock(command, options)
  const sequence = replayInProgress(repository, kind)
  if (sequence.stopped === undefined && kind !== 'rebase') throw nothingToSkip(kind)
  const on = await currentPosition(repository)
  // Also where nothing is left to do: the end of it is an operation like any other.
  const skipped = { ...sequence, stopped: undefined }
  const reset = await resetMerge(
    repository,
    lock,
    { command, person, sequence: { before: sequence, after: skipped }, tree: on.tree },
    options,
  )
  const pack = await repository.store.createPack(options)
  try {
    const run = { before: skipped, sequence: skipped, on, indexTree: on.tree, message: reflogMessage(kind, undefined) }
    const report = await runReplay(repository, lock, pack, run, options)
    const left = [...reset.left, ...report.left]
    return { ...report, left, failed: [...reset.failed, ...report.failed], discarded: reset.discarded }
  } finally {
    pack.abort()
  }
}

interface Settled {
  sequence: ReplaySequence
  on: ReplayPosition
  made: ReplayedCommit | undefined
}

/** Makes the commit at which it waits of what is staged. */
async function settleStop(
  repository: Repository,
  pack: PackWriter,
  sequence: ReplaySequence,
  options: ReplayRunOptions,
): Promise<Settled> {
  const on = await currentPosition(repository)
  const { kind, stopped, done, options: how } = sequence
  const index = await openIndex(repository, options)
  const tree = await writeTree(index, (block) => void pack.add(block), repository.store)
  if (stopped === undefined) return { sequence, on: how.noCommit ? { ...on, tree } : on, made: undefined }
  if (index.count === 0) pack.add(EMPTY_DIRECTORY)
  const next = { ...sequence, done: [...done, stopped.commit], stopped: undefined }
  if (how.noCommit) return { sequence: next, on: { ...on, tree }, made: undefined }
  if (isSameTree(tree, on.tree)) {
    if (kind !== 'rebase') throw replayEmpty(kind, stopped)
    return { sequence: { ...sequence, stopped: undefined }, on, made: undefined }
  }
  const author = kind === 'revert' ? options.author : await authorOf(repository, stopped.commit)
  const parents = on.commit === undefined ? [] : [on.commit]
  const message = (await editingOf(options)?.(stopped.message)) ?? stopped.message
  const block = encodeCommit({ tree, parents, author, committer: options.committer, message })
  pack.add(block)
  const made = {
    from: stopped.commit,
    cid: block.cid,
    subject: subjectOf(message),
    trees: { before: on.tree, after: tree },
    notes: [],
  }
  return { sequence: next, on: { commit: block.cid, tree }, made }
}

/** The author of a commit. */
export async function authorOf({ store }: Repository, commit: CID): Promise<Person> {
  return decodeCommit(commit, await store.get(commit)).author
}

async function currentPosition(repository: Repository): Promise<ReplayPosition> {
  const commit = await repository.refs.headCommit()
  return { commit, tree: await treeOfCommit(repository, commit) }
}

function reflogMessage(kind: ReplaySequence['kind'], made: ReplayedCommit | undefined): string {
  const what = kind === 'rebase' ? 'rebase (continue)' : kind
  return made === undefined ? what : `${what}: ${made.subject}`
}

function replayEmpty(kind: ReplaySequence['kind'], { commit }: ReplayStop): ConflictError {
  return new ConflictError('replay-empty', `nothing is left of the change of ${commit.toString()}`, {
    hint: `leave it out with \`jzfs ${kind} --skip\`, or commit it with \`jzfs commit --allow-empty\``,
    details: { commit: commit.toString() },
  })
}

function nothingToSkip(kind: ReplaySequence['kind']): ConflictError {
  return new ConflictError('nothing-to-skip', `the ${kind} waits at no commit`, {
    hint: `go on with \`jzfs ${kind} --continue\``,
  })
}
