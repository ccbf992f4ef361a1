import { SPACE_CLASS, translateBracket, WORD_CLASS } from './bracket-expression.ts'
import { patternInvalid } from './pattern-invalid.ts'

/** One of the alternatives of a pattern, in JavaScript's syntax, for flag `u`. */
export interface Alternative {
  source: string
  /** The longest text that must be in whatever matches; '' where none is known. */
  literal: string
  /** Whether it refers to its own groups: then it must not become part of another expression. */
  hasBackreference: boolean
}

/** Basic or extended, as POSIX and GNU have them. */
export type PosixSyntax = 'basic' | 'extended'

/** The beginning and the end of a line, where several stand in one text. JavaScript's own also know other line ends. */
const LINE_START = '(?<![^\\n])'
const LINE_END = '(?![^\\n])'

/**
 * Translates a regular expression of POSIX with GNU's additions (`\|`, `\+`, `\?` in basic ones; `\w`, `\s`, `\b`, `\<`, `\>`
 * and their like, and references to groups, in both). What is found never spans lines.
 *
 * Of several alternatives POSIX takes the longest, JavaScript the first: so those at the top are given apart. Within groups
 * the first is taken, which shows only in how much of a line matches.
 *
 * InvalidError `pattern-invalid` where git refuses it too.
 */
export function translatePosix(pattern: string, syntax: PosixSyntax): Alternative[] {
  const hasBackreference = /\\[1-9]/.test(pattern)
  const parser = new Parser(pattern, syntax, hasBackreference)
  const branches = parser.parse()
  if (!hasBackreference) return branches.map((branch) => ({ ...branch, hasBackreference }))
  return [{ source: joined(branches), literal: branches.length === 1 ? branches[0]!.literal : '', hasBackreference }]
}

/** A text as it stands, as a pattern. */
export function literalAlternative(text: string): Alternative {
  return { source: Array.from(text, escaped).join(''), literal: text, hasBackreference: false }
}

interface Branch {
  source: string
  literal: string
}

function joined(branches: readonly Branch[]): string {
  return branches.map(({ source }) => source).join('|')
}

function escaped(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character
}

/** What GNU adds, behind a backslash. */
const ESCAPES: Readonly<Record<string, string>> = {
  w: `[${WORD_CLASS}]`,
  W: `[^${WORD_CLASS}\\n]`,
  s: `[${SPACE_CLASS}]`,
  S: `[^${SPACE_CLASS}\\n]`,
}
const BEFORE_WORD = `(?<![${WORD_CLASS}])(?=[${WORD_CLASS}])`
const BEHIND_WORD = `(?<=[${WORD_CLASS}])(?![${WORD_CLASS}])`
const ASSERTIONS: Readonly<Record<string, string>> = {
  '<': BEFORE_WORD,
  '>': BEHIND_WORD,
  b: `(?:${BEFORE_WORD}|${BEHIND_WORD})`,
  B: `(?:(?<=[${WORD_CLASS}])(?=[${WORD_CLASS}])|(?<![${WORD_CLASS}])(?![${WORD_CLASS}]))`,
  '`': LINE_START,
  "'": LINE_END,
}

/** Signs that are operators plain in extended and behind a backslash in basic expressions. */
const OPERATORS = new Set(['(', ')', '|', '+', '?', '{', '}'])

/** GNU's limit for how often something is repeated. */
const MAX_REPEATS = 32_767

/** A branch while it is read. */
interface OpenBranch {
  parts: string[]
  /** Whether the last part can be repeated, was repeated already, or is none that could be. */
  last: 'nothing' | 'character' | 'group' | 'repeated'
  /** The characters read last that stand for themselves, and the longest row of such. */
  run: string
  longest: string
}

class Parser {
  readonly #pattern: string
  readonly #characters: readonly string[]
  readonly #isExtended: boolean
  readonly #open: string
  #at = 0
  #depth = 0
  #closedGroups = 0

  constructor(pattern: string, syntax: PosixSyntax, captures: boolean) {
    this.#pattern = pattern
    this.#characters = Array.from(pattern)
    this.#isExtended = syntax === 'extended'
    this.#open = captures ? '(' : '(?:'
  }

  parse(): Branch[] {
    return this.#parseBranches()
  }

