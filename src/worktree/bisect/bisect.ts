import type { CID } from 'multiformats/cid'

import { ConflictError, InvalidError, NotFoundError } from '../../model/errors.ts'
import { describe, foundLine, markLines } from '../../repo/bisect/bisect-log.ts'
import {
  type Bisect,
  BISECT_HEAD,
  type BisectTerms,
  changeBisect,
  readBisect,
  startRequest,
  termsOf,
} from '../../repo/bisect/bisect-state.ts'
import { meaningOf } from '../../repo/bisect/bisect-terms.ts'
import { type BisectStep, isCheckedBy, nextStep } from '../../repo/bisect/next-step.ts'
import type { CommitGraph } from '../../repo/history/commit-graph.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import type { Repository } from '../../repo/repository.ts'
import { refuseSequence } from '../../repo/sequence/sequence.ts'
import { createPathspecComparison } from '../pathspec/pathspec-comparison.ts'
import { parsePathspecs } from '../pathspec/pathspec.ts'
import { type Switched, type SwitchOptions, switchTo } from '../switch/switch.ts'

export interface BisectOptions extends SwitchOptions {
  graph: CommitGraph
}

/** What a command of bisect has done, and what is wanted next. */
export interface Bisected {
  bisect: Bisect
  step: BisectStep
  /** The commit to test in words: `[CID] subject`. */
  label: string | undefined
  /** Undefined where files stayed as they were. */
  switched: Switched | undefined
}

/** How a bisection begins. */
export type BisectStart = Pick<Bisect, 'terms' | 'paths' | 'directory' | 'isFirstParent' | 'isDetached'> & {
  bad: CID | undefined
  good: readonly CID[]
  /** The line of the log that begins it again. */
  line: string
}

/**
 * Begins to look for the commit that changed something, in the place of another bisection if there is one; goes to the
 * first commit to test where a bad and a good one are given. In one operation: HEAD, index, files and refs.
 *
 * Throws ConflictError `sequence-in-progress`, and what `nextStep` and `switchTo` throw: then nothing was changed.
 */
export async function startBisect(
  repository: Repository,
  { bad, good, line, ...start }: BisectStart,
  options: BisectOptions,
): Promise<Bisected> {
  refuseSequence(repository, 'bisect')
  const before = await readBisect(repository)
  let bisect: Bisect = {
    ...start,
    start: before?.start ?? (await whereHeadIs(repository)),
    log: [line],
    isChecked: false,
    expected: undefined,
    bad: undefined,
    good: [],
    skipped: [],
  }
  const terms = termsOf(bisect)
  if (bad !== undefined) bisect = await marked(repository, bisect, { word: terms.new, commits: [bad] })
  if (good.length > 0) bisect = await marked(repository, bisect, { word: terms.old, commits: good })
  return settle(repository, bisect, { ...options, returns: before !== undefined })
}

/** Marks of commits: a term of the bisection, or `skip`. */
export interface BisectMark {
  word: string
  commits: readonly CID[]
}

/**
 * Marks commits in the bisection in progress, and goes to the next commit to test, in one operation.
 *
 * Throws NotFoundError `not-bisecting`, InvalidError `bisect-word-unknown` for a word that is no term of this bisection, and what
 * `nextStep` and `switchTo` throw: then nothing was marked.
 */
export async function markBisect(
  repository: Repository,
  marks: readonly BisectMark[],
  options: BisectOptions,
): Promise<Bisected> {
  let bisect = await requireBisect(repository)
  for (const mark of marks) bisect = await marked(repository, bisect, mark)
  return settle(repository, bisect, options)
}

/**
 * Ends the bisection, and goes back to where it began or to another place. `switched` is undefined where files stayed as
 * they were. Undefined where no bisection is in progress.
 */
export async function resetBisect(
  repository: Repository,
  to: { commit: string | undefined },
  options: SwitchOptions,
): Promise<{ switched: Switched | undefined } | undefined> {
  const bisect = await readBisect(repository)
  if (bisect === undefined) return undefined
  const { refs } = await changeBisect(repository, undefined)
  if (bisect.isDetached && to.commit === undefined) {
    using lock = await repository.lock(options.command, options)
    await runOperation(repository, lock, { command: options.command, person: options.person, refs })
    return { switched: undefined }
  }
  const request = await startRequest(repository, to.commit ?? bisect.start)
  return { switched: await switchTo(repository, request, { ...options, refs }).catch(explainLocalWork) }
}

/** The bisection in progress. Throws NotFoundError `not-bisecting`. */
export async function requireBisect(repository: Repository): Promise<Bisect> {
  const bisect = await readBisect(repository)
  if (bisect !== undefined) return bisect
  throw new NotFoundError('not-bisecting', 'no bisection is in progress', {
    hint: 'begin one with `jzfs bisect start`',
  })
}

