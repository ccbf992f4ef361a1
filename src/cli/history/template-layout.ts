import { displayWidth } from '../../model/display-width.ts'

/** `%<(N)`, `%>(N)`, `%>>(N)` or `%><(N)`: the next field takes so many columns; `cut` says where it may be cut. */
export interface Padding {
  side: 'left' | 'right' | 'both'
  columns: number
  cut: 'trunc' | 'ltrunc' | 'mtrunc' | undefined
}

/** Reads a padding as `<(20,trunc)`; undefined for what is none. */
export function readPadding(text: string | undefined): Padding | undefined {
  const match = /^(<|>|>>|><)\( *(\d{1,4}) *(?:, *(trunc|ltrunc|mtrunc) *)?\)$/.exec(text ?? '')
  if (match === null) return undefined
  const [, arrow, columns, cut] = match
  const side = arrow === '<' ? 'left' : arrow === '><' ? 'both' : 'right'
  return { side, columns: Number(columns), cut: cut as Padding['cut'] }
}

/** Puts a field into its columns. */
export function padField(field: string, { side, columns, cut }: Padding): string {
  const width = displayWidth(field)
  if (width > columns) return cut === undefined ? field : cutField(field, columns, cut)
  const room = columns - width
  const left = side === 'left' ? 0 : side === 'right' ? room : Math.floor(room / 2)
  return ' '.repeat(left) + field + ' '.repeat(room - left)
}

function cutField(field: string, columns: number, cut: NonNullable<Padding['cut']>): string {
  const characters = Array.from(field)
  const kept = Math.max(0, columns - 2)
  if (cut === 'trunc') return `${characters.slice(0, kept).join('')}..`
  if (cut === 'ltrunc') return `..${characters.slice(characters.length - kept).join('')}`
  const head = Math.floor(columns / 2) - 1
  return `${characters.slice(0, Math.max(0, head)).join('')}..${characters.slice(characters.length - (kept - Math.max(0, head))).join('')}`
}

/** `%w(W,I,J)`: lines of at most `columns`, the first indented by `first`, the others by `rest`; 0 columns: not wrapped. */
export interface Wrapping {
  columns: number
  first: number
  rest: number
}

/** Reads what stands in the parentheses of `%w(…)`; undefined for what is no wrapping. */
export function readWrapping(text: string | undefined): Wrapping | undefined {
  if (text === undefined || !/^\s*(?:\d+\s*(?:,\s*\d+\s*){0,2})?$/.test(text)) return undefined
  const [columns = 0, first = 0, rest = 0] = text.split(',').map(Number)
  return { columns, first, rest }
}

/**
 * Wraps a text. As with git, a line that begins with a letter or digit goes on where the line above ends, and another one loses
 * the white space that it begins with, one character of it.
 */
export function wrapText(text: string, { columns, first, rest }: Wrapping): string {
  const lines: string[] = []
  const joined =
    columns === 0 ? text : text.replaceAll(/(?<=[^\n])\n(?=[A-Za-z0-9])/g, ' ').replaceAll(/(?<=[^\n]\n)[ \t\r]/g, '')
  for (const [at, line] of joined.split('\n').entries()) {
    const indent = ' '.repeat(at === 0 ? first : rest)
    if (columns === 0 || line === '') lines.push(line === '' ? '' : indent + line)
    else lines.push(...wrapLine(line, indent, { columns, first, rest }))
  }
  return lines.join('\n')
}

function wrapLine(line: string, indent: string, { columns, rest }: Wrapping): string[] {
  const lines: string[] = []
  let current = indent
  let isEmpty = true
  for (const piece of line.split(/(?=[ \t])/)) {
    const width = columnsOf(current + piece)
    if (!isEmpty && width > columns) {
      lines.push(current)
      current = ' '.repeat(rest)
      isEmpty = true
    }
    current += isEmpty && lines.length > 0 ? piece.slice(1) : piece
    isEmpty = false
  }
  return [...lines, current]
}

/** A tab leads to the next column that is a multiple of eight. */
function columnsOf(text: string): number {
  return text.split('\t').reduce((width, piece, at) => (at === 0 ? 0 : (width | 7) + 1) + displayWidth(piece), 0)
}
