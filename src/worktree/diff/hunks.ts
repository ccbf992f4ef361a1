import type { LineChange, LineRange } from '../../repo/text/line-changes.ts'
import type { Lines } from '../../repo/text/lines.ts'

/** A run of lines that differ, with the lines around it: each line with git's sign (` `, `-`, `+`, `\`) in front. */
export interface Hunk {
  beforeStart: number
  beforeLines: number
  afterStart: number
  afterLines: number
  /** The last line above that begins a section, by git's rule: its first character is a letter, `_` or `$`. */
  heading?: string
  lines: string[]
}

/** Both texts, line by line. */
export interface TextPair {
  before: Lines
  after: Lines
}

/** A change; an ignorable one is shown only where it stands near another. */
export interface RankedChange extends LineChange {
  isIgnorable: boolean
}

/** The hunks of a patch with so many unchanged lines around each change. */
export function* makeHunks(text: TextPair, changes: readonly RankedChange[], context: number): Generator<Hunk> {
  const headings = new Headings(text.before)
  for (const group of groupChanges(changes, context)) {
    const { before, after } = extent(text, group, context)
    const heading = headings.above(before.start)
    yield {
      beforeStart: before.end > before.start ? before.start + 1 : before.start,
      beforeLines: before.end - before.start,
      afterStart: after.end > after.start ? after.start + 1 : after.start,
      afterLines: after.end - after.start,
      ...(heading !== undefined && { heading }),
      lines: [...hunkLines(text, group, { before, after })],
    }
  }
}

/** Changes whose surroundings touch are shown together; ignorable ones only where they are near to others. */
function* groupChanges(changes: readonly RankedChange[], context: number): Generator<RankedChange[]> {
  let first = 0
  while (first < changes.length) {
    first = skipIgnorable(changes, first, context)
    if (first === changes.length) return
    const last = lastOfGroup(changes, first, context)
    yield changes.slice(first, last + 1)
    first = last + 1
  }
}

/** The change that a group begins with: ignorable ones that are far from what follows are passed over. */
function skipIgnorable(changes: readonly RankedChange[], from: number, context: number): number {
  let first = from
  for (let at = from; changes[at]?.isIgnorable === true; at++) {
    const next = changes[at + 1]
    if (next === undefined) return changes.length
    if (distance(changes[at] as RankedChange, next) >= context) first = at + 1
  }
  return first
}

function lastOfGroup(changes: readonly RankedChange[], first: number, context: number): number {
  let last = first
  let ignoredLines = 0
  for (let at = first + 1; at < changes.length; at++) {
    const [previous, change] = [changes[at - 1] as RankedChange, changes[at] as RankedChange]
    const gap = distance(previous, change)
    if (gap > 2 * context) break
    const isFar = last !== at - 1 && distance(changes[last] as RankedChange, change) + ignoredLines > 2 * context
    if (gap < context && (!change.isIgnorable || last === at - 1)) {
      last = at
      ignoredLines = 0
    } else if (gap < context) {
      ignoredLines += change.after.end - change.after.start
    } else if (isFar) {
      break
    } else if (change.isIgnorable) {
      ignoredLines += change.after.end - change.after.start
    } else {
      last = at
      ignoredLines = 0
    }
  }
  return last
}

/** Unchanged lines between two changes. */
function distance(one: LineChange, next: LineChange): number {
  return next.before.start - one.before.end
}

/** The lines of a hunk on both sides: as many unchanged ones before and after as there are. */
function extent({ before, after }: TextPair, group: readonly LineChange[], context: number) {
  const [first, last] = [group[0] as LineChange, group.at(-1) as LineChange]
  const lead = Math.min(context, first.before.start, first.after.start)
  const trail = Math.min(context, before.count - last.before.end, after.count - last.after.end)
  return {
    before: { start: first.before.start - lead, end: last.before.end + trail },
    after: { start: first.after.start - lead, end: last.after.end + trail },
  }
}

/** Unchanged lines are shown as they are now: they may differ in white space that is ignored. */
function* hunkLines(
  text: TextPair,
  group: readonly LineChange[],
  { after }: { before: LineRange; after: LineRange },
): Generator<string> {
  let at = after.start
  for (const change of group) {
    yield* signedLines(text.after, { start: at, end: change.after.start }, ' ')
    yield* signedLines(text.before, change.before, '-')
    yield* signedLines(text.after, change.after, '+')
    at = change.after.end
  }
  yield* signedLines(text.after, { start: at, end: after.end }, ' ')
}

function* signedLines(lines: Lines, { start, end }: LineRange, sign: string): Generator<string> {
  for (let line = start; line < end; line++) {
    const text = lineText(lines, line)
    const isEnded = text.endsWith('\n')
    yield sign + (isEnded ? text.slice(0, -1) : text)
    if (!isEnded) yield '\\ No newline at end of file'
  }
}

/** A line with its line feed, if it has one. Bytes that are no UTF-8 are shown as U+FFFD. */
export function lineText({ bytes, starts }: Lines, line: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', starts[line], starts[line + 1])
}

/** As git, a heading has so many bytes at most. */
const HEADING_BYTES = 80

/** Looks for headings upwards, never twice at one line. */
class Headings {
  readonly #lines: Lines
  #looked = 0
  #found: string | undefined

  constructor(lines: Lines) {
    this.#lines = lines
  }

  above(line: number): string | undefined {
    const { bytes, starts } = this.#lines
    for (let at = line - 1; at >= this.#looked; at--) {
      const [start, end] = [starts[at] as number, starts[at + 1] as number]
      if (!beginsSection(bytes[start] as number)) continue
      this.#found = Buffer.from(bytes.subarray(start, Math.min(end, start + HEADING_BYTES)))
        .toString('utf8')
        .trimEnd()
      break
    }
    this.#looked = line
    return this.#found
  }
}

function beginsSection(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 95 || byte === 36
}
