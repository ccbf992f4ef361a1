import type { AbortOptions } from '../../model/block.ts'
import { type ChangeCounts, countChanges, renderTotals } from '../../worktree/diff/change-counts.ts'
import { type CombinedDiff, combinedStatus, renderCombined } from '../../worktree/diff/combined/render-combined.ts'
import type { FileDiff } from '../../worktree/diff/file-diff.ts'
import { renderName, renderNameStatus, renderNumbers, renderRaw } from '../../worktree/diff/render-changes.ts'
import { type PatchLine, type PatchPart, renderPatch } from '../../worktree/diff/render-patch.ts'
import { renderStat } from '../../worktree/diff/render-stat.ts'
import { renderSummary } from '../../worktree/diff/render-summary.ts'
import { diffContent } from '../../worktree/diff/text-diff.ts'
import { styled } from '../style.ts'
import type { Terminal } from '../terminal.ts'
import { type DiffForms, showsCounts } from './diff-forms.ts'

/** Where changes are shown: in which colours, and how wide. */
export interface DiffDisplay extends AbortOptions {
  terminal: Pick<Terminal, 'color'>
  columns: number
}

/** Shows changes in the forms wanted, line by line: each piece ends with a line feed (or NUL). */
export async function* renderDiffs(
  diffs: readonly FileDiff[],
  forms: DiffForms,
  display: DiffDisplay,
): AsyncGenerator<string> {
  let hasAny = false
  for await (const piece of renderOverview(diffs, forms, display)) {
    hasAny = true
    yield piece
  }
  if (!forms.patch) return
  for (const diff of diffs) {
    display.signal?.throwIfAborted()
    const content = await diffContent(diff, { ...forms.lines, context: forms.context, signal: display.signal })
    for (const line of renderPatch(diff, content, forms.words)) {
      if (hasAny) yield '\n'
      hasAny = false
      yield `${colored(display.terminal, line)}\n`
    }
  }
}

/**
 * Shows a merge against all its parents: what `diffs`, against the first, say in numbers, and `combined` by name or line.
 */
export async function* renderMerge(
  { diffs, combined }: { diffs: readonly FileDiff[]; combined: readonly CombinedDiff[] },
  forms: DiffForms,
  { isDense, ...display }: DiffDisplay & { isDense: boolean },
): AsyncGenerator<string> {
  const end = forms.zero ? '\0' : '\n'
  let hasAny = false
  for (const diff of forms.nameOnly || forms.nameStatus || forms.raw ? combined : []) {
    hasAny = true
    const name = renderName(diff, { zero: forms.zero })
    yield forms.nameOnly ? name : `${combinedStatus(diff)}${end === '\0' ? end : '\t'}${name}`
  }
  const counted = { ...forms, nameOnly: false, nameStatus: false, raw: false }
  for await (const piece of renderOverview(diffs, counted, display)) {
    hasAny = true
    yield piece
  }
  for (const diff of forms.patch ? combined : []) {
    display.signal?.throwIfAborted()
    for await (const line of renderCombined(diff, { context: forms.context, isDense, signal: display.signal })) {
      if (hasAny) yield '\n'
      hasAny = false
      yield `${colored(display.terminal, line)}\n`
    }
  }
}

/** All but the patch. */
async function* renderOverview(
  diffs: readonly FileDiff[],
  forms: DiffForms,
  display: DiffDisplay,
): AsyncGenerator<string> {
  const { zero } = forms
  if (forms.raw) yield* diffs.map((diff) => renderRaw(diff, { zero }))
  else if (forms.nameOnly) yield* diffs.map((diff) => renderName(diff, { zero }))
  else if (forms.nameStatus) yield* diffs.map((diff) => renderNameStatus(diff, { zero }))
  if (showsCounts(forms)) yield* renderCounts(diffs, forms, display)
  if (forms.summary) for (const diff of diffs) yield* renderSummary(diff)
}

async function* renderCounts(
  diffs: readonly FileDiff[],
  forms: DiffForms,
  { terminal, columns, signal }: DiffDisplay,
): AsyncGenerator<string> {
  const counts: ChangeCounts[] = []
  for (const diff of diffs) {
    signal?.throwIfAborted()
    const counted = await countChanges(diff, { ...forms.lines, signal })
    if (counted !== undefined) counts.push(counted)
  }
  if (counts.length === 0) return
  if (forms.numstat) yield* counts.map((each) => renderNumbers(each, { zero: forms.zero }))
  if (forms.stat) {
    const widths = { columns: forms.statColumns.all ?? columns, nameColumns: forms.statColumns.name }
    for (const line of renderStat(counts, widths)) {
      const pieces = line
        .filter(({ text }) => text !== '')
        .map(({ text, part }) => (part === 'plain' ? text : styled(terminal, BAR_COLORS[part], text)))
      yield `${pieces.join('')}\n`
    }
  }
  if (forms.stat || forms.shortstat) yield `${renderTotals(counts)}\n`
}

const BAR_COLORS = { added: 'green', removed: 'red' } as const
const PATCH_COLORS = { header: 'bold', hunk: 'cyan', added: 'green', removed: 'red' } as const

function colored(terminal: Pick<Terminal, 'color'>, { text, part, more = [] }: PatchLine): string {
  const paint = (piece: { text: string; part: PatchPart }) =>
    piece.part === 'context' || piece.text === '' ? piece.text : styled(terminal, PATCH_COLORS[piece.part], piece.text)
  return [{ text, part }, ...more].map(paint).join('')
}
