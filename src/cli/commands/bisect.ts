import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { Command } from 'commander'
import type { CID } from 'multiformats/cid'

import { shortenCid } from '../../model/cid-text.ts'
import { InvalidError } from '../../model/errors.ts'
import { type Bisect, termsOf } from '../../repo/bisect/bisect-state.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import type { Repository } from '../../repo/repository.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import type { BisectOptions } from '../../worktree/bisect/bisect.ts'
import { type ReportFlags, reportBisect } from '../bisect/report-bisect.ts'
import type { StartFlags } from '../bisect/start-request.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { divideOperands } from '../operands.ts'
import { createProgressLine } from '../progress.ts'
import { revisionOptions } from '../revisions.ts'

const JSON_HELP = 'print one JSON document'

/** `jzfs bisect`: finds the commit that changed something, by halving. */
export const bisect: CommandModule = {
  configure(command, context) {
    command.enablePositionalOptions()
    configureStart(command, context)
    configureMarks(command, context)
    configureRun(command, context)
    configureLook(command, context)
    // Terms of the user's own: `jzfs bisect slow`.
    command
      .argument('[term]', 'a term of this bisection, with commits')
      .argument('[revision...]')
      .option('--json', JSON_HELP)
      .action((term: string | undefined, revisions: string[], flags: ReportFlags) => {
        if (term === undefined) return command.help({ error: true })
        return mark(context, term, revisions, flags)
      })
  },
}

function configureStart(command: Command, context: Context): void {
  command
    .command('start')
    .description('begin; BAD and GOOD can be said later')
    .argument(
      '[revision-or-path...]',
      'BAD [GOOD...] [-- PATHSPEC...]: only commits that change these paths are tested',
    )
    .option('--term-new <term>', 'call the state after the change so (default: bad)')
    .option('--term-bad <term>', 'the same')
    .option('--term-old <term>', 'call the state before the change so (default: good)')
    .option('--term-good <term>', 'the same')
    .option('--no-checkout', 'leave HEAD and files alone: bisect/head names the commit to test')
    .option('--first-parent', 'follow only the first parent of each merge')
    .option('--json', JSON_HELP)
    .action((operands: string[], flags: StartFlags & ReportFlags) =>
      withBisect(context, async (repository, options) => {
        const { start } = await import('../bisect/start-request.ts')
        const divided = divideOperands(command, operands)
        const bisected = await start(context, repository, { divided, flags }, options)
        await reportBisect(context, repository, bisected, flags)
      }),
    )
}

const MARKS = [
  ['bad', 'the commit (default: HEAD) has what you look for'],
  ['good', 'the commits (default: HEAD) do not have it'],
  ['new', 'the same as bad, of a change that is not a fault'],
  ['old', 'the same as good'],
  ['skip', 'the commits (default: HEAD) cannot be tested; also A..B'],
] as const

function configureMarks(command: Command, context: Context): void {
  for (const [word, description] of MARKS) {
    command
      .command(word)
      .description(description)
      .argument('[revision...]')
      .option('--json', JSON_HELP)
      .action((revisions: string[], flags: ReportFlags) => mark(context, word, revisions, flags))
  }
  command
    .command('reset')
    .description('end, and go back to where it began')
    .argument('[revision]', 'go there instead')
    .option('--json', JSON_HELP)
    .action((revision: string | undefined, flags: ReportFlags) => reset(context, revision, flags))
}

function configureRun(command: Command, context: Context): void {
  command
    .command('run')
    .description('let a command judge: its status 0 is good, 125 skip, 1 to 127 bad, any other stops')
    .option('--json', 'print a JSON document on a line for each commit')
    .argument('<command...>', 'the command and its arguments')
    .passThroughOptions()
    .action((words: string[], flags: ReportFlags) =>
      withBisect(context, async (repository, options) => {
        const { runBisectScript } = await import('../bisect/run-script.ts')
        await runBisectScript(context, repository, words, { options, flags })
      }),
    )
  command
    .command('replay')
    .description('do again what a log says')
    .argument('<file>', 'what `jzfs bisect log` has printed')
    .option('--json', JSON_HELP)
    .action((file: string, flags: ReportFlags) => replay(context, file, flags))
}

