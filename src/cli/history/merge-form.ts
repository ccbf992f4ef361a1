import type { Command } from 'commander'

import { InvalidError } from '../../model/errors.ts'

/**
 * How the changes of a merge are shown: not at all; against its first parent; against each parent, one after the other;
 * against all at once; so too, but only where the result is what no parent has.
 */
export type MergeForm = 'none' | 'first-parent' | 'separate' | 'combined' | 'dense'

/** The options of `log` and `show` that choose it. */
export interface MergeFlags {
  m?: true
  c?: true
  cc?: true
  diffMerges?: string | false
}

/** Declares these options on a command. */
export function addMergeOptions(command: Command): Command {
  return command
    .option('-m', 'show how merges differ from each parent, one after the other')
    .option('-c', 'show how merges differ from all parents at once')
    .option('--cc', 'so too, but only where they are as no parent is')
    .option('--diff-merges <form>', 'show merges as: off, first-parent, separate, combined, dense-combined')
    .option('--no-diff-merges', 'show no changes of merges')
}

/** The form that was asked for; undefined where none was. InvalidError `usage`. */
export function readMergeForm({ m, c, cc, diffMerges }: MergeFlags): MergeForm | undefined {
  if (diffMerges === false) return 'none'
  if (typeof diffMerges === 'string') {
    const form = FORMS[diffMerges]
    if (form !== undefined) return form
    throw new InvalidError('usage', `there is no way to show merges "${diffMerges}"`, {
      hint: 'there are off, first-parent, separate, combined, dense-combined',
    })
  }
  if (cc) return 'dense'
  if (c) return 'combined'
  return m ? 'separate' : undefined
}

const FORMS: Readonly<Record<string, MergeForm>> = {
  off: 'none',
  none: 'none',
  on: 'separate',
  m: 'separate',
  separate: 'separate',
  1: 'first-parent',
  'first-parent': 'first-parent',
  c: 'combined',
  combined: 'combined',
  cc: 'dense',
  'dense-combined': 'dense',
}
