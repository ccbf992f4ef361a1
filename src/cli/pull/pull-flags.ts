import type { Command } from 'commander'

import { InvalidError } from '../../model/errors.ts'
import type { Config } from '../../repo/config/config.ts'
import type { PullChoice } from '../../worktree/pull/choose-integration.ts'
import { rawArguments } from '../operands.ts'
import type { FetchFlags } from '../remote/fetch-here.ts'

/** The options of `pull`. */
export interface PullFlags extends FetchFlags {
  all?: true
  setUpstream?: true
  rebase?: string | false
  ff?: boolean
  ffOnly?: true
  squash?: true
  commit?: boolean
  strategyOption?: string[]
  allowUnrelatedHistories?: true
  stat?: boolean
  quiet?: true
  verbose?: true
  json?: true
}

/**
 * How what was fetched is taken in: by the options, else `branch.NAME.rebase`, `pull.rebase` and `pull.ff`, in git's order. Throws
 * InvalidError `usage`.
 */
export function readPullChoice(command: Command, config: Config, branch: string | undefined): PullChoice {
  const flags = command.opts<PullFlags>()
  const asked = readRebase(flags.rebase)
  const ways = { true: 'allowed', false: 'never', only: 'only' } as const
  const configured = config.get('pull.ff')
  // What is asked for by an option wins over what is configured to be refused.
  const inConfig = configured === undefined ? undefined : asked && configured === 'only' ? 'allowed' : ways[configured]
  return {
    rebase:
      asked ?? (branch === undefined ? undefined : config.get(`branch.${branch}.rebase`)) ?? config.get('pull.rebase'),
    fastForward: readFastForward(command) ?? inConfig,
  }
}

function readRebase(rebase: PullFlags['rebase']): boolean | undefined {
  if (rebase === undefined || rebase === false) return rebase
  if (rebase === 'true' || rebase === 'false') return rebase === 'true'
  throw new InvalidError('usage', `pull: --rebase can be true or false, not ${rebase}`, {
    hint: 'merges are not made again: rebase, or merge with --no-rebase',
  })
}

/** The last of these options counts. */
function readFastForward(command: Command): PullChoice['fastForward'] {
  const ways = new Map<string, PullChoice['fastForward']>([
    ['--ff', 'allowed'],
    ['--no-ff', 'never'],
    ['--ff-only', 'only'],
  ])
  const given = rawArguments(command).findLast((argument) => ways.has(argument))
  return given === undefined ? undefined : ways.get(given)
}

/** The side that settles conflicts. Throws InvalidError `usage`. */
export function readSide({ strategyOption = [] }: PullFlags): 'ours' | 'theirs' | undefined {
  const side = strategyOption.at(-1)
  if (side === undefined || side === 'ours' || side === 'theirs') return side
  throw new InvalidError('usage', `pull: no such side: ${side}`, { hint: 'see `jzfs pull --help`' })
}
