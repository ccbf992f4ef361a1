import { isUtf8 } from 'node:buffer'

import { patternInvalid } from './pattern-invalid.ts'
import { type Alternative, literalAlternative, translatePosix } from './posix-pattern.ts'

/** How patterns are written: regular expressions of POSIX or of JavaScript, or texts as they stand. */
export type PatternSyntax = 'basic' | 'extended' | 'fixed' | 'javascript'

export interface SearchOptions {
  syntax: PatternSyntax
  ignoresCase?: boolean | undefined
  /** Only what stands between characters that are neither letters, digits nor `_` (of ASCII, as in git). */
  wholeWords?: boolean | undefined
}

/** Where in a line something matches, in bytes. */
export interface Match {
  start: number
  end: number
}

/** What lines are looked for: those in which any of several patterns matches. */
export interface Search {
  /** Bytes of which one must be in any line that matches; empty where none are known. */
  readonly literals: readonly Buffer[]
  /** Whether a line that holds one of `literals` matches. */
  readonly isLiteral: boolean
  /** Expressions that find lines in a text of many; undefined where only single lines can be asked. */
  readonly spanning: readonly RegExp[] | undefined
  /** Whether a line that they find matches. */
  readonly isSpanningEnough: boolean
  /** Whether it might take exponential time on some lines: a group is repeated, or referred to. */
  readonly isRisky: boolean
  /** Whether a line, without its line feed, matches. */
  matchesLine(line: Buffer): boolean
  /** What matches in a line, from left to right, the longest first; it ends at the first that is empty, as in git. */
  matches(line: Buffer): Match[]
}

/** Literals of fewer bytes are met too often to be worth while. */
const MIN_LITERAL_BYTES = 3
const MAX_LITERALS = 8

/**
 * Makes a search from patterns; a line feed in one parts two. Bytes are read as UTF-8; a line that is not is read byte by byte.
 *
 * Throws InvalidError `pattern-invalid` (details: `pattern`).
 */
export function createSearch(patterns: readonly string[], options: SearchOptions): Search {
  const alternatives = patterns.flatMap((pattern) => pattern.split('\n')).flatMap((each) => translate(each, options))
  const found = literalsOf(alternatives, options)
  const wholeWords = options.wholeWords === true
  const each = new Expressions(
    alternatives.map(({ source }) => source),
    options,
  )
  const any = new Expressions(together(alternatives), options)
  return {
    literals: found,
    isLiteral: options.syntax === 'fixed' && !wholeWords && found.length > 0,
    // JavaScript's expressions may look over the ends of lines.
    spanning: options.syntax === 'javascript' ? undefined : any.forText,
    isSpanningEnough: !wholeWords,
    isRisky: options.syntax !== 'fixed' && alternatives.some(({ source }) => RISKY.test(source)),
    matchesLine(line) {
      const { text, expressions } = any.read(line)
      return expressions.some((expression) => firstMatch(expression, text, 0, wholeWords) !== undefined)
    },
    matches(line) {
      const { text, expressions, isText } = each.read(line)
      const matches: Match[] = []
      const toByte = isText ? byteCounter(text) : (at: number) => at
      for (let at = 0; ;) {
        const match = longestFirst(expressions, text, at, wholeWords)
        if (match === undefined || match.start === match.end) return matches
        matches.push({ start: toByte(match.start), end: toByte(match.end) })
        at = match.end
      }
    },
  }
}

