import type { Command } from 'commander'

import { DATE_STYLES, type DateStyle, type NamedDateStyle } from '../../model/commit/date-style.ts'
import { InvalidError } from '../../model/errors.ts'
import type { Context } from '../context.ts'
import { localOffset } from '../identity.ts'
import type { Terminal } from '../terminal.ts'
import { readCommitFormat } from './commit-format.ts'
import type { CommitStyle } from './commit-text.ts'

/** The options of `log` and `show` that say how commits are shown. */
export interface CommitStyleFlags {
  oneline?: true
  format?: string
  pretty?: string
  date?: string
  decorate?: string | false
  abbrevCommit?: boolean
}

/** What some of them mean without a value, which must be attached: `--decorate=full`. */
export const COMMIT_STYLE_VALUES = { '--decorate': 'short', '--pretty': 'medium' }

/** Declares these options on a command. */
export function addCommitStyleOptions(command: Command): Command {
  return command
    .option('--oneline', 'show each commit in one line')
    .option(
      '--format <format>',
      'show commits as oneline, short, medium, full, fuller, raw, reference, or by a template',
    )
    .option('--pretty [format]', 'the same')
    .option('--date <style>', `show dates as ${DATE_STYLES.join(', ')}, or format:TEMPLATE`)
    .option('--decorate [style]', 'show refs: short, full, no (default: short, on a terminal)')
    .option('--no-decorate', 'show no refs')
    .option('--abbrev-commit', 'shorten CIDs')
    .option('--no-abbrev-commit', 'show whole CIDs')
}

/** How these options have commits shown on a terminal. InvalidError `usage` for a format or style that does not exist. */
export function readCommitStyle(context: Context, terminal: Terminal, flags: CommitStyleFlags): CommitStyle {
  const { oneline, format, pretty, date, decorate, abbrevCommit } = flags
  const named = format ?? pretty
  return {
    terminal,
    format: readCommitFormat(named ?? (oneline ? 'oneline' : 'medium')),
    date: date === undefined ? undefined : readDateStyle(date),
    now: context.now(),
    decorate: readDecorate(decorate, terminal.interactive),
    abbreviate: abbrevCommit ?? (oneline === true && named === undefined),
  }
}

const OTHER_NAMES: Readonly<Record<string, NamedDateStyle>> = {
  iso8601: 'iso',
  'iso8601-strict': 'iso-strict',
  rfc2822: 'rfc',
}

/** Reads the value of `--date`; also `local`, `iso-local` and the like, and `format:%Y-%m-%d`. InvalidError `usage`. */
export function readDateStyle(text: string): DateStyle {
  const local = text === 'local' ? 'default' : /^(.+)-local$/.exec(text)?.[1]
  const template = /^format(-local)?:(.*)$/s.exec(text)
  if (template !== null) {
    return { form: { template: template[2] as string }, ...(template[1] !== undefined && { localOffset }) }
  }
  const name = local ?? text
  const style = OTHER_NAMES[name] ?? name
  if (!(DATE_STYLES as readonly string[]).includes(style)) {
    throw new InvalidError('usage', `there is no style of dates "${text}"`, {
      hint: `there are ${DATE_STYLES.join(', ')}, each with -local behind it, and templates like format:%Y-%m-%d`,
    })
  }
  const form = style as NamedDateStyle
  if (local !== undefined) return { form, localOffset }
  return form === 'human' ? { form, here: localOffset } : form
}

function readDecorate(given: string | false | undefined, isInteractive: boolean): CommitStyle['decorate'] {
  if (given === undefined || given === 'auto') return isInteractive ? 'short' : undefined
  if (given === 'short') return 'short'
  if (given === false || given === 'no') return undefined
  if (given === 'full') return 'full'
  throw new InvalidError('usage', `there is no way to decorate "${given}"`, { hint: 'there are short, full, auto, no' })
}
