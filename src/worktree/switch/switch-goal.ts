import type { CID } from 'multiformats/cid'

import { ConflictError, InvalidError, NotFoundError } from '../../model/errors.ts'
import { refNameProblem } from '../../model/ref-name.ts'
import type { RefUpdate } from '../../repo/operation/operation-plan.ts'
import { BRANCHES, branchRef } from '../../repo/refs/branch.ts'
import type { Head } from '../../repo/refs/head.ts'
import { refMissing } from '../../repo/refs/ref-missing.ts'
import { guessBranch } from '../../repo/remote/guess-branch.ts'
import { type FollowedRef, followedStart, type TrackChoice } from '../../repo/remote/tracking-start.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveCommit, resolveRevision } from '../../repo/revision.ts'
import { findPreviousBranch } from '../../repo/revision/reflog-lookup.ts'
import type { RevisionOptions } from '../../repo/revision/revision-source.ts'

/** Where to switch to. */
export type SwitchRequest =
  /**
   * An existing branch; `-` and `@{-2}` are those that were checked out before, or the commit. With `guesses` also one that
   * only a remote has: it is made, and follows that.
   */
  | { branch: string; guesses?: boolean }
  /** A new branch, made at a revision (HEAD); with `reset` one that may exist; see `followedStart` for what it follows. */
  | { create: string; start?: string | undefined; reset?: boolean; track?: TrackChoice }
  /** The commit of a revision (HEAD), on no branch. */
  | { detach: string }
  /** A new branch without history and files; with `keepsFiles`, as git's `checkout --orphan`, index and files stay. */
  | { orphan: string; keepsFiles?: boolean }

/** Where HEAD goes. */
export interface SwitchGoal {
  head: Head
  /** Undefined where the branch has no commit yet. */
  commit: CID | undefined
  refs: RefUpdate[]
  /** Whether a branch was made, or an existing one moved. */
  branch: 'new' | 'reset' | 'existing' | undefined
  /** What the branch follows from now on, where that is said now. */
  followed?: FollowedRef | undefined
  /** Whether index and files stay as they are. */
  keepsFiles?: boolean
}

/**
 * Finds out where a switch goes.
 *
 * Throws NotFoundError `branch-missing`, ConflictError `branch-exists`, InvalidError `branch-expected` for a revision that
 * is no branch, and what `resolveCommit`, `followedStart` and `guessBranch` throw.
 */
export function findSwitchGoal(
  repository: Repository,
  request: SwitchRequest,
  options: RevisionOptions = {},
): Promise<SwitchGoal> {
  if ('branch' in request) return existingBranch(repository, request, options)
  if ('create' in request) return newBranch(repository, request, options)
  if ('orphan' in request) return orphanBranch(repository, request)
  return detachedAt(repository, request.detach, options)
}

async function existingBranch(
  repository: Repository,
  { branch: text, guesses = false }: Extract<SwitchRequest, { branch: string }>,
  options: RevisionOptions,
): Promise<SwitchGoal> {
  const nth = text === '-' ? '1' : /^@\{-(\d{1,9})\}$/.exec(text)?.[1]
  const name = nth === undefined ? text : await findPreviousBranch(repository, Number(nth), text)
  const head = { branch: BRANCHES + name }
  if (refNameProblem(head.branch) !== undefined) throw await branchExpected(repository, name, options)
  const commit = await repository.refs.read(head.branch)
  if (commit !== undefined) return { head, commit, refs: [], branch: 'existing' }
  const current = await repository.refs.head()
  if ('branch' in current && current.branch === head.branch) {
    const unborn: SwitchGoal = { head, commit, refs: [], branch: 'existing' }
    return guesses ? ((await guessedBranch(repository, name)) ?? unborn) : unborn
  }
  if (nth !== undefined) return detachedAt(repository, name, options)
  const problem = await branchExpected(repository, name, options)
  const guessed = guesses && problem instanceof NotFoundError ? await guessedBranch(repository, name) : undefined
  if (guessed === undefined) throw problem
  return guessed
}

/** The branch of a remote, made here; undefined where none has it. */
async function guessedBranch(repository: Repository, name: string): Promise<SwitchGoal | undefined> {
  const guessed = await guessBranch(repository, name)
  if (guessed === undefined) return undefined
  const head = { branch: BRANCHES + name }
  const message = `branch: created from ${guessed.tracking}`
  const made = { name: head.branch, before: undefined, after: guessed.commit, message }
  return { head, commit: guessed.commit, refs: [made], branch: 'new', followed: guessed }
}

async function branchExpected(
  repository: Repository,
  name: string,
  options: RevisionOptions,
): Promise<InvalidError | NotFoundError> {
  try {
    await resolveRevision(repository, name, options)
  } catch {
    return refMissing(repository, 'branch', BRANCHES, name)
  }
  return new InvalidError('branch-expected', `a branch is expected, and this is none: ${name}`, {
    hint: `go to the commit with \`jzfs switch --detach ${name}\`, or make a branch there with \`jzfs switch -c NAME ${name}\``,
    details: { revision: name },
  })
}

async function newBranch(
  repository: Repository,
  { create, start, reset = false, track = 'configured' }: Extract<SwitchRequest, { create: string }>,
  options: RevisionOptions,
): Promise<SwitchGoal> {
  const name = branchRef(create)
  const before = await repository.refs.read(name)
  if (before !== undefined && !reset) throw branchExists(create)
  const head = { branch: name }
  const commit =
    start === undefined ? await repository.refs.headCommit() : await resolveCommit(repository, start, options)
  const branch = before === undefined ? 'new' : 'reset'
  const followed = await followedStart(repository, { name: create, start: start ?? 'HEAD', choice: track })
  if (commit === undefined) return { head, commit, refs: [], branch }
  const message = `branch: ${before === undefined ? 'created from' : 'moved to'} ${start ?? 'HEAD'}`
  const isMoved = before === undefined || !before.equals(commit)
  return { head, commit, refs: isMoved ? [{ name, before, after: commit, message }] : [], branch, followed }
}

async function orphanBranch(
  repository: Repository,
  { orphan, keepsFiles = false }: Extract<SwitchRequest, { orphan: string }>,
): Promise<SwitchGoal> {
  const branch = branchRef(orphan)
  if ((await repository.refs.read(branch)) !== undefined) throw branchExists(orphan)
  return { head: { branch }, commit: undefined, refs: [], branch: 'new', keepsFiles }
}

async function detachedAt(repository: Repository, text: string, options: RevisionOptions): Promise<SwitchGoal> {
  const commit = await resolveCommit(repository, text, options)
  return { head: { detached: commit }, commit, refs: [], branch: undefined }
}

function branchExists(name: string): ConflictError {
  return new ConflictError('branch-exists', `there is a branch "${name}" already`, {
    hint: `go to it with \`jzfs switch ${name}\`, or move it with \`jzfs switch -C ${name}\``,
    details: { branch: name },
  })
}
