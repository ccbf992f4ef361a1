import { shortenCid } from '../../model/cid-text.ts'
import { decodeCommit } from '../../model/commit/commit.ts'
import { termsOf } from '../../repo/bisect/bisect-state.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Bisected } from '../../worktree/bisect/bisect.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { sayNotDone } from '../here.ts'
import { runProgram } from '../program.ts'

/** What the first bad commit is shown by, and whether documents are printed instead. */
export interface ReportFlags {
  json?: true
}

/** Says what a bisection wants next, or what it has found. Status 2 where only skipped commits are left, as git's. */
export async function reportBisect(
  context: Context,
  repository: Repository,
  bisected: Bisected,
  { json }: ReportFlags,
): Promise<void> {
  const { step, switched } = bisected
  if (step.kind === 'only-skipped') context.status = ONLY_SKIPPED
  if (switched !== undefined) {
    sayNotDone(context, switched)
    if (switched.left.length + switched.failed.length > 0) context.status = EXIT.partial
  }
  if (json) return context.terminal.json(documentOf(bisected))
  if ('warnings' in step) for (const warning of step.warnings) context.terminal.say(`warning: ${warning}`)
  await context.terminal.out((await linesOf(repository, bisected)).map((line) => `${line}\n`).join(''))
  if (step.kind !== 'found') return
  // Not in a pager: `bisect run` goes on, or ends, without anybody.
  const terminal = { ...context.terminal, interactive: false }
  await runProgram(['show', '--stat', step.commit.toString()], { ...context, terminal })
}

/** Git's exit status where a bisection cannot go on since all that is left was skipped. */
const ONLY_SKIPPED = 2

function documentOf({ bisect, step }: Bisected): unknown {
  const terms = termsOf(bisect)
  const { bad, good, skipped } = bisect
  const { kind, ...facts } = step
  return { status: kind === 'test' ? 'testing' : kind, ...facts, terms, bad, good, skipped }
}

async function linesOf({ store }: Repository, { bisect, step, label }: Bisected): Promise<string[]> {
  const terms = termsOf(bisect)
  if (step.kind === 'waiting') return [`status: ${waitingText(step, terms)}`]
  if (step.kind === 'found') return [`${step.commit.toString()} is the first ${terms.new} commit`]
  if (step.kind === 'test') {
    if (step.isMergeBase) return ['Bisecting: a merge base must be tested', label ?? '']
    const left = `${count(step.remaining, 'revision')} left to test after this`
    return [`Bisecting: ${left} (roughly ${count(step.steps, 'step')})`, label ?? '']
  }
  const lines = ["There are only 'skip'ped commits left to test.", `The first ${terms.new} commit could be any of:`]
  for (const commit of step.commits) {
    const { message } = decodeCommit(commit, await store.get(commit))
    lines.push(`${shortenCid(commit)} ${message.split('\n', 1)[0]}`)
  }
  return [...lines, 'We cannot bisect more!']
}

function waitingText(
  { hasBad, goodCount }: { hasBad: boolean; goodCount: number },
  terms: { old: string; new: string },
): string {
  if (hasBad) return `waiting for ${terms.old} commit(s), ${terms.new} commit known`
  if (goodCount === 0) return `waiting for both ${terms.old} and ${terms.new} commits`
  return `waiting for ${terms.new} commit, ${count(goodCount, `${terms.old} commit`)} known`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
