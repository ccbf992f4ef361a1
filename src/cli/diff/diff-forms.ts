import { Option, type Command } from 'commander'

import { InvalidError } from '../../model/errors.ts'
import type { LineRules } from '../../worktree/diff/text-diff.ts'
import type { IgnoredWhitespace } from '../../worktree/diff/whitespace.ts'
import type { WordRules } from '../../worktree/diff/word-diff.ts'
import { readCount } from '../numbers.ts'
import { readColor } from './color-option.ts'
import { readStatusFilter, type StatusFilter } from './status-filter.ts'
import { readWordRules } from './word-options.ts'

/** The options of `diff`, `log` and `show` that say which changes are shown, and in which forms. */
export interface DiffFlags {
  patch?: boolean
  unified?: string
  stat?: string
  numstat?: true
  shortstat?: true
  summary?: true
  raw?: true
  nameStatus?: true
  nameOnly?: true
  z?: true
  renames: boolean
  findRenames?: string
  diffFilter?: string
  R?: true
  ignoreAllSpace?: true
  ignoreSpaceChange?: true
  ignoreSpaceAtEol?: true
  ignoreCrAtEol?: true
  ignoreBlankLines?: true
  wordDiff?: string
  wordDiffRegex?: string
  colorWords?: string
  color?: string | false
  prefix?: false
  srcPrefix?: string
  dstPrefix?: string
  relative?: string | false
}

/** In which forms changes are shown, and which. */
export interface DiffForms {
  patch: boolean
  stat: boolean
  /** Columns for `stat`, and for the names in it; undefined: as wide as the terminal. */
  statColumns: { all: number | undefined; name: number | undefined }
  numstat: boolean
  shortstat: boolean
  summary: boolean
  raw: boolean
  nameStatus: boolean
  nameOnly: boolean
  /** Whether names and numbers end with NUL. */
  zero: boolean
  /** Unchanged lines around each change. */
  context: number
  /** Which differences of lines count. */
  lines: LineRules
  /** Undefined: changes are shown line by line. */
  words: WordRules | undefined
  renames: boolean
  /** The least similarity of a rename. */
  similarity: number | undefined
  isReversed: boolean
  /** What stands before the names of both sides in a patch. */
  prefixes: { before: string; after: string }
  /** The folder outside of which nothing is shown, and from which paths are. */
  relativeTo: string | undefined
  keeps: StatusFilter | undefined
  /** Undefined: as the terminal has it. */
  color: boolean | undefined
}

/** What some of them mean without a value, which must be attached: `--stat=100`. */
export const DIFF_VALUES = {
  '--stat': '',
  '-M': '50%',
  '--find-renames': '50%',
  '--word-diff': 'plain',
  '--color-words': '',
  '--color': 'always',
  '--relative': '',
}

/** Declares these options on a command. */
export function addDiffOptions(command: Command): Command {
  return command
    .option('-p, --patch', 'show the changed lines')
    .addOption(new Option('-u').hideHelp().implies({ patch: true }))
    .option('-s, --no-patch', 'show no changed lines')
    .option('-U, --unified <lines>', 'show so many unchanged lines around each change')
    .option('--stat [columns]', 'show how much of each file changed')
    .option('--numstat', 'show numbers of lines for programs')
    .option('--shortstat', 'show only the totals')
    .option('--summary', 'show what was made, deleted, renamed, or got another mode')
    .option('--raw', 'show modes and CIDs of both sides')
    .option('--name-status', 'show names, and whether they were added, deleted, modified')
    .option('--name-only', 'show names')
    .option('-z', 'end names with NUL instead of line feeds')
    .option('-M, --find-renames [similarity]', 'take files for renamed that are so alike (default: 50%)')
    .option('--no-renames', 'show a renamed file as deleted and added')
    .option('--diff-filter <letters>', 'show only files that were (A)dded, (D)eleted …; small letters leave out')
    .option('-R', 'exchange both sides')
    .option('--relative [folder]', 'show only what is in a folder (default: this one), with paths from there')
    .option('--no-relative', 'show paths from the top')
    .option('--no-prefix', 'show no a/ and b/ before names')
    .option('--src-prefix <text>', 'show this before names of the old side')
    .option('--dst-prefix <text>', 'show this before names of the new side')
    .option('-w, --ignore-all-space', 'ignore white space within lines')
    .option('-b, --ignore-space-change', 'ignore how much white space there is')
    .option('--ignore-space-at-eol', 'ignore white space at the ends of lines')
    .option('--ignore-cr-at-eol', 'ignore carriage returns at the ends of lines')
    .option('--ignore-blank-lines', 'ignore changes of blank lines')
    .option('--word-diff [style]', 'show changes word by word: plain, color, porcelain, none')
    .option('--word-diff-regex <pattern>', 'show changes word by word, a word being what the pattern matches')
    .option('--color-words [pattern]', 'show changed words by their colour alone')
    .option('--color [when]', 'show colours: always, never, auto (default: auto)')
    .option('--no-color', 'show no colours')
}

