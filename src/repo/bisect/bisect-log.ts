import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../../model/block.ts'
import { decodeCommit } from '../../model/commit/commit.ts'
import { InvalidError } from '../../model/errors.ts'

/** A line of a log that can be replayed: a command of bisect and its arguments. */
export interface LoggedCommand {
  verb: string
  args: string[]
}

/** The lines that a mark adds to the log of a bisection: what it is in words, and how to make it again. */
export async function markLines(source: BlockSource, term: string, commit: CID): Promise<string[]> {
  return [`# ${term}: ${await describe(source, commit)}`, `jzfs bisect ${term} ${commit.toString()}`]
}

/** The line that says what was found. */
export async function foundLine(source: BlockSource, term: string, commit: CID): Promise<string> {
  return `# first ${term} commit: ${await describe(source, commit)}`
}

/** The line of a start. */
export function startLine(args: readonly string[]): string {
  return ['jzfs bisect start', ...args.map(quote)].join(' ')
}

/** `[CID] subject`, as bisect names commits. */
export async function describe(source: BlockSource, commit: CID): Promise<string> {
  const { message } = decodeCommit(commit, await source.get(commit))
  return `[${commit.toString()}] ${message.split('\n', 1)[0]}`
}

/** The commands of a log, its comments left out. Throws InvalidError `bisect-log-invalid` (details: `line`). */
export function parseBisectLog(text: string): LoggedCommand[] {
  return text.split('\n').flatMap((line, at) => {
    if (/^\s*(?:#|$)/.test(line)) return []
    const words = /^\s*jzfs bisect (.*)$/.exec(line)?.[1]
    const [verb, ...args] = splitWords(words ?? '') ?? []
    if (verb !== undefined) return [{ verb, args }]
    throw new InvalidError('bisect-log-invalid', `line ${at + 1} of the log is no command of bisect: ${line}`, {
      hint: 'replay what `jzfs bisect log` has printed',
      details: { line: at + 1 },
    })
  })
}

/** A word as a shell reads it back. */
function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** Words of a shell, quoted by `'` and `\`; undefined where a quote is not closed. */
function splitWords(text: string): string[] | undefined {
  const words = text.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? []
  if (words.join('').length !== text.replaceAll(/\s+(?=(?:[^']*'[^']*')*[^']*$)/g, '').length) return undefined
  return words.map((word) =>
    word.replaceAll(/'([^']*)'|\\(.)|([^'\\]+)/g, (_, quoted?: string, escaped?: string, plain?: string) => {
      return quoted ?? escaped ?? plain ?? ''
    }),
  )
}
