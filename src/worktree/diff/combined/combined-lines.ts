import { diffLines } from '../../../repo/text/diff-lines.ts'
import { createLineClasses } from '../../../repo/text/line-classes.ts'
import { type Lines, splitLines } from '../../../repo/text/lines.ts'
import { lineText } from '../hunks.ts'
import { joinLostLines, type LostLine } from './lost-lines.ts'

/** A line of the result of a merge, and what was before it; the last one is behind the end and has lost lines only. */
export interface CombinedLine {
  /** Without its line feed. */
  text: string
  /** The parents that do not have this line: bit 0 is the first. */
  addedTo: number
  /** Lines of parents that are gone, before this one. */
  lost: LostLine[]
  /** By parent, the number of its line that comes first if a hunk begins here; from 1. */
  parentLines: number[]
}

/** Compares the result of a merge with all its parents at once. */
export function combineLines(parents: readonly Uint8Array[], result: Uint8Array): CombinedLine[] {
  const classes = createLineClasses()
  const after = splitLines(result)
  const afterClasses = classes.classify(after)
  const lines = Array.from({ length: after.count + 1 }, (_, at): CombinedLine => {
    const text = at === after.count ? '' : withoutLineFeed(lineText(after, at))
    return { text, addedTo: 0, lost: [], parentLines: [] }
  })
  for (const [nth, parent] of parents.entries()) {
    const before = splitLines(parent)
    for (const change of diffLines(classes.classify(before), afterClasses)) {
      for (let at = change.after.start; at < change.after.end; at++) (lines[at] as CombinedLine).addedTo |= 1 << nth
      const place = lines[change.after.start] as CombinedLine
      place.lost = joinLostLines(place.lost, textsOf(before, change.before), nth)
    }
    numberLines(lines, nth)
  }
  return lines
}

function textsOf(lines: Lines, { start, end }: { start: number; end: number }): string[] {
  return Array.from({ length: end - start }, (_, at) => withoutLineFeed(lineText(lines, start + at)))
}

function withoutLineFeed(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text
}

function numberLines(lines: readonly CombinedLine[], nth: number): void {
  let number = 1
  const mask = 1 << nth
  for (const line of lines) {
    line.parentLines[nth] = number
    number += line.lost.filter(({ parents }) => (parents & mask) !== 0).length
    if ((line.addedTo & mask) === 0) number++
  }
}