const RISKY = /\)[*+{]|\\[1-9k]/

function translate(pattern: string, { syntax }: SearchOptions): Alternative[] {
  if (syntax === 'fixed') return [literalAlternative(pattern)]
  if (syntax !== 'javascript') return translatePosix(pattern, syntax)
  const literal = /^[\w ]*$/.test(pattern) ? pattern : ''
  return [{ source: pattern, literal, hasBackreference: true }]
}

/** A text for each alternative; none where one has none, or where letters stand for others. */
function literalsOf(alternatives: readonly Alternative[], { ignoresCase }: SearchOptions): Buffer[] {
  const literals = [...new Set(alternatives.map(({ literal }) => literal))].map((text) => Buffer.from(text))
  const isOfUse = literals.length <= MAX_LITERALS && literals.every(({ length }) => length >= MIN_LITERAL_BYTES)
  return ignoresCase === true || !isOfUse ? [] : literals
}

/** Alternatives as few expressions: whether any matches is one question. */
function together(alternatives: readonly Alternative[]): string[] {
  const joinable = alternatives.filter(({ hasBackreference }) => !hasBackreference)
  const alone = alternatives.filter(({ hasBackreference }) => hasBackreference).map(({ source }) => source)
  return joinable.length === 0 ? alone : [joinable.map(({ source }) => source).join('|'), ...alone]
}

function compile(source: string, { syntax, ignoresCase }: SearchOptions): RegExp {
  const flags = ignoresCase === true ? 'gi' : 'g'
  try {
    return new RegExp(source, `${flags}u`)
  } catch (error) {
    if (syntax !== 'javascript') throw error
  }
  try {
    // What flag `u` refuses, like `\-`, means something without it.
    return new RegExp(source, flags)
  } catch (error) {
    throw patternInvalid(source, (error as Error).message)
  }
}

interface ReadLine {
  text: string
  expressions: readonly RegExp[]
  /** Whether the text has characters of several bytes. */
  isText: boolean
}

/** Expressions for text, and for bytes where these are none. */
class Expressions {
  readonly forText: readonly RegExp[]
  readonly #sources: readonly string[]
  readonly #options: SearchOptions
  #forBytes: readonly RegExp[] | undefined

  constructor(sources: readonly string[], options: SearchOptions) {
    this.#sources = sources
    this.#options = options
    this.forText = sources.map((source) => compile(source, options))
  }

  read(line: Buffer): ReadLine {
    if (isUtf8(line)) return { text: line.toString('utf8'), expressions: this.forText, isText: true }
    this.#forBytes ??= this.#sources.map((source) => compile(asBytes(Buffer.from(source)), this.#options))
    return { text: asBytes(line), expressions: this.#forBytes, isText: false }
  }
}

/** One character for each byte; those beyond ASCII are letters of no script, nor anything else. */
function asBytes(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replaceAll(/[\u0080-\u00ff]/g, (byte) => String.fromCharCode(PRIVATE_USE + byte.charCodeAt(0)))
}

const PRIVATE_USE = 0xe000

const WORD = /[0-9A-Za-z_]/

/** The first match; of whole words as git finds them: not all that an expression could match is tried, only what it does. */
function firstMatch(expression: RegExp, text: string, from: number, wholeWords: boolean): Match | undefined {
  const isWord = (at: number) => WORD.test(text[at] ?? '')
  for (let at = from; at <= text.length;) {
    expression.lastIndex = at
    const found = expression.exec(text)
    if (found === null) return undefined
    const [start, end] = [found.index, found.index + found[0].length]
    if (!wholeWords || (start < end && !isWord(start - 1) && !isWord(end))) return { start, end }
    // Within a character of two units the search begins at its first one, again.
    at = Math.max(at, start) + 1
    while (at < text.length && isWord(at - 1)) at++
    if (at >= text.length) return undefined
  }
  return undefined
}

function longestFirst(
  expressions: readonly RegExp[],
  text: string,
  at: number,
  wholeWords: boolean,
): Match | undefined {
  let best: Match | undefined
  for (const expression of expressions) {
    const match = firstMatch(expression, text, at, wholeWords)
    if (match === undefined) continue
    if (best === undefined || match.start < best.start || (match.start === best.start && match.end > best.end)) {
      best = match
    }
  }
  return best
}

/** Byte offsets of ascending positions in a text. */
function byteCounter(text: string): (at: number) => number {
  let [position, bytes] = [0, 0]
  return (at) => {
    bytes += Buffer.byteLength(text.slice(position, at))
    position = at
    return bytes
  }
}
