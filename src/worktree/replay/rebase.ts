import type { CID } from 'multiformats/cid'

import { InvalidError } from '../../model/errors.ts'
import { type CommitGraph, createCommitGraph } from '../../repo/history/commit-graph.ts'
import { mergeBases } from '../../repo/merge-base.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { isSameHead, type Head } from '../../repo/refs/head.ts'
import { updateOrigHead } from '../../repo/refs/pseudo-ref.ts'
import { planRebase, type RebasePlan } from '../../repo/replay/plan-rebase.ts'
import type { Repository } from '../../repo/repository.ts'
import { splitRange } from '../../repo/revision-range.ts'
import { resolveCommit } from '../../repo/revision.ts'
import type { RevisionOptions } from '../../repo/revision/revision-source.ts'
import type { ReplayOptions, ReplaySequence } from '../../repo/sequence/replay-sequence.ts'
import { refuseSequence } from '../../repo/sequence/sequence.ts'
import { openIndex } from '../index/open-index.ts'
import { refuseUnmerged } from '../index/write-tree.ts'
import { worktreeOf } from '../working-tree.ts'
import { refuseLocalChanges } from './refuse-local-changes.ts'
import { type ReplayReport, type ReplayRunOptions, runReplay, treeOfCommit } from './run-replay.ts'

export interface RebaseOptions extends ReplayRunOptions, RevisionOptions, Pick<ReplayOptions, 'favour'> {
  /** Commits that this has stay where they are; undefined, with `root`: those that `onto` has. */
  upstream: string | undefined
  /** Take all commits from the first one on; without `onto` only merges among them are flattened. */
  root?: boolean
  /** Where the commits go to. Default: `upstream`. */
  onto?: string | undefined
  /** The branch (or commit) that is rebased, and checked out in the end. Default: HEAD. */
  branch?: string | undefined
}

/** What came of a rebase. */
export interface Rebased extends ReplayReport {
  /** Nothing was to be done. */
  isUpToDate: boolean
  /** Commits left out because the upstream has the same change. */
  present: CID[]
}

/**
 * Makes the commits of a branch that its upstream does not have again on top of that (or of `onto`), and moves the branch there:
 * in one operation, up to the end or to the first commit that cannot be made, where it waits with HEAD detached. Merges are left
 * out, and what the upstream has already; commits that stand in place stay as they are.
 *
 * Throws, with nothing changed, ConflictError `sequence-in-progress`, `index-unmerged`, `local-changes` (details: `paths`),
 * `would-overwrite`, InvalidError `upstream-needed`, `onto-unclear` and `nothing-to-rebase`, and what `resolveCommit` throws.
 */
export async function rebaseBranch(repository: Repository, options: RebaseOptions): Promise<Rebased> {
  worktreeOf(repository)
  using lock = await repository.lock(options.command, options)
  refuseSequence(repository, 'rebase')
  if (options.upstream === undefined && options.root !== true) throw upstreamNeeded()
  const graph = options.graph ?? createCommitGraph(repository.store)
  const subject = await findSubject(repository, options)
  const upstream =
    options.upstream === undefined ? undefined : await findUpstream(repository, options.upstream, options)
  const onto = options.onto === undefined ? upstream : await findOnto(repository, graph, options.onto, options)
  refuseUnmerged(await openIndex(repository, options))
  await refuseLocalChanges(repository, options)
  const plan = await planRebase(
    repository.store,
    graph,
    { head: subject.commit, upstream: upstream ?? onto, onto },
    options,
  )
  const now = { head: await repository.refs.head(), commit: await repository.refs.headCommit() }
  const isThere = isSameHead(now.head, subject.head)
  if (plan.isUpToDate && isThere) return nothingDone(now)
  const pack = await repository.store.createPack(options)
  try {
    const start = plan.isUpToDate ? subject.commit : onto
    const run = {
      before: undefined,
      sequence: sequenceOf(subject, onto, plan, options),
      on: { commit: start, tree: await treeOfCommit(repository, start) },
      indexTree: await treeOfCommit(repository, now.commit),
      refs: [updateOrigHead(subject.commit)],
      message: `rebase (start): checkout ${options.onto ?? options.upstream ?? 'the root'}`,
    }
    const report = await runReplay(repository, lock, pack, run, options)
    return { ...report, isUpToDate: plan.isUpToDate, present: plan.present }
  } finally {
    pack.abort()
  }
}

/** What is rebased. */
interface Subject {
  head: Head
  commit: CID
}

async function findSubject(repository: Repository, options: RebaseOptions): Promise<Subject> {
  const { branch } = options
  if (branch === undefined) {
    const commit = await repository.refs.headCommit()
    if (commit !== undefined) return { head: await repository.refs.head(), commit }
    throw new InvalidError('nothing-to-rebase', 'there is no commit yet on this branch', {
      hint: 'switch to the branch that is to be rebased, or name it',
    })
  }
  const commit = await resolveCommit(repository, branch, options)
  const ref = BRANCHES + branch
  const isBranch = (await repository.refs.list(ref)).some(({ name }) => name === ref)
  return { head: isBranch ? { branch: ref } : { detached: commit }, commit }
}

function findUpstream(repository: Repository, text: string, options: RebaseOptions): Promise<CID> {
  return resolveCommit(repository, text === '-' ? '@{-1}' : text, options)
}

/** A revision, or as `a...b` the one merge base of both. */
async function findOnto(
  repository: Repository,
  graph: CommitGraph,
  text: string,
  options: RebaseOptions,
): Promise<CID> {
  const range = splitRange(text)
  if (range?.isSymmetric !== true) return findUpstream(repository, text, options)
  const left = await resolveCommit(repository, range.left, options)
  const right = await resolveCommit(repository, range.right, options)
  const [base, ...more] = await mergeBases(graph, left, right, options)
  if (base !== undefined && more.length === 0) return base
  throw new InvalidError(
    'onto-unclear',
    `${text} has ${base === undefined ? 'no merge base' : 'several merge bases'}`,
    {
      hint: 'name the commit itself: `jzfs merge-base --all A B` lists them',
    },
  )
}

function sequenceOf(
  { head, commit }: Subject,
  onto: CID | undefined,
  { todo }: RebasePlan,
  { favour }: RebaseOptions,
): ReplaySequence {
  return {
    kind: 'rebase',
    head,
    before: commit,
    at: onto,
    onto,
    todo,
    done: [],
    stopped: undefined,
    options: { mainline: undefined, noCommit: false, recordsOrigin: false, empty: 'keep', redundant: 'drop', favour },
  }
}

function nothingDone(now: ReplayReport['before']): Rebased {
  const nothing = { made: [], dropped: [], left: [], failed: [], present: [] }
  return { kind: 'rebase', before: now, after: now, stop: undefined, remaining: 0, isUpToDate: true, ...nothing }
}

function upstreamNeeded(): InvalidError {
  return new InvalidError('upstream-needed', 'it is not said what to put the commits on', {
    hint: 'name an upstream, as in `jzfs rebase main`',
  })
}
