import type { Command } from 'commander'

import { InvalidError } from '../../model/errors.ts'
import type { FileSearchOptions } from '../../repo/grep/search-file.ts'
import type { PatternSyntax } from '../../repo/grep/search.ts'
import { collect } from '../collect.ts'
import { readCount } from '../numbers.ts'

/** The options of `grep`. */
export interface GrepFlags {
  regexp?: string[]
  file?: string[]
  basicRegexp?: true
  extendedRegexp?: true
  fixedStrings?: true
  perlRegexp?: true
  ignoreCase?: true
  wordRegexp?: true
  invertMatch?: true
  lineNumber?: true
  column?: true
  count?: true
  filesWithMatches?: true
  nameOnly?: true
  filesWithoutMatch?: true
  onlyMatching?: true
  /** False: -h. */
  filename: boolean
  fullName?: true
  heading?: true
  break?: true
  afterContext?: string
  beforeContext?: string
  context?: string
  maxCount?: string
  quiet?: true
  text?: true
  I?: true
  null?: true
  cached?: true
  untracked?: true
  color?: string | false
  json?: true
}

/** Declares them. */
export function addGrepOptions(command: Command): Command {
  return (
    command
      // As in grep, -h is about names.
      .helpOption('--help', 'show this help')
      .option('-e, --regexp <pattern>', 'look for this (repeatable: any of them)', collect)
      .option('-f, --file <file>', 'look for the patterns in a file, one on each line', collect)
      .option('-G, --basic-regexp', 'patterns are basic regular expressions of POSIX (the default)')
      .option('-E, --extended-regexp', 'patterns are extended regular expressions of POSIX')
      .option('-F, --fixed-strings', 'patterns are texts as they stand')
      .option('-P, --perl-regexp', "patterns are regular expressions of JavaScript, much like Perl's")
      .option('-i, --ignore-case', 'take capital and small letters for the same')
      .option('-w, --word-regexp', 'find only whole words')
      .option('-v, --invert-match', 'find the lines that do not match')
      .option('-n, --line-number', 'show numbers of lines')
      .option('--column', 'show where in the line the first match begins, in bytes from 1')
      .option('-c, --count', 'show how many lines match in each file')
      .option('-l, --files-with-matches', 'show only names of files')
      .option('--name-only', 'the same')
      .option('-L, --files-without-match', 'show only names of files without any match')
      .option('-o, --only-matching', 'show only what matches, each on a line of its own')
      .option('-H', 'show names of files (the default)')
      .option('-h, --no-filename', 'show no names of files')
      .option('--full-name', 'show paths from the top, wherever you stand')
      .option('--heading', 'show the name of a file once, above its lines')
      .option('--break', 'show an empty line between files')
      .option('-A, --after-context <number>', 'show so many lines behind each')
      .option('-B, --before-context <number>', 'show so many lines before each')
      .option('-C, --context <number>', 'show so many lines around each')
      .option('-m, --max-count <number>', 'find so many lines in each file at most')
      .option('-q, --quiet', 'print nothing: the exit status says whether anything matches')
      .option('-a, --text', 'search binary files as if they were text')
      .option('-I', 'do not search binary files')
      .option('-z, --null', 'end names with NUL, and do not quote them')
      .option('--cached', 'search what is staged, not the working tree')
      .option('--untracked', 'search untracked files too')
      .option('--color [when]', 'show matches in colour: always, never or auto')
      .option('--no-color', 'show no colours')
      .option('--json', 'print a JSON document on a line for each line found')
  )
}

/** How patterns are written; the default is git's. InvalidError `usage`. */
export function readSyntax({ basicRegexp, extendedRegexp, fixedStrings, perlRegexp }: GrepFlags): PatternSyntax {
  const given: [true | undefined, PatternSyntax][] = [
    [basicRegexp, 'basic'],
    [extendedRegexp, 'extended'],
    [fixedStrings, 'fixed'],
    [perlRegexp, 'javascript'],
  ]
  const chosen = given.filter(([flag]) => flag)
  if (chosen.length < 2) return chosen[0]?.[1] ?? 'basic'
  throw new InvalidError('usage', 'grep: -G, -E, -F and -P exclude each other', { hint: 'give one of them' })
}

/** What is wanted of each file. InvalidError `usage`. */
export function readFileSearch(flags: GrepFlags): FileSearchOptions {
  const isName = showsNamesOnly(flags)
  return {
    isInverted: flags.invertMatch,
    // With -o lines of context only say what is apart.
    ...(flags.onlyMatching && !flags.invertMatch ? {} : readContext(flags)),
    maxCount: flags.maxCount === undefined ? undefined : readCount('-m', flags.maxCount),
    wants: flags.quiet || isName ? 'any' : flags.count ? 'count' : 'lines',
    needsNumbers: flags.lineNumber === true || flags.json === true || hasContext(flags),
    binary: flags.text ? 'text' : flags.I ? 'skip' : undefined,
  }
}

/** How many lines are shown around each. InvalidError `usage`. */
function readContext({ context, beforeContext, afterContext }: GrepFlags): { before: number; after: number } {
  const around = context === undefined ? 0 : readCount('-C', context)
  return {
    before: beforeContext === undefined ? around : readCount('-B', beforeContext),
    after: afterContext === undefined ? around : readCount('-A', afterContext),
  }
}

/** Whether lines are shown around those that are found. */
export function hasContext(flags: GrepFlags): boolean {
  const { before, after } = readContext(flags)
  return before > 0 || after > 0
}

/** Whether files are named, and their lines not shown. */
export function showsNamesOnly({ filesWithMatches, nameOnly, filesWithoutMatch }: GrepFlags): boolean {
  return filesWithMatches === true || nameOnly === true || filesWithoutMatch === true
}
