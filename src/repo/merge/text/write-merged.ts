import type { LineRange } from '../../text/line-changes.ts'
import { bytesOfLines, type Lines } from '../../text/lines.ts'
import type { MergeRegion } from './merge-regions.ts'

/** The names of the sides, as markers show them. */
export interface MergeLabels {
  base?: string
  ours: string
  theirs: string
}

/** How conflicts are shown: both sides, or with the base between them (`zdiff3`: and without what both sides have alike). */
export type ConflictStyle = 'merge' | 'diff3' | 'zdiff3'

/** The three texts of a merge. */
export interface MergedLines {
  base: Lines
  ours: Lines
  theirs: Lines
}

export interface WriteMergedOptions {
  labels: MergeLabels
  style: ConflictStyle
  markerSize: number
  /** What becomes of conflicts: marked unless a side is favoured. */
  favour: 'ours' | 'theirs' | 'union' | undefined
}

/** The text that regions make of the three texts. */
export function writeMerged(
  texts: MergedLines,
  regions: readonly MergeRegion[],
  options: WriteMergedOptions,
): Uint8Array {
  const { base, ours, theirs } = texts
  const pieces: Uint8Array[] = []
  let written = 0
  for (const region of regions) {
    pieces.push(bytesOfLines(ours, written, region.ours.start))
    written = region.ours.end
    const [left, right] = [bytesOf(ours, region.ours), bytesOf(theirs, region.theirs)]
    const ending = usesCarriageReturns(texts, region) ? '\r\n' : '\n'
    const taken = region.taken ?? options.favour
    if (taken === 'ours') pieces.push(left)
    else if (taken === 'theirs') pieces.push(right)
    else if (taken === 'union') pieces.push(...ended(left, ending), right)
    else {
      const marker = (sign: string, label?: string) => markerLine(sign.repeat(options.markerSize), label, ending)
      pieces.push(marker('<', options.labels.ours), ...ended(left, ending))
      if (options.style !== 'merge') {
        pieces.push(marker('|', options.labels.base), ...ended(bytesOf(base, region.base), ending))
      }
      pieces.push(marker('='), ...ended(right, ending), marker('>', options.labels.theirs))
    }
  }
  pieces.push(bytesOfLines(ours, written, ours.count))
  return Buffer.concat(pieces)
}

function bytesOf(lines: Lines, { start, end }: LineRange): Uint8Array {
  return bytesOfLines(lines, start, end)
}

function markerLine(signs: string, label: string | undefined, ending: string): Uint8Array {
  return Buffer.from(`${signs}${label === undefined ? '' : ` ${label}`}${ending}`)
}

/** Lines that more is to follow: the last one gets an end. */
function ended(lines: Uint8Array, ending: string): Uint8Array[] {
  return lines.length === 0 || lines.at(-1) === LINE_FEED ? [lines] : [lines, Buffer.from(ending)]
}

/** Whether markers end with CR LF: if the base's first line does, and no line before the region on either side ends otherwise. */
function usesCarriageReturns({ base, ours, theirs }: MergedLines, region: MergeRegion): boolean {
  const before = ({ start }: LineRange) => Math.max(start - 1, 0)
  if (endsWithCarriageReturn(ours, before(region.ours)) === false) return false
  if (endsWithCarriageReturn(theirs, before(region.theirs)) === false) return false
  return endsWithCarriageReturn(base, 0) ?? false
}

/** Whether a line ends with CR LF; where it has no end, the line before it tells; undefined where there is none. */
function endsWithCarriageReturn({ bytes, starts, count }: Lines, line: number): boolean | undefined {
  if (count === 0) return undefined
  const end = starts[line + 1] as number
  if (bytes[end - 1] === LINE_FEED) return bytes[end - 2] === CARRIAGE_RETURN && end - 2 >= (starts[line] as number)
  if (line === 0) return undefined
  const previous = starts[line] as number
  return bytes[previous - 2] === CARRIAGE_RETURN && previous - 2 >= (starts[line - 1] as number)
}

const LINE_FEED = 10
const CARRIAGE_RETURN = 13
