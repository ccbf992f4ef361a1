import type { Command } from 'commander'

import { InvalidError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import type { ReplayRunOptions } from '../../worktree/replay/run-replay.ts'
import { collect } from '../collect.ts'
import type { Context } from '../context.ts'
import { editMessage } from '../editor.ts'
import { currentPerson } from '../identity.ts'
import type { ProgressLine } from '../progress.ts'

/** What the commands share that make commits again. */
export interface ReplayFlags {
  continue?: true
  abort?: true
  skip?: true
  quit?: true
  edit?: boolean
  strategyOption?: string[]
  quiet?: true
  json?: true
}

/** What to do with what is in progress. */
export type ReplayAction = 'continue' | 'abort' | 'skip' | 'quit'

/** Declares the options that they share. */
export function addReplayOptions(command: Command): Command {
  return command
    .option('-X, --strategy-option <side>', 'settle conflicts by one side: ours or theirs', collect)
    .option('--continue', 'go on, once the conflicts are settled and added')
    .option('--skip', 'leave out the commit at which it waits, and go on')
    .option('--abort', 'give it up: all is as it was before')
    .option('--quit', 'forget that it is in progress, and leave all as it is')
    .option('-q, --quiet', 'print nothing')
    .option('--json', 'print one JSON document')
}

/** What is to be done with what is in progress; undefined to begin something. It goes with no `operands`. */
export function readAction(name: string, flags: ReplayFlags, operands: readonly string[]): ReplayAction | undefined {
  const given = (['continue', 'abort', 'skip', 'quit'] as const).filter((action) => flags[action])
  if (given.length > 1) throw replayUsage(name, `--${given.join(' and --')} exclude each other`)
  if (given[0] !== undefined && operands.length > 0) throw replayUsage(name, `--${given[0]} takes no revision`)
  return given[0]
}

/** The side that settles conflicts. */
export function readFavour(name: string, { strategyOption = [] }: ReplayFlags): 'ours' | 'theirs' | undefined {
  const side = strategyOption.at(-1)
  if (side === undefined || side === 'ours' || side === 'theirs') return side
  throw replayUsage(name, `no such side: ${side}`)
}

/** How a replay runs for the user of a command line. */
export function replayRunOptions(
  context: Context,
  repository: Repository,
  { edit }: ReplayFlags,
  onProgress: ProgressLine['update'],
): ReplayRunOptions {
  if (edit === true && !context.terminal.interactive) throw noTerminal()
  const committer = currentPerson(context, repository.config, 'COMMITTER')
  return {
    command: context.commandLine,
    committer,
    style: repository.config.get('merge.conflictStyle'),
    author: currentPerson(context, repository.config, 'AUTHOR'),
    signal: context.signal,
    ...(edit === true
      ? { editMessage: (message: string) => editMessage(context, repository.path, `${message}\n${COMMENT}`) }
      : {}),
    onProgress,
    onReplay: onProgress,
    onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
  }
}

function noTerminal(): InvalidError {
  return new InvalidError('no-terminal', 'there is no terminal to edit a message on', {
    hint: 'leave out --edit, and change the message with `jzfs commit --amend -m MESSAGE`',
  })
}

const COMMENT = '# Write the message of the commit. Lines that begin with # are dropped.\n'

/** The error for a command line that cannot be meant. */
export function replayUsage(name: string, message: string): InvalidError {
  return new InvalidError('usage', `${name}: ${message}`, { hint: `see \`jzfs ${name} --help\`` })
}
