import type { Command } from 'commander'

import { readApproximateDate } from '../../model/commit/approximate-date.ts'
import { InvalidError } from '../../model/errors.ts'
import type { HistoryOptions, HistoryOrder } from '../../repo/history.ts'
import type { CommitPatterns } from '../../repo/history/match-commits.ts'
import { collect } from '../collect.ts'
import type { Context } from '../context.ts'
import { localOffset } from '../identity.ts'
import { readCount } from '../numbers.ts'

/** The options of `log`, `rev-list` and `shortlog` that say which commits are meant, and in which order. */
export interface HistoryFlags {
  maxCount?: string
  skip?: string
  firstParent?: true
  topoOrder?: true
  dateOrder?: true
  authorDateOrder?: true
  reverse?: true
  author?: string[]
  committer?: string[]
  grep?: string[]
  regexpIgnoreCase?: true
  fixedStrings?: true
  invertGrep?: true
  allMatch?: true
  since?: string
  after?: string
  until?: string
  before?: string
  merges?: boolean
  minParents?: string
  maxParents?: string
  leftRight?: true
  leftOnly?: true
  rightOnly?: true
  cherryPick?: true
  fullHistory?: true
}

/** What some of them mean without a value, which must be attached: `--branches=feature`. */
export const HISTORY_VALUES = { '--branches': '', '--tags': '', '--remotes': '' }

/** Declares these options on a command; `-n` only where it is no other option of the command. */
export function addHistoryOptions(command: Command, { maxCount = '-n, --max-count <number>' } = {}): Command {
  return command
    .argument('[revision-or-path...]', 'start from these revisions (default: HEAD), or leave out ^REV; A..B is ^A B')
    .option(maxCount, 'show so many commits at most; -NUMBER is the same')
    .option('--skip <number>', 'pass over so many commits first')
    .option('--all', 'start from all refs and HEAD')
    .option('--branches [pattern]', 'start from all branches, or those that match')
    .option('--tags [pattern]', 'start from all tags, or those that match')
    .option('--remotes [pattern]', 'start from what other repositories had, or what of it matches')
    .option('--glob <pattern>', 'start from all refs that match')
    .option('--not', 'leave out what is named behind this, up to the next --not')
    .option('--author <pattern>', 'show only commits whose author matches', collect)
    .option('--committer <pattern>', 'show only commits whose committer matches', collect)
    .option('--grep <pattern>', 'show only commits whose message matches', collect)
    .option('-i, --regexp-ignore-case', 'take small letters for capital ones in these patterns')
    .option('-F, --fixed-strings', 'take these patterns as plain text')
    .option('--invert-grep', 'show commits whose message does not match')
    .option('--all-match', 'show only commits whose message matches all patterns')
    .option('--since <date>', 'show only commits from then on: "2 weeks ago", 2026-01-31, yesterday')
    .option('--after <date>', 'the same')
    .option('--until <date>', 'show only commits up to then')
    .option('--before <date>', 'the same')
    .option('--merges', 'show only merges')
    .option('--no-merges', 'show no merges')
    .option('--min-parents <number>', 'show only commits with so many parents or more')
    .option('--max-parents <number>', 'show only commits with so many parents or fewer')
    .option('--first-parent', 'follow only the first parent of each merge')
    .option('--full-history', 'with paths: follow all sides of a merge')
    .option('--left-right', 'mark from which side of A...B a commit is')
    .option('--left-only', 'show only those of the left side')
    .option('--right-only', 'show only those of the right side')
    .option('--cherry-pick', 'leave out what both sides of A...B changed in the same way')
    .option('--topo-order', 'show no parent before all of its children, one line of history after the other')
    .option('--date-order', 'show no parent before all of its children, else the newest first')
    .option('--author-date-order', 'the same by the dates of the authors')
    .option('--reverse', 'show the oldest first')
}

/** What the options say of a walk, but for where it starts. InvalidError `usage`, `date-invalid`. */
export function readHistoryOptions(context: Context, flags: HistoryFlags): Partial<HistoryOptions> {
  const since = flags.since ?? flags.after
  const until = flags.until ?? flags.before
  const [least, most] = [flags.merges === true ? 2 : 0, flags.merges === false ? 1 : Infinity]
  return {
    order: readOrder(flags),
    isFirstParent: flags.firstParent === true,
    isFullHistory: flags.fullHistory === true,
    since: since === undefined ? undefined : readApproximateDate(since, context.now(), localOffset),
    until: until === undefined ? undefined : readApproximateDate(until, context.now(), localOffset),
    minParents: flags.minParents === undefined ? least : readCount('--min-parents', flags.minParents),
    maxParents: flags.maxParents === undefined ? most : readCount('--max-parents', flags.maxParents),
  }
}

/** The patterns that commits must match. InvalidError `usage`. */
export function readCommitPatterns(flags: HistoryFlags): CommitPatterns {
  const read = (texts: readonly string[] = []) => texts.map((text) => readPattern(text, flags))
  return {
    authors: read(flags.author),
    committers: read(flags.committer),
    messages: read(flags.grep),
    matchesAll: flags.allMatch === true,
    invertsMessages: flags.invertGrep === true,
  }
}

function readOrder({ topoOrder, dateOrder, authorDateOrder }: HistoryFlags): HistoryOrder {
  if (authorDateOrder) return 'author-date'
  if (dateOrder) return 'committer-date'
  return topoOrder ? 'topological' : 'date'
}

function readPattern(text: string, { fixedStrings, regexpIgnoreCase }: HistoryFlags): RegExp {
  const source = fixedStrings ? text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`) : text
  try {
    return new RegExp(source, regexpIgnoreCase ? 'im' : 'm')
  } catch (error) {
    throw new InvalidError('usage', `"${text}" is no regular expression`, {
      hint: 'write \\ before characters that stand for themselves, or give -F',
      cause: error,
    })
  }
}
