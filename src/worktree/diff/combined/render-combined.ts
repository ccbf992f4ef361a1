import type { AbortOptions } from '../../../model/block.ts'
import { shortenCid } from '../../../model/cid-text.ts'
import { quoteName } from '../../../model/quote-name.ts'
import type { LineRange } from '../../../repo/text/line-changes.ts'
import { type DiffSide, diffStatus } from '../file-diff.ts'
import { FILE_MODES, type PatchLine } from '../render-patch.ts'
import { readText } from '../text-diff.ts'
import { type CombinedHunk, combinedHunks } from './combined-hunks.ts'
import { type CombinedLine, combineLines } from './combined-lines.ts'

/** How a path of a merge differs from what each parent has; undefined where it is not there. */
export interface CombinedDiff {
  path: string
  before: readonly (DiffSide | undefined)[]
  /** Whether the parent has it under another name. */
  isRenamed?: readonly boolean[]
  after: DiffSide | undefined
}

/** How it is shown: `isDense` leaves out where the result is what some parent has. */
export interface RenderCombinedOptions extends AbortOptions {
  context: number
  isDense: boolean
  /** Whether of a file that is not there any more no lines are shown. */
  hidesDeleted?: boolean
}

/** The letters of a path, one for each parent, as git's `--name-status` has them for a merge. */
export function combinedStatus({ path, before, isRenamed, after }: CombinedDiff): string {
  const letter = (side: DiffSide | undefined, nth: number) =>
    isRenamed?.[nth] === true ? 'R' : diffStatus({ path, before: side, after })
  return before.map(letter).join('')
}

/** `::100644 100644 100755 CID CID CID`: a colon and a mode and a CID for each parent, and those of the result. */
export function renderCombinedRaw({ before, after }: CombinedDiff): string {
  const sides = [...before, after]
  return `${':'.repeat(before.length)}${[...sides.map(modeOf), ...sides.map(shortCidOf)].join(' ')}`
}

function modeOf(side: DiffSide | undefined): string {
  return side === undefined ? '000000' : FILE_MODES[side.kind]
}

function shortCidOf(side: DiffSide | undefined): string {
  return side === undefined ? '0' : shortenCid(side.cid)
}

/** A path of a merge in git's combined format; nothing where all of it was taken as some parent has it. */
export async function* renderCombined(diff: CombinedDiff, options: RenderCombinedOptions): AsyncGenerator<PatchLine> {
  const { before, after } = diff
  const texts: Uint8Array[] = []
  for (const side of [...before, after]) {
    const text = await readText(side, options)
    if (text === undefined) break
    texts.push(text)
  }
  if (texts.length <= before.length) {
    yield* headerLines(diff, options)
    yield { text: 'Binary files differ', part: 'header' }
    return
  }
  const lines = combineLines(texts.slice(0, -1), texts.at(-1) as Uint8Array)
  const hunks = combinedHunks(lines, { parents: before.length, ...options })
  if (hunks.length === 0 && before.every((side) => side?.kind === after?.kind)) return
  yield* headerLines(diff, options)
  const isNew = before.every((side) => side === undefined)
  yield { text: `--- ${isNew ? '/dev/null' : quoteName(`a/${diff.path}`)}`, part: 'header' }
  yield { text: `+++ ${after === undefined ? '/dev/null' : quoteName(`b/${diff.path}`)}`, part: 'header' }
  if (after === undefined && options.hidesDeleted === true) return
  for (const [nth, hunk] of hunks.entries()) {
    const heading = headingAbove(lines, { start: hunks[nth - 1]?.end ?? 0, end: hunk.start })
    yield* hunkLines(lines, hunk, { parents: before.length, context: options.context, heading })
  }
}

function* headerLines({ path, before, after }: CombinedDiff, { isDense }: RenderCombinedOptions): Generator<PatchLine> {
  const all = before.map(modeOf).join(',')
  yield { text: `diff --${isDense ? 'cc' : 'combined'} ${quoteName(path)}`, part: 'header' }
  yield { text: `index ${before.map(shortCidOf).join(',')}..${shortCidOf(after)}`, part: 'header' }
  if (after === undefined) yield { text: `deleted file mode ${all}`, part: 'header' }
  else if (before.every((side) => side === undefined)) {
    yield { text: `new file mode ${modeOf(after)}`, part: 'header' }
  } else if (before.some((side) => side?.kind !== after.kind)) {
    yield { text: `mode ${all}..${modeOf(after)}`, part: 'header' }
  }
}

function* hunkLines(
  lines: readonly CombinedLine[],
  { start, end, hidesLost }: CombinedHunk,
  { parents, context, heading }: { parents: number; context: number; heading: string | undefined },
): Generator<PatchLine> {
  const all = Array.from({ length: parents }, (_, nth) => nth)
  const signs = (mask: number, sign: string) => all.map((nth) => ((mask & (1 << nth)) === 0 ? ' ' : sign)).join('')
  const last = Math.min(end, lines.length - 1)
  const unchanged = context > 0 ? 0 : lines.slice(start, last).filter(({ addedTo }) => addedTo === 0).length
  const ranges = all.map((nth) => {
    const from = lines[start]?.parentLines[nth] as number
    return `-${from},${parentEnd(lines, end, nth) - from - unchanged}`
  })
  const at = '@'.repeat(parents + 1)
  yield {
    text: `${at} ${ranges.join(' ')} +${start + 1},${last - start - unchanged} ${at}`,
    part: 'hunk',
    ...(heading !== undefined && { more: [{ text: ` ${heading}`, part: 'context' }] }),
  }
  for (let number = start; number < end; number++) {
    const { text, addedTo, lost } = lines[number] as CombinedLine
    for (const line of hidesLost.has(number) ? [] : lost) {
      yield { text: signs(line.parents, '-') + line.text, part: 'removed' }
    }
    if (number === lines.length - 1 || (addedTo === 0 && context === 0)) continue
    yield { text: signs(addedTo, '+') + text, part: addedTo === 0 ? 'context' : 'added' }
  }
}

/** The number of a parent's line behind a hunk. */
function parentEnd(lines: readonly CombinedLine[], end: number, nth: number): number {
  const next = lines[end]
  if (next !== undefined) return next.parentLines[nth] as number
  const { parentLines, lost } = lines.at(-1) as CombinedLine
  return (parentLines[nth] as number) + lost.filter(({ parents }) => (parents & (1 << nth)) !== 0).length
}

const HEADING_CHARACTERS = 40

/** The last line between two hunks that begins a section. */
function headingAbove(lines: readonly CombinedLine[], { start, end }: LineRange): string | undefined {
  const heading = lines.slice(start, end).findLast(({ text }) => /^[a-z_$]/i.test(text))
  return heading?.text.slice(0, HEADING_CHARACTERS).trimEnd()
}
