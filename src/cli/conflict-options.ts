import type { Command } from 'commander'

import { InvalidError } from '../model/errors.ts'
import type { Config } from '../repo/config/config.ts'
import type { RestoreOptions } from '../worktree/restore.ts'

/** The options that say what files of paths in conflict shall show. */
export interface ConflictFlags {
  ours?: true
  theirs?: true
  merge?: true
  conflict?: string
  ignoreUnmerged?: true
}

/** Declares these options on a command. */
export function addConflictOptions(command: Command): Command {
  return command
    .option('--ours', 'of a path in conflict, take our side')
    .option('--theirs', 'of a path in conflict, take their side')
    .option('-m, --merge', 'bring a conflict back as it was, also one that was settled')
    .option('--conflict <style>', 'the same, marked in this style: merge, diff3, zdiff3')
    .option('--ignore-unmerged', 'leave paths in conflict alone')
}

/** Reads them. Throws InvalidError `usage` for options that do not go together. */
export function readConflictOptions(
  name: string,
  { ours, theirs, merge, conflict, ignoreUnmerged }: ConflictFlags,
  config: Config,
): Pick<RestoreOptions, 'conflict' | 'style' | 'ignoreUnmerged'> {
  const isMerge = merge === true || conflict !== undefined
  const given = [ours, theirs, isMerge, ignoreUnmerged].filter((flag) => flag === true)
  if (given.length > 1) throw usage(name, '--ours, --theirs, --merge and --ignore-unmerged exclude each other')
  return {
    conflict: ours ? 'ours' : theirs ? 'theirs' : isMerge ? 'merge' : undefined,
    style: conflict === undefined ? config.get('merge.conflictStyle') : readStyle(name, conflict),
    ignoreUnmerged: ignoreUnmerged === true,
  }
}

function readStyle(name: string, text: string): 'merge' | 'diff3' | 'zdiff3' {
  if (text === 'merge' || text === 'diff3' || text === 'zdiff3') return text
  throw usage(name, `no such style of conflicts: ${text}`)
}

function usage(name: string, message: string): InvalidError {
  return new InvalidError('usage', `${name}: ${message}`, { hint: `see \`jzfs ${name} --help\`` })
}
