import type { Command } from 'commander'

import { InvalidError } from '../../model/errors.ts'
import { changedLinePickaxe, patternCountPickaxe, type Pickaxe, textCountPickaxe } from '../../worktree/diff/pickaxe.ts'
import { readPattern } from '../diff/word-options.ts'

/** The options that look for changes by what they say. */
export interface PickaxeFlags {
  S?: string
  G?: string
  pickaxeRegex?: true
}

/** Declares these options on a command. */
export function addPickaxeOptions(command: Command): Command {
  return command
    .option('-S <text>', 'show only changes of how often this text stands in a file')
    .option('-G <pattern>', 'show only changes with an added or removed line that matches')
    .option('--pickaxe-regex', 'take the text of -S for a pattern')
}

/** What is looked for; undefined where nothing is. InvalidError `usage`. */
export function readPickaxe({ S, G, pickaxeRegex }: PickaxeFlags): Pickaxe | undefined {
  if (S !== undefined && G !== undefined) {
    throw new InvalidError('usage', '-S and -G do not go together', { hint: 'leave out one of them' })
  }
  if (G !== undefined) return changedLinePickaxe(readPattern(G))
  if (S === undefined) return undefined
  if (S === '') throw new InvalidError('usage', '-S wants a text', { hint: 'name what to look for' })
  return pickaxeRegex ? patternCountPickaxe(readPattern(S)) : textCountPickaxe(S)
}
