import type { Command } from 'commander'

import { InvalidError } from '../../model/errors.ts'
import { abortMerge, quitMerge } from '../../worktree/merge/end-merge.ts'
import { type Merged, mergeRevision, type MergeRevisionOptions } from '../../worktree/merge/merge.ts'
import { upstreamRevision } from '../branch/upstream-revision.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { requireWorktree, withRepository, type WorkingRepository } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { concludeMerge } from '../merge/conclude-merge.ts'
import { reportAbortedMerge, reportMerge } from '../merge/merge-report.ts'
import { givenMessage } from '../message-options.ts'
import { givenOptions } from '../operands.ts'
import { createProgressLine } from '../progress.ts'
import { revisionOptions } from '../revisions.ts'

interface MergeFlags {
  ff?: boolean
  ffOnly?: true
  squash?: true
  commit: boolean
  edit?: boolean
  message?: string[]
  file?: string
  strategyOption?: string[]
  allowUnrelatedHistories?: true
  stat?: boolean
  abort?: true
  continue?: true
  quit?: true
  quiet?: true
  json?: true
}

/** `jzfs merge`: joins another history to the branch that is checked out. */
export const merge: CommandModule = {
  configure(command, context) {
    command
      .argument('[revision...]', 'merge this branch or commit (default: what the branch follows)')
      .option('--ff', 'only move the branch where the other one goes on from it (the default)')
      .option('--no-ff', 'make a merge commit also there')
      .option('--ff-only', 'move the branch, or refuse')
      .option('--squash', 'stage what the other side has for an ordinary commit')
      .option('--no-commit', 'stop before the merge commit')
      .option('-m, --message <text>', 'use this message; several become paragraphs', collect)
      .option('-F, --file <path>', 'take the message from a file, - for standard input')
      .option('-X, --strategy-option <side>', 'settle conflicts by one side: ours or theirs', collect)
      .option('--allow-unrelated-histories', 'merge also what has no commit in common')
      .option('-e, --edit', 'write the message of the merge commit in an editor')
      .option('--no-edit', 'take the message as it is (the default)')
      .option('--stat', 'show what changed (the default)')
      .option('-n, --no-stat', 'do not show what changed')
      .option('--continue', 'commit the merge, once its conflicts are settled and added')
      .option('--abort', 'give the merge up: index and files are as they were before')
      .option('--quit', 'forget that a merge is in progress, and leave all as it is')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((revisions: string[], flags: MergeFlags) =>
        withRepository(context, (found) => run(context, requireWorktree(found), { command, revisions, flags })),
      )
  },
}

interface Invocation {
  command: Command
  revisions: readonly string[]
  flags: MergeFlags
}

async function run(context: Context, repository: WorkingRepository, invocation: Invocation): Promise<void> {
  const { revisions, flags } = invocation
  const actions = (['abort', 'continue', 'quit'] as const).filter((action) => flags[action])
  if (actions.length > 1) throw usage(`--${actions.join(' and --')} exclude each other`)
  const [action] = actions
  if (action !== undefined) {
    if (revisions.length > 0) throw usage(`--${action} takes no revision`)
    return end(context, repository, action, flags)
  }
  const [named] = revisions.map((each) => (each === '-' ? '@{-1}' : each))
  const revision = named ?? (await upstreamRevision(repository))
  if (revision === undefined) throw usage('no revision is named, and the branch follows nothing')
  if (revisions.length > 1) throw tooMany(revisions)
  const progress = createProgressLine(context.terminal, 'merging')
  const options = { ...readOptions(context, repository, invocation), onProgress: progress.update }
  const merged: Merged = await mergeRevision(repository, revision, options).finally(progress.done)
  const isWritten = merged.outcome === 'waiting' && flags.edit === true && flags.commit && flags.squash !== true
  if (isWritten) return concludeMerge(context, repository, flags)
  await reportMerge(context, repository, merged, {
    ...flags,
    stat: flags.stat !== false,
    squash: flags.squash === true,
  })
}

function readOptions(context: Context, repository: WorkingRepository, invocation: Invocation): MergeRevisionOptions {
  const { command, flags } = invocation
  const { config } = repository
  const message = givenMessage(context, flags)
  const fastForward = readFastForward(command, config.get('merge.ff'))
  if (flags.squash && fastForward === 'never' && flags.ff === false)
    throw usage('--squash and --no-ff exclude each other')
  return {
    ...revisionOptions(context, repository),
    command: context.commandLine,
    author: currentPerson(context, config, 'AUTHOR'),
    committer: currentPerson(context, config, 'COMMITTER'),
    fastForward,
    // A message that is still to be written is the merge's that waits for it.
    commit: flags.commit && flags.edit !== true,
    squash: flags.squash === true,
    ...(message === undefined ? {} : { message }),
    favour: readFavour(flags),
    style: config.get('merge.conflictStyle'),
    allowUnrelated: flags.allowUnrelatedHistories === true,
    onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
  }
}

/** The last of these options counts; without any, the configuration. */
function readFastForward(command: Command, configured: 'true' | 'false' | 'only'): MergeRevisionOptions['fastForward'] {
  const ways = { true: 'allowed', false: 'never', only: 'only' } as const
  const flag = givenOptions(command).findLast((name) => name === 'ff' || name === 'ffOnly')
  if (flag === undefined) return ways[configured]
  if (flag === 'ffOnly') return 'only'
  return command.opts<MergeFlags>().ff === false ? 'never' : 'allowed'
}

function readFavour({ strategyOption = [] }: MergeFlags): 'ours' | 'theirs' | undefined {
  const side = strategyOption.at(-1)
  if (side === undefined || side === 'ours' || side === 'theirs') return side
  throw usage(`no such side: ${side}`)
}

async function end(
  context: Context,
  repository: WorkingRepository,
  action: 'abort' | 'continue' | 'quit',
  flags: MergeFlags,
): Promise<void> {
  const person = currentPerson(context, repository.config, 'COMMITTER')
  const options = { command: context.commandLine, person, signal: context.signal }
  if (action === 'quit') return quitMerge(repository, options)
  if (action === 'abort') return reportAbortedMerge(context, await abortMerge(repository, options), flags)
  return concludeMerge(context, repository, flags)
}

function tooMany(revisions: readonly string[]): InvalidError {
  return new InvalidError('one-merge-at-a-time', `only one revision can be merged at a time: ${revisions.join(' ')}`, {
    hint: 'merge one after the other: there are no octopus merges',
    details: { revisions },
  })
}

function usage(message: string): InvalidError {
  return new InvalidError('usage', `merge: ${message}`, { hint: 'see `jzfs merge --help`' })
}
