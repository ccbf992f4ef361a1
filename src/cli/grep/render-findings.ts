import type { Finding } from '../../repo/grep/search-file.ts'
import type { Match, Search } from '../../repo/grep/search.ts'
import { styled } from '../style.ts'
import { jsonLine, type Terminal } from '../terminal.ts'

/** How findings are shown. */
export interface FindingStyle {
  terminal: Pick<Terminal, 'color'>
  search: Search
  showsName: boolean
  showsNumber: boolean
  showsColumn: boolean
  onlyMatching: boolean
  isInverted: boolean
  heading: boolean
  break: boolean
  /** Whether there are lines of context: then what is apart is parted by a line `--`. */
  hasContext: boolean
  nul: boolean
}

/** Turns findings into output, file by file. */
export interface FindingRenderer {
  render(name: string, finding: Finding): Uint8Array[]
  /** Begins another file. */
  nextFile(): void
}

const LINE_FEED = Buffer.from('\n')

/** A renderer for people, in git's form. */
export function createFindingRenderer(style: FindingStyle): FindingRenderer {
  return new TextRenderer(style)
}

class TextRenderer implements FindingRenderer {
  readonly #style: FindingStyle
  #hasShown = false
  /** The number of the line shown last in this file; 0 before the first. */
  #last = 0

  constructor(style: FindingStyle) {
    this.#style = style
  }

  nextFile(): void {
    this.#last = 0
  }

  render(name: string, finding: Finding): Uint8Array[] {
    if (finding.kind === 'binary') return [Buffer.from(`Binary file ${name} matches\n`)]
    const { number, line, kind } = finding
    const { onlyMatching, showsColumn, terminal, isInverted, search } = this.#style
    const beginning = this.#beginning(name, number)
    const shown: Uint8Array[] = beginning === '' ? [] : [Buffer.from(beginning)]
    this.#last = number
    this.#hasShown = true
    const wantsMatches = (onlyMatching || terminal.color || showsColumn) && kind === 'match' && !isInverted
    const matches = wantsMatches ? search.matches(line) : []
    if (!onlyMatching) {
      const column = kind === 'match' ? (matches[0]?.start ?? 0) + 1 : undefined
      shown.push(Buffer.from(this.#header(name, { kind, number, column })))
      shown.push(...(terminal.color ? this.#painted(line, matches) : [line]), LINE_FEED)
      return shown
    }
    for (const { start, end } of matches) {
      shown.push(Buffer.from(this.#header(name, { kind, number, column: start + 1 })))
      shown.push(...this.#painted(line.subarray(start, end), [{ start: 0, end: end - start }]), LINE_FEED)
    }
    return shown
  }

  /** What parts a line from the one before, and the name above the first. */
  #beginning(name: string, number: number): string {
    const { heading, hasContext, nul } = this.#style
    const isFirst = this.#last === 0
    const isApart = isFirst ? this.#hasShown : number > this.#last + 1
    const gap = isApart && hasContext ? `${this.#paint('cyan', '--')}\n` : ''
    const parting = isFirst && this.#hasShown && this.#style.break ? '\n' : gap
    return parting + (heading && isFirst ? this.#paint('magenta', name) + (nul ? '\0' : '\n') : '')
  }

  #header(name: string, line: { kind: 'match' | 'context'; number: number; column: number | undefined }): string {
    const { showsName, heading, nul, showsNumber, showsColumn } = this.#style
    const sign = this.#paint('cyan', line.kind === 'match' ? ':' : '-')
    const shownName = showsName && !heading ? this.#paint('magenta', name) + (nul ? '\0' : sign) : ''
    const number = showsNumber ? this.#paint('green', String(line.number)) + sign : ''
    const column = showsColumn && line.column !== undefined ? this.#paint('green', String(line.column)) + sign : ''
    return shownName + number + column
  }

  #painted(line: Buffer, matches: readonly Match[]): Uint8Array[] {
    const [before = '', behind = ''] = this.#paint(['bold', 'red'], '\0').split('\0')
    const parts: Uint8Array[] = []
    let at = 0
    for (const { start, end } of matches) {
      parts.push(line.subarray(at, start), Buffer.from(before), line.subarray(start, end), Buffer.from(behind))
      at = end
    }
    parts.push(line.subarray(at))
    return parts
  }

  #paint(format: Parameters<typeof styled>[1], text: string): string {
    return styled(this.#style.terminal, format, text)
  }
}

/** A renderer for programs: a JSON document on a line for each line found, or with `onlyMatching` for each match. */
export function createDocumentRenderer({ search, onlyMatching, isInverted }: FindingStyle) {
  return (place: { revision?: string; path: string }, finding: Finding): Uint8Array[] => {
    if (finding.kind === 'binary') return [Buffer.from(jsonLine({ ...place, binary: true }))]
    const { number, line, kind } = finding
    if (kind === 'context') {
      return onlyMatching ? [] : [Buffer.from(jsonLine({ ...place, line: number, text: String(line), context: true }))]
    }
    const matches = isInverted ? [] : search.matches(line)
    const documents = onlyMatching
      ? matches.map(({ start, end }) => ({ line: number, column: start + 1, text: String(line.subarray(start, end)) }))
      : [{ line: number, column: (matches[0]?.start ?? 0) + 1, text: String(line) }]
    return documents.map((document) => Buffer.from(jsonLine({ ...place, ...document })))
  }
}
