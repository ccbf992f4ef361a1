import type { Command } from 'commander'
import type { CID } from 'multiformats/cid'

import { shortenCid } from '../../model/cid-text.ts'
import { decodeCommit } from '../../model/commit/commit.ts'
import { InvalidError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import type { Repository } from '../../repo/repository.ts'
import { writeRefreshedIndex } from '../../worktree/index/write-refreshed-index.ts'
import { resetPaths } from '../../worktree/reset/reset-paths.ts'
import { type Reset, type ResetMode, resetTo } from '../../worktree/reset/reset.ts'
import { readStatus } from '../../worktree/status/status.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { requireWorktree, sayNotDone, withRepository } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { divideOperands } from '../operands.ts'
import { readHistoricPathspecs } from '../pathspecs.ts'
import { createProgressLine } from '../progress.ts'
import { revisionOptions, splitArguments } from '../revisions.ts'
import { describeUnstaged } from '../status-letters.ts'

interface ResetFlags {
  soft?: true
  mixed?: true
  hard?: true
  force?: true
  quiet?: true
  json?: true
}

/** `jzfs reset`: moves the branch, the index and files to a commit, or index entries alone. */
export const reset: CommandModule = {
  configure(command, context) {
    command
      .argument(
        '[revision-or-path...]',
        'go to this commit (HEAD); with paths, only make their index entries what it has',
      )
      .option('--soft', 'move the branch and nothing else')
      .option('--mixed', 'move the index too (the default)')
      .option('--hard', 'move index and files: local changes are thrown away, and kept for undo')
      .option('-f, --force', 'with --hard: discard also what is too much to be kept for undo')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((operands: string[], flags: ResetFlags) =>
        withRepository(context, (repository) => run(context, repository, { command, operands, flags })),
      )
  },
}

interface Invocation {
  command: Command
  operands: string[]
  flags: ResetFlags
}

async function run(context: Context, repository: Repository, { command, operands, flags }: Invocation): Promise<void> {
  const mode = readMode(flags)
  const options = {
    ...revisionOptions(context, repository),
    command: context.commandLine,
    person: currentPerson(context, repository.config, 'COMMITTER'),
    onRebuilt: (error: Error) => context.terminal.say(`warning: ${error.message}`),
  }
  const { revisions, paths } = await splitArguments(context, repository, divideOperands(command, operands), options)
  if (revisions.length > 1) throw usage(`one revision is enough: ${revisions.join(' ')}`)
  const [revision] = revisions
  if (paths.length > 0) {
    if (mode !== undefined && mode !== 'mixed') throw usage(`--${mode} takes no paths: it is about the whole commit`)
    const pathspecs = readHistoricPathspecs(context, repository, paths)
    const changed = await resetPaths(repository, pathspecs, { ...options, revision })
    if (flags.json) return context.terminal.json({ paths: changed })
    return showUnstaged(context, repository, flags)
  }
  const progress = createProgressLine(context.terminal, 'resetting')
  const done = await resetTo(repository, {
    ...options,
    revision,
    mode: mode ?? 'mixed',
    force: flags.force === true,
    onProgress: progress.update,
  }).finally(progress.done)
  await report(context, repository, done, { ...flags, mode: mode ?? 'mixed' })
}

function readMode(flags: ResetFlags): ResetMode | undefined {
  const given = (['soft', 'mixed', 'hard'] as const).filter((mode) => flags[mode])
  if (given.length > 1) throw usage(`--${given.join(' and --')} exclude each other`)
  return given[0]
}

function usage(message: string): InvalidError {
  return new InvalidError('usage', `reset: ${message}`, { hint: 'see `jzfs reset --help`' })
}

async function report(
  context: Context,
  repository: Repository,
  done: Reset,
  flags: ResetFlags & { mode: ResetMode },
): Promise<void> {
  const { before, after, discarded, left, failed } = done
  if (left.length + failed.length > 0) context.status = EXIT.partial
  if (flags.json) {
    const failures = failed.map(({ path, error }) => ({ path, code: error.code, message: error.message }))
    return context.terminal.json({ mode: flags.mode, before, after, discarded, left, failed: failures })
  }
  sayNotDone(context, done)
  if (flags.mode === 'mixed') return showUnstaged(context, repository, flags)
  if (flags.mode === 'soft' || flags.quiet || after === undefined) return
  await context.terminal.out(`HEAD is now at ${await subjectOf(repository, after)}\n`)
}

async function subjectOf({ store }: Repository, commit: CID): Promise<string> {
  const { message } = decodeCommit(commit, await store.get(commit))
  return `${shortenCid(commit)} ${message.split('\n', 1)[0]}`
}

/** Names the files that are not as the index has them now. */
async function showUnstaged(context: Context, repository: Repository, { quiet }: ResetFlags): Promise<void> {
  if (quiet) return
  const worktree = requireWorktree(repository)
  const found = await readStatus(worktree, { untracked: 'none', renames: false, signal: context.signal })
  const conflicts = found.conflicts.map(({ path }) => `U\t${quoteName(path)}\n`)
  const changes = found.unstaged.map(({ path, difference }) => {
    return `${describeUnstaged(difference).letter}\t${quoteName(path)}\n`
  })
  const lines = [...conflicts, ...changes]
  if (lines.length > 0) await context.terminal.out(`Unstaged changes after reset:\n${lines.join('')}`)
  if (found.isRefreshed) await writeRefreshedIndex(repository, found.index, context.commandLine)
}
