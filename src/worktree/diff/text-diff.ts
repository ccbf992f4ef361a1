import type { AbortOptions } from '../../model/block.ts'
import { diffLines } from '../../repo/text/diff-lines.ts'
import { isText } from '../../repo/text/is-text.ts'
import type { LineChange, LineRange } from '../../repo/text/line-changes.ts'
import { createLineClasses } from '../../repo/text/line-classes.ts'
import { type Lines, splitLines } from '../../repo/text/lines.ts'
import type { DiffSide, FileDiff } from './file-diff.ts'
import { type Hunk, makeHunks, type RankedChange, type TextPair } from './hunks.ts'
import { type IgnoredWhitespace, isBlankLine, withoutWhitespace } from './whitespace.ts'

/** How the content of a file differs: line by line, or as a whole where a side is no text or too long to compare. */
export type ContentDiff = { text: true; hunks: Hunk[]; added: number; removed: number } | { text: false }

/** Which differences of lines count. */
export interface LineRules {
  whitespace?: IgnoredWhitespace | undefined
  /** Whether changes of blank lines alone are no changes. */
  ignoresBlankLines?: boolean
}

/** How contents are compared. */
export interface ContentOptions extends AbortOptions, LineRules {
  /** How many unchanged lines are kept around a change. Default: 3. */
  context?: number
}

/** Above this many bytes a side is shown as binary: comparing lines is for text that a person reads. */
export const MAX_TEXT_BYTES = 16 * 2 ** 20

/** Compares the content of both sides. A file of more than 16 MiB counts as no text, and is not read. */
export async function diffContent(
  { before, after }: Pick<FileDiff, 'before' | 'after'>,
  options: ContentOptions = {},
): Promise<ContentDiff> {
  if (isSameContent(before, after)) {
    return (await beginsAsText(after, options)) ? { text: true, hunks: [], added: 0, removed: 0 } : { text: false }
  }
  const old = await readText(before, options)
  const fresh = old && (await readText(after, options))
  if (old === undefined || fresh === undefined) return { text: false }
  const text = { before: splitLines(old), after: splitLines(fresh) }
  const changes = rankedChanges(text, options)
  const hunks = [...makeHunks(text, changes, options.context ?? 3)]
  return { text: true, hunks, added: countLines(hunks, '+'), removed: countLines(hunks, '-') }
}

/** The bytes of a side as text: none where there is no side; undefined where it is no text, or too long. */
export async function readText(side: DiffSide | undefined, options: AbortOptions): Promise<Uint8Array | undefined> {
  if (side === undefined) return new Uint8Array(0)
  if (side.size > MAX_TEXT_BYTES) return undefined
  const pieces: Uint8Array[] = []
  for await (const piece of side.read(options)) {
    if (pieces.length === 0 && !isText(piece)) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

async function beginsAsText(side: DiffSide | undefined, options: AbortOptions): Promise<boolean> {
  for await (const piece of side?.read(options) ?? []) return isText(piece)
  return true
}

/** Whether both sides are there, with the same content. */
export function isSameContent(before: DiffSide | undefined, after: DiffSide | undefined): boolean {
  return before !== undefined && after !== undefined && before.contentCid.equals(after.contentCid)
}

function rankedChanges(text: TextPair, { whitespace, ignoresBlankLines = false }: LineRules): RankedChange[] {
  const classes = createLineClasses()
  const compared = (lines: Lines) =>
    classes.classify(whitespace === undefined ? lines : withoutWhitespace(lines, whitespace))
  const changes = diffLines(compared(text.before), compared(text.after))
  const isBlank = ({ before, after }: LineChange) =>
    allBlank(text.before, before, whitespace) && allBlank(text.after, after, whitespace)
  return changes.map((change) => ({ ...change, isIgnorable: ignoresBlankLines && isBlank(change) }))
}

function allBlank(lines: Lines, { start, end }: LineRange, whitespace: IgnoredWhitespace | undefined): boolean {
  for (let line = start; line < end; line++) if (!isBlankLine(lines, line, whitespace)) return false
  return true
}

function countLines(hunks: readonly Hunk[], sign: string): number {
  return hunks.reduce((sum, { lines }) => sum + lines.filter((line) => line.startsWith(sign)).length, 0)
}
