import { isAscii, isUtf8 } from 'node:buffer'

import type { Search } from './search.ts'

const LINE_FEED = 10

/** A line in a buffer: where it begins, and where its line feed stands. */
export interface FoundLine {
  start: number
  end: number
}

/** Finds the lines that match in a buffer of whole lines, one after the other. */
export interface LineFinder {
  /** The first line that matches at or behind `from`, where a line must begin. `from` only grows. */
  next(from: number): FoundLine | undefined
}

/**
 * Opens lines for a search. By far most lines match nothing, and are not looked at one by one: bytes that must be there are
 * looked for, or one expression goes through all of the text.
 */
export function findLines(search: Search, lines: Buffer): LineFinder {
  const isSelective = search.isLiteral || search.spanning === undefined || !areFrequent(search.literals, lines)
  if (search.literals.length > 0 && isSelective) return findByLiterals(search, lines)
  const isPlain = isAscii(lines)
  if (search.spanning === undefined || (!isPlain && !isUtf8(lines))) return findOneByOne(search, lines)
  const candidates = findInText(search.spanning, lines, isPlain)
  return search.isSpanningEnough ? candidates : only(candidates, search, lines)
}

/** So many of a literal at the beginning, so near to each other, mean that looking for it saves nothing. */
const SAMPLE = 32
const SAMPLE_BYTES = 1 << 13

function areFrequent(literals: readonly Buffer[], lines: Buffer): boolean {
  const beginning = lines.subarray(0, SAMPLE_BYTES)
  let count = 0
  for (const literal of literals) {
    for (let at = beginning.indexOf(literal); at !== -1 && count < SAMPLE; at = beginning.indexOf(literal, at + 1))
      count++
  }
  return count === SAMPLE
}

function findByLiterals(search: Search, lines: Buffer): LineFinder {
  // Where each literal stands next; -1: nowhere any more.
  const places = search.literals.map((literal) => lines.indexOf(literal))
  const nearest = (from: number): number => {
    let first = -1
    for (const [at, literal] of search.literals.entries()) {
      let place = places[at] as number
      if (place !== -1 && place < from) places[at] = place = lines.indexOf(literal, from)
      if (place !== -1 && (first === -1 || place < first)) first = place
    }
    return first
  }
  return {
    next(from) {
      for (let at = from; ;) {
        const place = nearest(at)
        if (place === -1) return undefined
        const line = lineAround(lines, place)
        if (search.isLiteral || search.matchesLine(lines.subarray(line.start, line.end))) return line
        at = line.end + 1
      }
    },
  }
}

function lineAround(lines: Buffer, place: number): FoundLine {
  const start = place === 0 ? 0 : lines.lastIndexOf(LINE_FEED, place - 1) + 1
  return { start, end: lines.indexOf(LINE_FEED, place) }
}

/** Those of the lines found that match. */
function only(candidates: LineFinder, search: Search, lines: Buffer): LineFinder {
  return {
    next(from) {
      let line = candidates.next(from)
      while (line !== undefined && !search.matchesLine(lines.subarray(line.start, line.end))) {
        line = candidates.next(line.end + 1)
      }
      return line
    },
  }
}

function findOneByOne(search: Search, lines: Buffer): LineFinder {
  return {
    next(from) {
      for (let start = from; start < lines.length;) {
        const end = lines.indexOf(LINE_FEED, start)
        if (search.matchesLine(lines.subarray(start, end))) return { start, end }
        start = end + 1
      }
      return undefined
    },
  }
}

function findInText(expressions: readonly RegExp[], lines: Buffer, isPlain: boolean): LineFinder {
  const text = isPlain ? lines.toString('latin1') : lines.toString('utf8')
  // Where in both the part begins that is still to be searched.
  let [character, byte] = [0, 0]
  const places = expressions.map(() => -1)
  return {
    next(from) {
      character += isPlain ? from - byte : lines.toString('utf8', byte, from).length
      byte = from
      let first = -1
      for (const [at, expression] of expressions.entries()) {
        if ((places[at] as number) < character) places[at] = searchFrom(expression, text, character)
        const place = places[at] as number
        if (place < text.length && (first === -1 || place < first)) first = place
      }
      if (first === -1) return undefined
      const startCharacter = first === character ? first : text.lastIndexOf('\n', first - 1) + 1
      const start = byte + (isPlain ? startCharacter - character : byteLength(text, character, startCharacter))
      character = startCharacter
      byte = start
      return { start, end: lines.indexOf(LINE_FEED, start) }
    },
  }
}

/** Where an expression matches next; the text's length, where no line begins, if nowhere. */
function searchFrom(expression: RegExp, text: string, from: number): number {
  expression.lastIndex = from
  return expression.exec(text)?.index ?? text.length
}

function byteLength(text: string, from: number, to: number): number {
  return Buffer.byteLength(text.slice(from, to))
}
