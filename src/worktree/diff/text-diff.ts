import { structuredPatch } from 'diff'

import type { AbortOptions } from '../../model/block.ts'
import type { DiffSide, FileDiff } from './file-diff.ts'

/** A run of lines that differ, with the lines around it: each line with git's sign (` `, `-`, `+`, `\`) in front. */
export interface Hunk {
  beforeStart: number
  beforeLines: number
  afterStart: number
  afterLines: number
  lines: string[]
}

/** How the content of a file differs: line by line, or as a whole where a side is no text or too long to compare. */
export type ContentDiff = { text: true; hunks: Hunk[]; added: number; removed: number } | { text: false }

/** Above this many bytes a side is shown as binary: comparing lines is for text that a person reads. */
const MAX_TEXT_BYTES = 16 * 2 ** 20

/** Edits after which lines are no longer compared: the files have little in common. */
const MAX_EDITS = 50_000

/** As git: a NUL byte among the first 8000 means that it is no text. */
const SNIFF_BYTES = 8000

/** Compares the content of both sides. `context` is how many unchanged lines are kept around a change. */
export async function diffContent(
  { before, after }: Pick<FileDiff, 'before' | 'after'>,
  options: AbortOptions & { context?: number } = {},
): Promise<ContentDiff> {
  if (isSameContent(before, after)) return { text: true, hunks: [], added: 0, removed: 0 }
  const [old, fresh] = [await readText(before, options), await readText(after, options)]
  if (old === undefined || fresh === undefined) return { text: false }
  const patch = structuredPatch('', '', old, fresh, undefined, undefined, {
    context: options.context ?? 3,
    maxEditLength: MAX_EDITS,
  })
  if (patch === undefined) return { text: false }
  const hunks = patch.hunks.map((hunk) => ({
    beforeStart: hunk.oldLines === 0 ? hunk.oldStart - 1 : hunk.oldStart,
    beforeLines: hunk.oldLines,
    afterStart: hunk.newLines === 0 ? hunk.newStart - 1 : hunk.newStart,
    afterLines: hunk.newLines,
    lines: hunk.lines,
  }))
  return { text: true, hunks, added: countLines(hunks, '+'), removed: countLines(hunks, '-') }
}

/** Whether bytes look like something other than text. */
export function looksBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, SNIFF_BYTES).includes(0)
}

function isSameContent(before: DiffSide | undefined, after: DiffSide | undefined): boolean {
  return before !== undefined && after !== undefined && before.contentCid.equals(after.contentCid)
}

async function readText(side: DiffSide | undefined, options: AbortOptions): Promise<string | undefined> {
  if (side === undefined) return ''
  if (side.size > MAX_TEXT_BYTES) return undefined
  const pieces: Uint8Array[] = []
  for await (const piece of side.read(options)) {
    if (pieces.length === 0 && looksBinary(piece)) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function countLines(hunks: Hunk[], sign: string): number {
  return hunks.reduce((sum, { lines }) => sum + lines.filter((line) => line.startsWith(sign)).length, 0)
}
