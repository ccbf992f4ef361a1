import { displayWidth } from '../../model/display-width.ts'
import { quoteName } from '../../model/quote-name.ts'
import type { ChangeCounts } from './change-counts.ts'
import { renameLabel } from './rename-label.ts'

/** A line of a stat in pieces: for colours. */
export type StatLine = { text: string; part: 'plain' | 'added' | 'removed' }[]

/** How wide a stat may be, and the names in it. */
export interface StatWidths {
  columns: number
  nameColumns?: number | undefined
}

/** One line for each file with a bar of what changed, in git's layout (`git diff --stat=COLUMNS,NAME_COLUMNS`). */
export function renderStat(counts: readonly ChangeCounts[], { columns, nameColumns }: StatWidths): StatLine[] {
  const rows = counts.map((change) => ({ change, label: changeLabel(change) }))
  const widths = layOut(rows, columns, nameColumns)
  return rows.map(({ change, label }) => [
    { text: ` ${fitLabel(label, widths.name)} | `, part: 'plain' },
    ...(change.isUnmerged
      ? [UNMERGED]
      : change.isBinary
        ? binaryPieces(change, widths.number)
        : barPieces(change, widths)),
  ])
}

const UNMERGED = { text: 'Unmerged', part: 'plain' } as const

/** What a change is called: its path, or both paths of a rename. */
export function changeLabel({ path, from }: Pick<ChangeCounts, 'path' | 'from'>): string {
  return from === undefined ? quoteName(path) : renameLabel(from, path)
}

interface Widths {
  name: number
  number: number
  bar: number
  /** The most lines that changed in one file. */
  most: number
}

/** Columns of a line beside name, number and bar: ` `, ` | `, ` ` and an empty one at the end. */
const BESIDE = 6
const LEAST_BAR = 6
const LEAST_NAME = 10

function layOut(
  rows: readonly { change: ChangeCounts; label: string }[],
  columns: number,
  nameColumns = Infinity,
): Widths {
  const text = rows.filter(({ change }) => !change.isBinary)
  const binary = rows.filter(({ change }) => change.isBinary)
  const most = Math.max(0, ...text.map(({ change }) => change.added + change.removed))
  const longest = Math.max(0, ...rows.map(({ label }) => displayWidth(label)))
  const binaryWidth = Math.max(0, ...binary.map(({ change }) => `Bin ${bytesText(change)}`.length))
  const number = Math.max(String(most).length, binary.length > 0 ? 3 : 0)
  const width = Math.max(columns, LEAST_NAME + LEAST_BAR + BESIDE + number)
  let bar = Math.max(most, binaryWidth - 4)
  let name = Math.min(longest, nameColumns)
  if (name + number + BESIDE + bar > width) {
    bar = Math.min(bar, Math.max(LEAST_BAR, Math.floor((width * 3) / 8) - number - BESIDE))
    const room = width - number - BESIDE - bar
    if (name > room) name = room
    else bar = width - number - BESIDE - name
  }
  return { name, number, bar, most }
}

/** The label in exactly so many columns: where it is too long, its beginning is cut, at a slash if there is one. */
function fitLabel(label: string, width: number): string {
  const length = displayWidth(label)
  if (length <= width) return label + ' '.repeat(width - length)
  const characters = Array.from(label)
  let left = length
  while (left > Math.max(0, width - 3)) left -= displayWidth(characters.shift() as string)
  const rest = characters.join('')
  const cut = `...${rest.includes('/') ? rest.slice(rest.indexOf('/')) : rest}`
  return cut + ' '.repeat(Math.max(0, width - displayWidth(cut)))
}

function binaryPieces({ added, removed }: ChangeCounts, width: number): StatLine {
  const start = 'Bin'.padStart(width)
  if (added === 0 && removed === 0) return [{ text: start, part: 'plain' }]
  return [
    { text: `${start} `, part: 'plain' },
    { text: String(removed), part: 'removed' },
    { text: ' -> ', part: 'plain' },
    { text: String(added), part: 'added' },
    { text: ' bytes', part: 'plain' },
  ]
}

function bytesText({ added, removed }: ChangeCounts): string {
  return `${removed} -> ${added} bytes`
}

function barPieces({ added, removed }: ChangeCounts, { number, bar, most }: Widths): StatLine {
  const total = added + removed
  const lengths = most >= bar ? scaleBar(added, removed, (lines) => scale(lines, bar, most)) : { added, removed }
  return [
    { text: `${String(total).padStart(number)}${total === 0 ? '' : ' '}`, part: 'plain' },
    { text: '+'.repeat(lengths.added), part: 'added' },
    { text: '-'.repeat(lengths.removed), part: 'removed' },
  ]
}

/** The smaller part is scaled, so that it never vanishes; the larger is what is left. */
function scaleBar(added: number, removed: number, toColumns: (lines: number) => number) {
  const total = Math.max(toColumns(added + removed), added > 0 && removed > 0 ? 2 : 0)
  if (added < removed) return { added: toColumns(added), removed: total - toColumns(added) }
  return { added: total - toColumns(removed), removed: toColumns(removed) }
}

function scale(lines: number, columns: number, most: number): number {
  return lines === 0 ? 0 : 1 + Math.floor((lines * (columns - 1)) / most)
}
