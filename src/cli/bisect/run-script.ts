import { spawn } from 'node:child_process'
import { constants } from 'node:os'

import type { CID } from 'multiformats/cid'

import { ConflictError, UnavailableError } from '../../model/errors.ts'
import { type Bisect, BISECT_HEAD, termsOf } from '../../repo/bisect/bisect-state.ts'
import type { Repository } from '../../repo/repository.ts'
import {
  type BisectOptions,
  type Bisected,
  bisectStep,
  markBisect,
  requireBisect,
} from '../../worktree/bisect/bisect.ts'
import { switchTo } from '../../worktree/switch/switch.ts'
import type { Context } from '../context.ts'
import { reportBisect, type ReportFlags } from './report-bisect.ts'

/**
 * Lets a command judge commits until the first bad one is found. Its exit status says: 0 good, 125 skip, 1 to 127 bad; any
 * other stops.
 *
 * Throws ConflictError `bisect-waiting` where a good or a bad commit is not known yet, and UnavailableError `bisect-run-failed` (details: `status`).
 */
export async function runBisectScript(
  context: Context,
  repository: Repository,
  command: readonly string[],
  { options, flags }: { options: BisectOptions; flags: ReportFlags },
): Promise<void> {
  const terms = termsOf(await requireWaitingForNone(repository, options))
  for (let isFirst = true; ; isFirst = false) {
    context.terminal.say(`running ${command.map((word) => `'${word}'`).join(' ')}`)
    const status = await execute(context, repository, command, flags)
    if (isFirst && (status === 126 || status === 127)) {
      await refuseWhereGoodFails(context, repository, command, { status, options, flags })
    }
    if (status >= 128) throw runFailed(command, status)
    const word = status === 0 ? terms.old : status === 125 ? 'skip' : terms.new
    const bisected = await markBisect(repository, [{ word, commits: [await testedCommit(repository)] }], options)
    await reportBisect(context, repository, bisected, flags)
    if (isAtEnd(bisected)) return
  }
}

function isAtEnd({ step }: Bisected): boolean {
  return step.kind !== 'test'
}

async function requireWaitingForNone(repository: Repository, options: BisectOptions): Promise<Bisect> {
  const bisect = await requireBisect(repository)
  const terms = termsOf(bisect)
  if ((await bisectStep(repository, bisect, options)).kind !== 'waiting') return bisect
  throw new ConflictError('bisect-waiting', `a ${terms.new} and a ${terms.old} commit must be known first`, {
    hint: `say \`jzfs bisect ${terms.new} REV\` and \`jzfs bisect ${terms.old} REV\``,
  })
}

/** The commit that is tested: HEAD, or what stands for it. */
async function testedCommit({ refs }: Repository): Promise<CID> {
  return ((await refs.read(BISECT_HEAD)) ?? (await refs.headCommit())) as CID
}

/** A command that cannot be run says 126 or 127, and would make everything bad: so it is tried where it must say good. */
async function refuseWhereGoodFails(
  context: Context,
  repository: Repository,
  command: readonly string[],
  { status, options, flags }: { status: number; options: BisectOptions; flags: ReportFlags },
): Promise<void> {
  const { good, isDetached } = await requireBisect(repository)
  const tested = await testedCommit(repository)
  if (!isDetached) await switchTo(repository, { detach: String(good[0]) }, options)
  const again = await execute(context, repository, command, flags)
  if (!isDetached) await switchTo(repository, { detach: tested.toString() }, options)
  if (again === status) throw runFailed(command, status)
}

/** Runs the command at the top of the working tree; its exit status, 128 and more for a signal, 127 where there is no such command. */
async function execute(
  { cwd, env, signal }: Context,
  { worktree }: Repository,
  [file = '', ...args]: readonly string[],
  { json }: ReportFlags,
): Promise<number> {
  // With --json standard output is for documents alone.
  const child = spawn(file, args, { cwd: worktree ?? cwd, env, stdio: ['inherit', json ? 2 : 'inherit', 'inherit'] })
  const status = await new Promise<number>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ENOENT' ? 127 : 126))
    child.once('close', (code, name) => resolve(code ?? 128 + (name === null ? 0 : constants.signals[name])))
  })
  signal.throwIfAborted()
  return status
}

function runFailed(command: readonly string[], status: number): UnavailableError {
  const problem = status >= 128 ? 'which says neither good nor bad' : 'also for a good commit'
  return new UnavailableError('bisect-run-failed', `${command.join(' ')} ended with status ${status}, ${problem}`, {
    hint: 'it shall end with 0 for good, 125 to skip, another number up to 127 for bad; then run it again',
    details: { status },
  })
}
