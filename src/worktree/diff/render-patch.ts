import { shortenCid } from '../../model/cid-text.ts'
import { quoteName } from '../../model/quote-name.ts'
import type { EntryKind } from '../index/index-entry.ts'
import type { ChangeSide } from '../status/staged-changes.ts'
import type { FileDiff } from './file-diff.ts'
import type { ContentDiff, Hunk } from './text-diff.ts'

/** A line of a patch, and what it is: for colours. */
export interface PatchLine {
  text: string
  part: 'header' | 'hunk' | 'context' | 'added' | 'removed'
}

const MODES: Record<EntryKind, string> = {
  file: '100644',
  executable: '100755',
  symlink: '120000',
  directory: '040000',
}

/**
 * A diff of one file in git's unified format, which `patch` and other tools read. Where the content is no text, sizes and
 * CIDs say what differs.
 */
export function* renderPatch(diff: FileDiff, content: ContentDiff): Generator<PatchLine> {
  const { before, after } = diff
  const [old, fresh] = [quoteName(`a/${diff.from ?? diff.path}`), quoteName(`b/${diff.path}`)]
  yield header(`diff --git ${old} ${fresh}`)
  yield* modeLines(diff)
  if (before !== undefined && after !== undefined && before.contentCid.equals(after.contentCid)) return
  yield header(`index ${shown(before)}..${shown(after)}`)
  if (!content.text) {
    yield header(`Binary files differ: ${described(before)} -> ${described(after)}`)
    return
  }
  if (content.hunks.length === 0) return
  yield header(`--- ${before === undefined ? '/dev/null' : old}`)
  yield header(`+++ ${after === undefined ? '/dev/null' : fresh}`)
  for (const hunk of content.hunks) yield* hunkLines(hunk)
}

function* modeLines({ from, path, before, after }: FileDiff): Generator<PatchLine> {
  if (before === undefined && after !== undefined) yield header(`new file mode ${MODES[after.kind]}`)
  if (before !== undefined && after === undefined) yield header(`deleted file mode ${MODES[before.kind]}`)
  if (before !== undefined && after !== undefined && before.kind !== after.kind) {
    yield header(`old mode ${MODES[before.kind]}`)
    yield header(`new mode ${MODES[after.kind]}`)
  }
  if (from !== undefined) {
    yield header('similarity index 100%')
    yield header(`rename from ${quoteName(from)}`)
    yield header(`rename to ${quoteName(path)}`)
  }
}

function* hunkLines({ beforeStart, beforeLines, afterStart, afterLines, lines }: Hunk): Generator<PatchLine> {
  yield { text: `@@ -${range(beforeStart, beforeLines)} +${range(afterStart, afterLines)} @@`, part: 'hunk' }
  for (const text of lines) yield { text, part: PARTS[text[0] ?? ' '] ?? 'context' }
}

const PARTS: Readonly<Record<string, PatchLine['part']>> = { '+': 'added', '-': 'removed' }

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
