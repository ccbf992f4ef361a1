import { isText } from '../text/is-text.ts'
import { findLines } from './line-finder.ts'
import type { Search } from './search.ts'
import type { TextPiece } from './text-pieces.ts'

/** What is found in a file, in its order. */
export type Finding =
  | { kind: 'match' | 'context'; number: number; line: Buffer }
  /** Something matches in what is no text; nothing more is looked for. */
  | { kind: 'binary' }

/** What is wanted of each file. */
export interface FileSearchOptions {
  /** Lines that do not match are found. */
  isInverted?: boolean | undefined
  /** Lines of context before and behind each. */
  before?: number | undefined
  after?: number | undefined
  /** Lines after which the search ends. */
  maxCount?: number | undefined
  /** Whether the numbers of lines matter; where they do not, lines need not be counted. */
  needsNumbers?: boolean | undefined
  /** `lines` unless given; for `count` and `any` no line is told, and with `any` the first one ends the search. */
  wants?: 'lines' | 'count' | 'any' | undefined
  /** What is no text is searched as if it were (`text`), or not at all (`skip`). */
  binary?: 'text' | 'skip' | undefined
}

const LINE_FEED = 10

/** The search of one file, piece by piece. */
export class FileSearch {
  /** Lines found so far. */
  count = 0
  /** Whether more pieces would change nothing. */
  isDone = false
  readonly #search: Search
  readonly #options: FileSearchOptions
  readonly #tell: (finding: Finding) => void
  #isBinary: boolean | undefined
  /** The number of lines passed. */
  #lines = 0
  /** Lines of context still to be told. */
  #owed = 0
  /** The last lines passed: what may become context of the next. */
  readonly #recent: Buffer[] = []

  /** Lines that are told are parts of the pieces, valid until the next. */
  constructor(search: Search, options: FileSearchOptions, tell: (finding: Finding) => void) {
    this.#search = search
    this.#options = options
    this.#tell = tell
    this.isDone = options.maxCount === 0
  }

  push({ lines, isCut }: TextPiece): void {
    this.#isBinary ??= !isText(lines) && this.#options.binary !== 'text'
    if (isCut && this.#options.binary !== 'text') this.#isBinary = true
    if (this.#isBinary && this.#options.binary === 'skip') this.isDone = true
    const finder = findLines(this.#search, lines)
    for (let from = 0; from < lines.length && !this.isDone;) {
      const next = finder.next(from) ?? { start: lines.length, end: lines.length }
      if (this.#options.isInverted) this.#hitAll(lines, from, next.start)
      else this.#pass(lines, from, next.start)
      if (next.start === lines.length || this.isDone) return
      if (this.#options.isInverted) this.#pass(lines, next.start, next.end + 1)
      else this.#hitAll(lines, next.start, next.end + 1)
      from = next.end + 1
    }
  }

  /** Lines that are found. */
  #hitAll(lines: Buffer, from: number, to: number): void {
    for (let start = from; start < to && !this.isDone;) {
      const end = lines.indexOf(LINE_FEED, start)
      this.#hit(lines.subarray(start, end))
      start = end + 1
      // The context behind the last one is told too.
      if (this.isDone && this.#owed > 0) this.#tellOwed(lines, start)
    }
  }

  #hit(line: Buffer): void {
    this.count++
    this.#lines++
    const { wants = 'lines', maxCount = Infinity, after = 0 } = this.#options
    if (wants === 'any' || this.count >= maxCount) this.isDone = true
    if (wants !== 'lines') return
    if (this.#isBinary) {
      this.#tell({ kind: 'binary' })
      this.isDone = true
      return
    }
    this.#tellContextBefore()
    this.#tell({ kind: 'match', number: this.#lines, line })
    this.#owed = after
  }

  #tellContextBefore(): void {
    const first = this.#lines - this.#recent.length
    for (const [at, line] of this.#recent.entries()) this.#tell({ kind: 'context', number: first + at, line })
    this.#recent.length = 0
  }

  /** Lines that are not found: the first may be context of the one before, the last of the one to come. */
  #pass(lines: Buffer, from: number, to: number): void {
    const { before = 0, after = 0, wants = 'lines', needsNumbers = true } = this.#options
    if (wants !== 'lines' || from >= to || !(needsNumbers || before > 0 || after > 0)) return
    const start = this.#owed > 0 ? this.#tellOwed(lines, from, to) : from
    this.#lines += countLineFeeds(lines, start, to)
    if (before > 0) this.#remember(lines, start, to, before)
  }

  #tellOwed(lines: Buffer, from: number, to = lines.length): number {
    let start = from
    for (; this.#owed > 0 && start < to; this.#owed--) {
      const end = lines.indexOf(LINE_FEED, start)
      this.#tell({ kind: 'context', number: ++this.#lines, line: lines.subarray(start, end) })
      start = end + 1
    }
    return start
  }

  #remember(lines: Buffer, from: number, to: number, before: number): void {
    const last: Buffer[] = []
    for (let end = to - 1; end >= from && last.length < before;) {
      const start = end === from ? from : Math.max(from, lines.lastIndexOf(LINE_FEED, end - 1) + 1)
      // A copy: it may outlive its piece.
      last.push(Buffer.from(lines.subarray(start, end)))
      end = start - 1
    }
    this.#recent.push(...last.toReversed())
    this.#recent.splice(0, this.#recent.length - before)
  }
}

function countLineFeeds(lines: Buffer, from: number, to: number): number {
  let count = 0
  for (let at = lines.indexOf(LINE_FEED, from); at !== -1 && at < to; at = lines.indexOf(LINE_FEED, at + 1)) count++
  return count
}