function configureLook(command: Command, context: Context): void {
  command
    .command('log')
    .description('print what was done so far')
    .action(() => withState(context, (state) => context.terminal.out(state.log.map((line) => `${line}\n`).join(''))))
  command
    .command('terms')
    .description('print the words for both states')
    .option('--term-new', 'only that for the state after')
    .option('--term-bad', 'the same')
    .option('--term-old', 'only that for the state before')
    .option('--term-good', 'the same')
    .option('--json', JSON_HELP)
    .action((flags: Record<string, true | undefined>) =>
      withState(context, (state) => printTerms(context, state, flags)),
    )
  command
    .command('view')
    .alias('visualize')
    .description('show the commits that are left, with the options of log')
    .argument('[option...]')
    .allowUnknownOption()
    .passThroughOptions()
    .action((words: string[]) => withState(context, (state) => view(context, state, words)))
}

async function withBisect(
  context: Context,
  work: (repository: Repository, options: BisectOptions) => Promise<void>,
): Promise<void> {
  await withRepository(context, async (repository) => {
    const progress = createProgressLine(context.terminal, 'switching')
    const options = {
      ...revisionOptions(context, repository),
      command: context.commandLine,
      person: currentPerson(context, repository.config, 'COMMITTER'),
      onProgress: progress.update,
      onRebuilt: (error: Error) => context.terminal.say(`warning: ${error.message}`),
    }
    await work(repository, options).finally(progress.done)
  })
}

function withState(context: Context, work: (state: Bisect) => Promise<void>): Promise<void> {
  return withRepository(context, async (repository) => {
    const { requireBisect } = await import('../../worktree/bisect/bisect.ts')
    await work(await requireBisect(repository))
  })
}

function mark(context: Context, word: string, revisions: string[], flags: ReportFlags): Promise<void> {
  return withBisect(context, async (repository, options) => {
    const [{ commitsToMark }, { markBisect, requireBisect }] = await Promise.all([
      import('../bisect/start-request.ts'),
      import('../../worktree/bisect/bisect.ts'),
    ])
    await requireBisect(repository)
    const commits: CID[] = await commitsToMark(repository, word, revisions, options)
    await reportBisect(context, repository, await markBisect(repository, [{ word, commits }], options), flags)
  })
}

function reset(context: Context, revision: string | undefined, { json }: ReportFlags): Promise<void> {
  return withBisect(context, async (repository, options) => {
    const { resetBisect } = await import('../../worktree/bisect/bisect.ts')
    const ended = await resetBisect(repository, { commit: revision }, options)
    const after = ended?.switched?.after
    const branch = after !== undefined && 'branch' in after.head ? after.head.branch.slice(BRANCHES.length) : undefined
    if (json) return context.terminal.json({ bisecting: ended !== undefined, branch, commit: after?.commit })
    if (ended === undefined) context.terminal.say('No bisection is in progress.')
    else if (branch !== undefined) context.terminal.say(`Switched to branch '${branch}'`)
    else if (after?.commit !== undefined) context.terminal.say(`HEAD is now at ${shortenCid(after.commit)}`)
  })
}

function replay(context: Context, file: string, flags: ReportFlags): Promise<void> {
  return withBisect(context, async (repository, options) => {
    const path = resolve(context.cwd, file)
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      throw explainFsError(error, file)
    })
    const { replayLog } = await import('../bisect/start-request.ts')
    await reportBisect(context, repository, await replayLog(context, repository, text, options), flags)
  })
}

async function printTerms(
  { terminal }: Context,
  state: Bisect,
  flags: Record<string, true | undefined>,
): Promise<void> {
  const terms = termsOf(state)
  if (flags['json']) return terminal.json(terms)
  if (flags['termNew'] || flags['termBad']) return terminal.out(`${terms.new}\n`)
  if (flags['termOld'] || flags['termGood']) return terminal.out(`${terms.old}\n`)
  await terminal.out(`The terms are ${terms.old} for the state before, and ${terms.new} for the state after.\n`)
}

async function view(context: Context, state: Bisect, words: string[]): Promise<void> {
  const { bad, good, paths } = state
  if (bad === undefined)
    throw new InvalidError('usage', 'no bad commit is known yet', { hint: 'see `jzfs bisect log`' })
  const { runProgram } = await import('../program.ts')
  const range = [bad.toString(), ...good.map((cid) => `^${cid.toString()}`)]
  await runProgram(['log', ...words, ...range, '--', ...paths], context)
}