/**
 * The forms that were asked for; where none were, the patch if `default` is so. `directory` is where the user stands in the
 * tree. InvalidError `usage`.
 */
export function readDiffForms(
  flags: DiffFlags,
  { default: byDefault, directory = '' }: { default: 'patch' | 'nothing'; directory?: string },
): DiffForms {
  const others = {
    stat: flags.stat !== undefined,
    numstat: flags.numstat === true,
    shortstat: flags.shortstat === true,
    summary: flags.summary === true,
    raw: flags.raw === true,
    nameStatus: flags.nameStatus === true,
    nameOnly: flags.nameOnly === true,
  }
  const words = readWordRules(flags)
  const isByDefault = byDefault === 'patch' && !Object.values(others).includes(true)
  return {
    ...others,
    patch: flags.patch ?? (isByDefault || flags.unified !== undefined || words !== undefined),
    statColumns: readStatColumns(flags.stat),
    zero: flags.z === true,
    context: flags.unified === undefined ? 3 : readCount('-U', flags.unified),
    lines: { whitespace: readWhitespace(flags), ignoresBlankLines: flags.ignoreBlankLines === true },
    words,
    renames: flags.renames,
    similarity: flags.findRenames === undefined ? undefined : readSimilarity(flags.findRenames),
    isReversed: flags.R === true,
    prefixes: readPrefixes(flags),
    relativeTo: readRelative(flags, directory),
    keeps: flags.diffFilter === undefined ? undefined : readStatusFilter(flags.diffFilter),
    color: readColor(flags.color),
  }
}

/** Whether nothing at all of the changes is shown. */
export function showsNothing(forms: DiffForms): boolean {
  return !forms.patch && !forms.nameOnly && !forms.nameStatus && !forms.raw && !showsCounts(forms) && !forms.summary
}

/** Whether lines are counted. */
export function showsCounts({ stat, numstat, shortstat }: DiffForms): boolean {
  return stat || numstat || shortstat
}

/** As git: with the sides, `-R` exchanges what stands before their names. */
function readPrefixes({ prefix, srcPrefix, dstPrefix, R }: DiffFlags): DiffForms['prefixes'] {
  const [before, after] = prefix === false ? ['', ''] : [srcPrefix ?? 'a/', dstPrefix ?? 'b/']
  return R ? { before: after, after: before } : { before, after }
}

function readRelative({ relative }: DiffFlags, directory: string): string | undefined {
  if (relative === undefined || relative === false) return undefined
  return relative.replace(/\/+$/, '') || directory
}

function readWhitespace(flags: DiffFlags): IgnoredWhitespace | undefined {
  if (flags.ignoreAllSpace) return 'all'
  if (flags.ignoreSpaceChange) return 'amount'
  if (flags.ignoreSpaceAtEol) return 'at-end'
  return flags.ignoreCrAtEol ? 'cr-at-end' : undefined
}

function readStatColumns(text: string | undefined): DiffForms['statColumns'] {
  const [all, name] = (text ?? '').split(',')
  const read = (value: string | undefined) =>
    value === undefined || value === '' ? undefined : readCount('--stat', value)
  return { all: read(all), name: read(name) }
}

/** `50%`, or as git has it, the digits behind a decimal point: `5` is a half too. */
function readSimilarity(text: string): number {
  const percent = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text)?.[1]
  const digits = /^(?:0?\.)?(\d+)$/.exec(text)?.[1]
  const similarity = percent === undefined ? Number(`0.${digits ?? 'x'}`) : Number(percent) / 100
  if (similarity >= 0 && similarity <= 1) return similarity
  throw new InvalidError('usage', `-M wants a similarity, not "${text}"`, { hint: 'write it like -M80%' })
}
