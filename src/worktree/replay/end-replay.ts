import type { CID } from 'multiformats/cid'

import { NotFoundError } from '../../model/errors.ts'
import type { OperationPlan } from '../../repo/operation/operation-plan.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import { isSameHead } from '../../repo/refs/head.ts'
import { isSameCid } from '../../repo/refs/refs.ts'
import type { Repository } from '../../repo/repository.ts'
import type { ReplaySequence } from '../../repo/sequence/replay-sequence.ts'
import { readSequence } from '../../repo/sequence/sequence.ts'
import { type MergeResetReport, resetMerge } from '../merge/reset-merge.ts'
import { worktreeOf } from '../working-tree.ts'
import { type ReplayRunOptions, treeOfCommit } from './run-replay.ts'

/** A replay that was given up. */
export interface AbortedReplay extends MergeResetReport {
  /** HEAD was moved since it waited, and stays where it is, with index and files. */
  isMoved: boolean
}

/**
 * Gives a cherry-pick, revert or rebase up: HEAD, index and files are as they were when it began, but for what was changed
 * beside it. Where somebody has moved HEAD since, that stays, and only what was in progress is forgotten.
 *
 * Throws NotFoundError `no-sequence`, and what `resetMerge` throws.
 */
export async function abortReplay(
  repository: Repository,
  kind: ReplaySequence['kind'],
  options: ReplayRunOptions,
): Promise<AbortedReplay> {
  worktreeOf(repository)
  const { command, committer: person } = options
  using lock = await repository.lock(command, options)
  const sequence = replayInProgress(repository, kind)
  const tip = await repository.refs.headCommit()
  const end = { before: sequence, after: undefined }
  // The branch of a rebase was never moved: going back to it loses nothing but what was made since.
  if (kind !== 'rebase' && !isSameCid(tip, sequence.at)) {
    await runOperation(repository, lock, { command, person, sequence: end })
    return { isMoved: true, discarded: [], left: [], failed: [] }
  }
  const moves = await movesBack(repository, sequence, tip)
  const tree = await treeOfCommit(repository, await commitToReturnTo(repository, sequence))
  const report = await resetMerge(repository, lock, { command, person, ...moves, sequence: end, tree }, options)
  return { isMoved: false, ...report }
}

/**
 * Forgets what is in progress: HEAD, index and files stay as they are. Where nothing is, that is well for a cherry-pick or revert,
 * as with git; for a rebase, or where something else is, it throws NotFoundError `no-sequence`.
 */
export async function quitReplay(
  repository: Repository,
  kind: ReplaySequence['kind'],
  { command, committer: person }: Pick<ReplayRunOptions, 'command' | 'committer'>,
): Promise<void> {
  using lock = await repository.lock(command)
  if (kind !== 'rebase' && readSequence(repository) === undefined) return
  const sequence = replayInProgress(repository, kind)
  await runOperation(repository, lock, { command, person, sequence: { before: sequence, after: undefined } })
}

/** The replay that waits. Throws NotFoundError `no-sequence`. */
export function replayInProgress(repository: Pick<Repository, 'layout'>, kind: ReplaySequence['kind']): ReplaySequence {
  const sequence = readSequence(repository)
  if (sequence?.kind === kind) return sequence
  const hint =
    sequence === undefined
      ? '`jzfs status` says what is in progress'
      : `a ${sequence.kind} is: end it with \`jzfs ${sequence.kind} --continue\` or \`--abort\``
  throw new NotFoundError('no-sequence', `no ${kind} is in progress`, { hint, details: { kind } })
}

/** Where it began; of a rebase, where its branch is now, should somebody have moved it. */
async function commitToReturnTo(
  { refs }: Repository,
  { kind, head, before }: ReplaySequence,
): Promise<CID | undefined> {
  return kind === 'rebase' && 'branch' in head ? ((await refs.read(head.branch)) ?? before) : before
}

async function movesBack(
  repository: Repository,
  { kind, head, before }: ReplaySequence,
  tip: CID | undefined,
): Promise<Pick<OperationPlan, 'refs' | 'head'>> {
  const now = await repository.refs.head()
  const back = 'branch' in head ? head.branch : String(before)
  if (kind === 'rebase') {
    const message = `rebase (abort): returning to ${back}`
    const isGone = 'branch' in head && (await repository.refs.read(head.branch)) === undefined
    return {
      ...(isGone ? { refs: [{ name: head.branch, before: undefined, after: before, message }] } : {}),
      ...(isSameHead(now, head) ? {} : { head: { before: now, after: head, message } }),
    }
  }
  if (isSameCid(tip, before)) return {}
  const message = `${kind}: going back to ${String(before)}`
  if ('branch' in now) return { refs: [{ name: now.branch, before: tip, after: before, message }] }
  return { head: { before: now, after: { detached: before as CID }, message } }
}
