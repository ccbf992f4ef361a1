import { shortenLinkText } from '../../model/cid-text.ts'
import { type DateStyle, renderDate } from '../../model/commit/date-style.ts'
import { quoteName } from '../../model/quote-name.ts'
import type { Blame, BlamedLines } from '../../repo/blame/blame.ts'
import { bytesOfLines, type Lines } from '../../repo/text/lines.ts'
import type { BlamedCommits } from './blamed-commits.ts'

/** What stands before each line, beside its commit and number. */
export interface BlameTextOptions {
  path: string
  now: Date
  isLong: boolean
  /** Whether author and date are shown. */
  showsAuthor: boolean
  showsEmail: boolean
  /** Whether paths are shown where they are all the same, too. */
  showsPath: boolean
  /** Whether the number of the line in its commit is shown. */
  showsOriginalNumber: boolean
  date: DateStyle
}

/** Each line with the commit that made it, as `git blame` shows it. */
export function* renderBlame(
  { lines, blamed }: Blame,
  commits: BlamedCommits,
  options: BlameTextOptions,
): Generator<Uint8Array> {
  const showsPath = options.showsPath || blamed.some(({ path }) => path !== options.path)
  const name = (each: BlamedLines) => {
    const { author } = commits(each)
    return options.showsEmail ? `<${author.email}>` : author.name
  }
  const widths = {
    path: widest(blamed.map(({ path }) => quoteName(path))),
    name: widest(blamed.map(name)),
    original: widest(blamed.map(({ line, count }) => String(line + count))),
    number: widest(blamed.map(({ start, count }) => String(start + count))),
  }
  const authors = new Map<string | undefined, string>()
  for (const each of blamed) {
    const path = showsPath ? ` ${padded(quoteName(each.path), widths.path)}` : ''
    let author = authors.get(each.commit)
    if (author === undefined && options.showsAuthor) {
      const shownDate = renderDate(commits(each).author.date, options.date, options.now)
      author = ` (${padded(name(each), widths.name)} ${shownDate.padStart(10)}`
      authors.set(each.commit, author)
    }
    const commit = shownCommit(each, options.isLong)
    for (let at = 0; at < each.count; at++) {
      const original = options.showsOriginalNumber ? ` ${String(each.line + at + 1).padStart(widths.original)}` : ''
      const number = String(each.start + at + 1).padStart(widths.number)
      yield Buffer.from(`${commit}${path}${original}${author ?? ''} ${number}) `)
      yield* endedLine(lines, each.start + at)
    }
  }
}

/** A line with its line feed, also where it has none. */
export function* endedLine(lines: Lines, line: number): Generator<Uint8Array> {
  const bytes = bytesOfLines(lines, line, line + 1)
  yield bytes
  if (bytes.at(-1) !== LINE_FEED) yield Buffer.from('\n')
}

const LINE_FEED = 10

/** The commit as text; zeros where there is none yet. */
export function commitText(commit: string | undefined): string {
  return commit ?? '0'.repeat(61)
}

/** A commit without parents has a `^` in front, and one character less. */
function shownCommit({ commit, isBoundary }: BlamedLines, isLong: boolean): string {
  const shown = isLong || commit === undefined ? commitText(commit) : shortenLinkText(commit)
  const length = isLong ? shown.length : SHORT_LENGTH
  return isBoundary ? `^${shown.slice(0, length - 1)}` : shown.slice(0, length)
}

/** Characters of the short form of a commit's CID. */
const SHORT_LENGTH = 17

function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, Array.from(text).length), 0)
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(width - Array.from(text).length)
}
