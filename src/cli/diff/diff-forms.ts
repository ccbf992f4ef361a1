import type { Command } from 'commander'

import { readCount } from '../numbers.ts'

/** The options of `diff`, `log` and `show` that say in which forms changes are shown. */
export interface DiffFlags {
  patch?: boolean
  unified?: string
  stat?: true
  numstat?: true
  shortstat?: true
  nameStatus?: true
  nameOnly?: true
  z?: true
  renames: boolean
}

/** In which forms changes are shown. */
export interface DiffForms {
  patch: boolean
  stat: boolean
  numstat: boolean
  shortstat: boolean
  nameStatus: boolean
  nameOnly: boolean
  /** Whether names and numbers end with NUL. */
  zero: boolean
  /** Unchanged lines around each change. */
  context: number
  renames: boolean
}

/** Declares these options on a command. */
export function addDiffOptions(command: Command): Command {
  return command
    .option('-p, --patch', 'show the changed lines')
    .option('-s, --no-patch', 'show no changed lines')
    .option('-U, --unified <lines>', 'show so many unchanged lines around each change')
    .option('--stat', 'show how much of each file changed')
    .option('--numstat', 'show numbers of lines for programs')
    .option('--shortstat', 'show only the totals')
    .option('--name-status', 'show names, and whether they were added, deleted, modified')
    .option('--name-only', 'show names')
    .option('-z', 'end names with NUL instead of line feeds')
    .option('--no-renames', 'show a renamed file as deleted and added')
}

/** The forms that were asked for; where none were, the patch if `default` is so. */
export function readDiffForms(flags: DiffFlags, { default: byDefault }: { default: 'patch' | 'nothing' }): DiffForms {
  const { stat, numstat, shortstat, nameStatus, nameOnly } = flags
  const isOther = (stat ?? numstat ?? shortstat ?? nameStatus ?? nameOnly) === true
  const isByDefault = byDefault === 'patch' && !isOther
  return {
    patch: flags.patch ?? (isByDefault || flags.unified !== undefined),
    stat: stat === true,
    numstat: numstat === true,
    shortstat: shortstat === true,
    nameStatus: nameStatus === true,
    nameOnly: nameOnly === true,
    zero: flags.z === true,
    context: flags.unified === undefined ? 3 : readCount('-U', flags.unified),
    renames: flags.renames,
  }
}

/** Whether nothing at all of the changes is shown. */
export function showsNothing({ patch, stat, numstat, shortstat, nameStatus, nameOnly }: DiffForms): boolean {
  return !(patch || stat || numstat || shortstat || nameStatus || nameOnly)
}
