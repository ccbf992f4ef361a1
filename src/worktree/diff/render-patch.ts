import { shortenCid } from '../../model/cid-text.ts'
import { quoteName } from '../../model/quote-name.ts'
import type { EntryKind } from '../index/index-entry.ts'
import type { ChangeSide } from '../status/staged-changes.ts'
import { type FileDiff, similarityIndex } from './file-diff.ts'
import type { Hunk } from './hunks.ts'
import type { ContentDiff } from './text-diff.ts'
import { renderWordHunk, type WordRules } from './word-diff.ts'

/** What a piece of a patch is: for colours. */
export type PatchPart = 'header' | 'hunk' | 'context' | 'added' | 'removed'

/** A line of a patch, and what it is; `more` stands behind `text`, where a line has several pieces. */
export interface PatchLine {
  text: string
  part: PatchPart
  more?: readonly { text: string; part: PatchPart }[]
}

/** The modes of git for what a path can stand for. */
export const FILE_MODES: Readonly<Record<EntryKind, string>> = {
  file: '100644',
  executable: '100755',
  symlink: '120000',
  directory: '040000',
}

/** How a patch is written. */
export interface PatchRules {
  /** Lines are shown with their changes word by word. */
  words?: WordRules | undefined
  /** What stands before the names of both sides. Default: git's `a/` and `b/`. */
  prefixes?: { before: string; after: string }
}

/**
 * A diff of one file in git's unified format, which `patch` and other tools read. Where the content is no text, sizes and
 * CIDs say what differs. Nothing where all that differs is white space that is ignored.
 */
export function* renderPatch(diff: FileDiff, content: ContentDiff, rules: PatchRules = {}): Generator<PatchLine> {
  if (isUnchanged(diff, content)) return
  const { before, after } = diff
  const { prefixes = { before: 'a/', after: 'b/' } } = rules
  const paths = [diff.from ?? diff.beforePath ?? diff.path, diff.path].map((path) => path.replace(/^\//, ''))
  const names = [`${prefixes.before}${paths[0]}`, `${prefixes.after}${paths[1]}`] as const
  const [old, fresh] = names.map(quoteName)
  yield header(`diff --git ${old} ${fresh}`)
  yield* modeLines(diff)
  if (before !== undefined && after !== undefined && before.contentCid.equals(after.contentCid)) return
  yield header(`index ${shown(before)}..${shown(after)}`)
  if (!content.text) {
    yield header(`Binary files differ: ${described(before)} -> ${described(after)}`)
    return
  }
  if (content.hunks.length === 0) return
  yield header(`--- ${before === undefined ? '/dev/null' : old + endOfName(names[0])}`)
  yield header(`+++ ${after === undefined ? '/dev/null' : fresh + endOfName(names[1])}`)
  for (const hunk of content.hunks) yield* hunkLines(hunk, rules.words)
}

/** As git: for `patch`, which takes a date to follow, a name with a space ends with a tab. */
function endOfName(name: string): string {
  return name.includes(' ') ? '\t' : ''
}

/** Whether a path has the same kind on both sides and, but for what is ignored, the same content. */
export function isUnchanged({ from, before, after }: FileDiff, content: ContentDiff): boolean {
  return content.text && content.hunks.length === 0 && from === undefined && before?.kind === after?.kind
}

function* modeLines(diff: FileDiff): Generator<PatchLine> {
  const { from, path, before, after } = diff
  if (before === undefined && after !== undefined) yield header(`new file mode ${FILE_MODES[after.kind]}`)
  if (before !== undefined && after === undefined) yield header(`deleted file mode ${FILE_MODES[before.kind]}`)
  if (before !== undefined && after !== undefined && before.kind !== after.kind) {
    yield header(`old mode ${FILE_MODES[before.kind]}`)
    yield header(`new mode ${FILE_MODES[after.kind]}`)
  }
  if (from !== undefined) {
    yield header(`similarity index ${similarityIndex(diff)}%`)
    yield header(`rename from ${quoteName(from)}`)
    yield header(`rename to ${quoteName(path)}`)
  }
}

function* hunkLines(hunk: Hunk, words: WordRules | undefined): Generator<PatchLine> {
  const { beforeStart, beforeLines, afterStart, afterLines, heading, lines } = hunk
  const text = `@@ -${range(beforeStart, beforeLines)} +${range(afterStart, afterLines)} @@`
  yield { text, part: 'hunk', ...(heading !== undefined && { more: [{ text: ` ${heading}`, part: 'context' }] }) }
  if (words === undefined) for (const line of lines) yield { text: line, part: PARTS[line[0] ?? ' '] ?? 'context' }
  else yield* renderWordHunk(hunk, words)
}

const PARTS: Readonly<Record<string, PatchPart>> = { '+': 'added', '-': 'removed' }

function range(start: number, lines: number): string {
  return lines === 1 ? String(start) : `${start},${lines}`
}

function shown(side: ChangeSide | undefined): string {
  return side === undefined ? '0' : shortenCid(side.cid)
}

function described(side: ChangeSide | undefined): string {
  return side === undefined ? 'nothing' : `${side.size} bytes ${side.cid.toString()}`
}

function header(text: string): PatchLine {
  return { text, part: 'header' }
}
