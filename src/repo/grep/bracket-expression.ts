import { patternInvalid } from './pattern-invalid.ts'

/** The classes of POSIX, as parts of a JavaScript class with flag `u`. Letters are those of Unicode. */
const CLASSES: Readonly<Record<string, string>> = {
  alnum: '\\p{Alphabetic}\\p{Nd}',
  alpha: '\\p{Alphabetic}',
  blank: ' \\t',
  cntrl: '\\x00-\\x09\\x0b-\\x1f\\x7f',
  digit: '0-9',
  graph: '\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}',
  lower: '\\p{Ll}',
  print: '\\p{L}\\p{M}\\p{N}\\p{P}\\p{S} ',
  punct: '\\p{P}\\p{S}',
  space: ' \\t\\v\\f\\r',
  upper: '\\p{Lu}',
  xdigit: '0-9A-Fa-f',
}

/** What `\w` stands for, as part of a JavaScript class. */
export const WORD_CLASS = '\\p{Alphabetic}\\p{Nd}_'

/** What `\s` stands for. */
export const SPACE_CLASS = CLASSES['space'] as string

/**
 * Translates the bracket expression of POSIX that begins behind the `[` at `start - 1`: `]` first and `-` last stand for
 * themselves, `\` always; `[:class:]`, `[=c=]` and `[.c.]` of one character. Gives the JavaScript class and where the
 * expression ends. InvalidError `pattern-invalid`.
 */
export function translateBracket(characters: readonly string[], start: number): { source: string; end: number } {
  const pattern = characters.join('')
  let at = start
  const isNegated = characters[at] === '^'
  if (isNegated) at++
  const parts: string[] = []
  for (let isFirst = true; isFirst || characters[at] !== ']'; isFirst = false) {
    if (characters[at] === undefined) throw patternInvalid(pattern, 'a [ has no ]')
    const element = readElement(characters, at)
    at = element.end
    if (characters[at] !== '-' || characters[at + 1] === ']' || characters[at + 1] === undefined) {
      parts.push(element.set ?? literal(element.character))
      continue
    }
    const last = readElement(characters, at + 1)
    at = last.end
    if (element.set !== undefined || last.set !== undefined || codeOf(element.character) > codeOf(last.character)) {
      throw patternInvalid(pattern, 'a range in [ ] ends before it begins')
    }
    parts.push(`${literal(element.character)}-${literal(last.character)}`)
  }
  // A line feed is in no line, and so in nothing that is looked for.
  return { source: isNegated ? `[^${parts.join('')}\\n]` : `[${parts.join('')}]`, end: at + 1 }
}

interface Element {
  character: string
  /** Of a class: what is in it. */
  set?: string
  end: number
}

function readElement(characters: readonly string[], at: number): Element {
  const kind = characters[at + 1]
  if (characters[at] !== '[' || (kind !== ':' && kind !== '=' && kind !== '.')) {
    return { character: characters[at] as string, end: at + 1 }
  }
  const pattern = characters.join('')
  let close = at + 2
  while (close < characters.length && !(characters[close] === kind && characters[close + 1] === ']')) close++
  if (close >= characters.length) throw patternInvalid(pattern, `a [${kind} has no ${kind}]`)
  const name = characters.slice(at + 2, close)
  const end = close + 2
  if (kind === ':') {
    const set = CLASSES[name.join('')]
    if (set !== undefined) return { character: '', set, end }
    throw patternInvalid(pattern, `there is no class [:${name.join('')}:]`)
  }
  if (name.length === 1) return { character: name[0] as string, end }
  throw patternInvalid(pattern, `[${kind}${name.join('')}${kind}] is not one character`)
}

function literal(character: string): string {
  return /[\\\]^[-]/.test(character) ? `\\${character}` : character
}

function codeOf(character: string): number {
  return character.codePointAt(0) as number
}