  #parseBranches(): Branch[] {
    const branches: Branch[] = []
    for (;;) {
      branches.push(this.#parseBranch())
      if (!this.#isOperator('|')) return branches
      this.#skipOperator()
    }
  }

  #parseBranch(): Branch {
    const branch: OpenBranch = { parts: [], last: 'nothing', run: '', longest: '' }
    while (this.#at < this.#characters.length) {
      if (this.#isOperator('|')) break
      if (this.#isOperator(')')) {
        if (this.#depth > 0) break
        if (!this.#isExtended) throw this.#invalid('a \\) has no \\(')
      }
      this.#parsePart(branch)
    }
    endRun(branch)
    return { source: branch.parts.join(''), literal: branch.longest }
  }

  #parsePart(branch: OpenBranch): void {
    const character = this.#characters[this.#at] as string
    if (this.#isOperator('(')) this.#parseGroup(branch)
    else if (character === '*' || this.#isOperator('+') || this.#isOperator('?') || this.#isOperator('{')) {
      this.#parseRepeat(branch)
    } else if (character === '^' && (this.#isExtended || branch.parts.length === 0)) this.#assert(branch, LINE_START)
    else if (character === '$' && (this.#isExtended || this.#isEndOfBranch(this.#at + 1)))
      this.#assert(branch, LINE_END)
    else if (character === '.') this.#add(branch, '[^\\n]', this.#at + 1)
    else if (character === '[') {
      const { source, end } = translateBracket(this.#characters, this.#at + 1)
      this.#add(branch, source, end)
    } else if (character === '\\') this.#parseEscape(branch)
    else this.#addCharacter(branch, character, this.#at + 1)
  }

  #parseGroup(branch: OpenBranch): void {
    this.#skipOperator()
    this.#depth++
    const inner = this.#parseBranches()
    if (!this.#isOperator(')')) throw this.#invalid(this.#isExtended ? 'a ( has no )' : 'a \\( has no \\)')
    this.#depth--
    this.#closedGroups++
    this.#skipOperator()
    this.#add(branch, `${this.#open}${joined(inner)})`, this.#at)
  }

  #parseRepeat(branch: OpenBranch): void {
    const sign = this.#characters[this.#at] === '\\' ? this.#characters[this.#at + 1] : this.#characters[this.#at]
    if (branch.last === 'nothing') {
      const isLiteral = !this.#isExtended && sign !== '{'
      if (!isLiteral) throw this.#invalid(`there is nothing that ${sign} could repeat`)
      return this.#addCharacter(branch, sign as string, this.#at + (sign === '*' ? 1 : 2))
    }
    if (branch.last === 'repeated' && !this.#isExtended) throw this.#invalid('what is repeated is repeated again')
    if (sign === '*') this.#at++
    else this.#skipOperator()
    const repeat = sign === '{' ? this.#readInterval() : (sign as string)
    const repeated = branch.parts.at(-1) as string
    branch.parts[branch.parts.length - 1] = branch.last === 'repeated' ? `(?:${repeated})${repeat}` : repeated + repeat
    if (branch.last === 'character') branch.run = Array.from(branch.run).slice(0, -1).join('')
    endRun(branch)
    branch.last = 'repeated'
  }

  /** `n}`, `n,}`, `,m}` or `n,m}`, behind the brace. */
  #readInterval(): string {
    const rest = this.#characters.slice(this.#at).join('')
    const found = (this.#isExtended ? /^(\d*)(,?)(\d*)\}/ : /^(\d*)(,?)(\d*)\\\}/).exec(rest)
    if (found === null) throw this.#invalid('a { is not followed by numbers and }')
    const [whole, first = '', comma, last = ''] = found
    if (first === '' && comma === '') throw this.#invalid('{} has no number')
    const [from, to] = [Number(first), Number(last)]
    if (from > MAX_REPEATS || to > MAX_REPEATS) throw this.#invalid(`more than ${MAX_REPEATS} repetitions`)
    if (last !== '' && from > to) throw this.#invalid(`{${first},${last}} ends before it begins`)
    this.#at += whole.length
    return `{${from}${comma}${last}}`
  }

  #parseEscape(branch: OpenBranch): void {
    const character = this.#characters[this.#at + 1]
    if (character === undefined) throw this.#invalid('there is nothing behind the last backslash')
    const end = this.#at + 2
    if (/[1-9]/.test(character)) {
      if (Number(character) > this.#closedGroups) throw this.#invalid(`there is no group ${character} before it`)
      return this.#add(branch, `(?:\\${character})`, end)
    }
    const assertion = ASSERTIONS[character]
    const set = ESCAPES[character]
    if (assertion !== undefined) {
      this.#at++
      this.#assert(branch, assertion)
    } else if (set !== undefined) this.#add(branch, set, end)
    else this.#addCharacter(branch, character, end)
  }

  #assert(branch: OpenBranch, source: string): void {
    branch.parts.push(source)
    branch.last = 'nothing'
    this.#at++
  }

  #add(branch: OpenBranch, source: string, end: number): void {
    endRun(branch)
    branch.parts.push(source)
    branch.last = 'group'
    this.#at = end
  }

  #addCharacter(branch: OpenBranch, character: string, end: number): void {
    branch.parts.push(escaped(character))
    branch.run += character
    branch.last = 'character'
    this.#at = end
  }

  #isEndOfBranch(at: number): boolean {
    return at === this.#characters.length || this.#isOperator('|', at) || (this.#depth > 0 && this.#isOperator(')', at))
  }

  #isOperator(sign: string, at = this.#at): boolean {
    if (!OPERATORS.has(sign)) return false
    if (this.#isExtended) return this.#characters[at] === sign
    return this.#characters[at] === '\\' && this.#characters[at + 1] === sign
  }

  #skipOperator(): void {
    this.#at += this.#isExtended ? 1 : 2
  }

  #invalid(problem: string): Error {
    return patternInvalid(this.#pattern, problem)
  }
}

function endRun(branch: OpenBranch): void {
  if (branch.run.length > branch.longest.length) branch.longest = branch.run
  branch.run = ''
}