/** What is wanted next in a bisection, without a change of anything. */
export function bisectStep({ store }: Repository, bisect: Bisect, options: BisectOptions): Promise<BisectStep> {
  const { paths, directory } = bisect
  const pathspecs = parsePathspecs(paths, { worktree: '/', cwd: `/${directory}`, isHistoric: true })
  const comparison = createPathspecComparison(store, pathspecs)
  return nextStep(options.graph, bisect, { comparison, signal: options.signal })
}

async function marked({ store }: Repository, before: Bisect, { word, commits }: BisectMark): Promise<Bisect> {
  const isSkip = word === 'skip'
  const meaning = isSkip ? undefined : meaningOf(word, before)
  if (!isSkip && meaning === undefined) throw wordUnknown(word, termsOf(before))
  const bisect = { ...before, terms: meaning?.terms ?? before.terms }
  for (const commit of commits) {
    const others = (cids: readonly CID[]) => cids.filter((each) => !each.equals(commit))
    if (isSkip) bisect.skipped = [...others(bisect.skipped), commit]
    else if (meaning?.side === 'new') bisect.bad = commit
    else bisect.good = [...others(bisect.good), commit]
    bisect.isChecked &&= commit.equals(bisect.expected)
    bisect.log = [...bisect.log, ...(await markLines(store, word, commit))]
  }
  return bisect
}

/** Writes a bisection, and goes to the commit that it wants to be tested. */
async function settle(
  repository: Repository,
  before: Bisect,
  options: BisectOptions & { returns?: boolean },
): Promise<Bisected> {
  const { store } = repository
  const step = await bisectStep(repository, before, options)
  const expected = step.kind === 'test' ? step.commit : undefined
  const bisect = { ...before, expected, isChecked: isCheckedBy(step) }
  if (step.kind === 'found') {
    bisect.log = [...bisect.log, await foundLine(store, termsOf(bisect).new, step.commit)]
  }
  using _lease = await store.lease()
  // Found before the lease was taken, a commit that nothing refers to may have been collected since.
  for (const commit of [bisect.bad, ...bisect.good, ...bisect.skipped])
    if (commit !== undefined) await store.get(commit)
  const { refs, block } = await changeBisect(repository, bisect)
  if (block !== undefined) await store.put(block)
  const label = step.kind === 'test' ? await describe(store, step.commit) : undefined
  const request = await requestOf(repository, bisect, step, options.returns === true)
  if (request !== undefined) {
    const switched = await switchTo(repository, request, { ...options, refs }).catch(explainLocalWork)
    return { bisect, step, label, switched }
  }
  if (bisect.isDetached && step.kind === 'test') {
    const head = { name: BISECT_HEAD, before: await repository.refs.read(BISECT_HEAD), after: step.commit }
    if (head.before?.equals(head.after) !== true) refs.push({ ...head, message: 'bisect' })
  }
  using lock = await repository.lock(options.command, options)
  if (refs.length > 0) {
    await runOperation(repository, lock, { command: options.command, person: options.person, refs })
  }
  return { bisect, step, label, switched: undefined }
}

/** The remedy of a switch is an option that a bisection does not have. */
function explainLocalWork(error: unknown): never {
  if (!(error instanceof ConflictError) || error.code !== 'would-overwrite') throw error
  const hint = 'put them aside with `jzfs stash -u`, then say it again'
  throw new ConflictError(error.code, error.message, { hint, cause: error, details: error.details })
}

/** Where files go: to what is tested, or, from another bisection that is given up, to where that began. */
async function requestOf(repository: Repository, bisect: Bisect, step: BisectStep, returns: boolean) {
  if (bisect.isDetached) return undefined
  if (step.kind === 'test') return { detach: step.commit.toString() }
  return returns ? startRequest(repository, bisect.start) : undefined
}

async function whereHeadIs({ refs }: Repository): Promise<string> {
  const head = await refs.head()
  if ('detached' in head) return head.detached.toString()
  if ((await refs.headCommit()) !== undefined) return head.branch.slice(BRANCHES.length)
  throw new ConflictError('branch-empty', `there is nothing to bisect: ${head.branch} has no commit yet`, {
    hint: 'go to a branch that has commits with `jzfs switch`',
  })
}

function wordUnknown(word: string, terms: BisectTerms): InvalidError {
  return new InvalidError('bisect-word-unknown', `"${word}" is no command of bisect, and no term of this bisection`, {
    hint: `the terms are ${terms.old} and ${terms.new}; see \`jzfs bisect --help\``,
    details: { word, ...terms },
  })
}
