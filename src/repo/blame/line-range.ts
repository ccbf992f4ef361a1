import { InvalidError } from '../../model/errors.ts'
import type { LineRange } from '../text/line-changes.ts'
import { bytesOfLines, type Lines } from '../text/lines.ts'

/** A range as git's `-L` has it: each end a number from 1, or a regular expression; the second may count from the first. */
interface ParsedRange {
  start: Place | undefined
  end: Place | { count: number } | undefined
}

type Place = { number: number } | { pattern: RegExp; isFromTop: boolean }

const END = String.raw`\d+|\^?/(?:[^/\\]|\\.)*/`
const RANGE = new RegExp(`^(${END})?(?:(,)(${END}|[+-]\\d+)?)?$`, 'u')

/**
 * Reads ranges of lines as git's `-L` takes them: `START,END`, `START,+COUNT`, `START,-COUNT`, `START`, `,END`; an end is a
 * number from 1 or `/REGEX/` (of JavaScript), searched from behind the range before, with `^` from the top.
 *
 * The function returned finds them in a text: sorted, each line once. Both throw InvalidError `line-range-invalid`.
 */
export function parseLineRanges(texts: readonly string[]): (lines: Lines) => LineRange[] {
  const ranges = texts.map((text) => ({ text, range: parseRange(text) }))
  return (lines) => {
    const found: LineRange[] = []
    for (const { text, range } of ranges) found.push(locate(range, lines, found.at(-1)?.end ?? 0, text))
    return unite(found)
  }
}

function parseRange(text: string): ParsedRange {
  const match = RANGE.exec(text)
  if (match === null || text === '') throw invalid(text, 'it is none of START,END and START,+COUNT')
  const [, start, comma, end] = match
  const counted = end !== undefined && /^[+-]/.test(end) ? { count: Number(end) } : undefined
  if (counted?.count === 0) throw invalid(text, 'it has no lines')
  const last = counted ?? (end === undefined ? undefined : parsePlace(end, text))
  // `-L 5` is from there to the end; `-L /x/` too.
  return {
    start: start === undefined ? undefined : parsePlace(start, text),
    end: comma === undefined ? undefined : last,
  }
}

function parsePlace(place: string, text: string): Place {
  if (/^\d/.test(place)) {
    if (Number(place) === 0) throw invalid(text, 'lines count from 1')
    return { number: Number(place) }
  }
  const isFromTop = place.startsWith('^')
  const source = place.slice(isFromTop ? 2 : 1, -1)
  try {
    return { pattern: new RegExp(source, 'u'), isFromTop }
  } catch (error) {
    throw invalid(text, `${source} is no regular expression`, error)
  }
}

function locate({ start, end }: ParsedRange, lines: Lines, behind: number, text: string): LineRange {
  const first = start === undefined ? 0 : lineAt(start, lines, behind, text)
  if (first >= lines.count && !(first === 0 && start === undefined)) {
    throw invalid(text, `the text has only ${lines.count} lines`)
  }
  if (end === undefined) return { start: first, end: lines.count }
  if ('count' in end) {
    if (end.count > 0) return { start: first, end: Math.min(first + end.count, lines.count) }
    return { start: Math.max(first + end.count + 1, 0), end: first + 1 }
  }
  const last = 'number' in end ? end.number - 1 : lineAt(end, lines, first + 1, text)
  const [low, high] = [Math.min(first, last), Math.max(first, last)]
  return { start: low, end: Math.min(high + 1, lines.count) }
}

function lineAt(place: Place, lines: Lines, behind: number, text: string): number {
  if ('number' in place) return place.number - 1
  for (let line = place.isFromTop ? 0 : behind; line < lines.count; line++) {
    const content = Buffer.from(bytesOfLines(lines, line, line + 1))
    if (place.pattern.test(content.toString().replace(/\n$/, ''))) return line
  }
  throw invalid(text, 'no line matches')
}

function unite(ranges: readonly LineRange[]): LineRange[] {
  const united: LineRange[] = []
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = united.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else united.push({ start, end })
  }
  return united
}

function invalid(text: string, problem: string, cause?: unknown): InvalidError {
  return new InvalidError('line-range-invalid', `no such lines: -L ${text}: ${problem}`, {
    hint: 'write lines as -L START,END or -L START,+COUNT, counted from 1',
    cause,
    details: { range: text },
  })
}
