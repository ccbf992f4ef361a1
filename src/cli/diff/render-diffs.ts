import type { AbortOptions } from '../../model/block.ts'
import { quoteName } from '../../model/quote-name.ts'
import { type ChangeCounts, countChanges, renderTotals } from '../../worktree/diff/change-counts.ts'
import {
  type CombinedDiff,
  combinedStatus,
  renderCombined,
  renderCombinedRaw,
} from '../../worktree/diff/combined/render-combined.ts'
import { diffStatus, type FileDiff } from '../../worktree/diff/file-diff.ts'
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
    for await (const line of patchLines(diff, forms, display.signal)) {
      if (hasAny) yield '\n'
      hasAny = false
      yield `${colored(display.terminal, line)}\n`
    }
  }
}

/** The patch of a path; one in conflict in git's combined format where that shows anything, else by name. */
async function* patchLines(
  { unmerged, ...diff }: FileDiff,
  forms: DiffForms,
  signal: AbortSignal | undefined,
): AsyncGenerator<PatchLine> {
  const { lines, context } = forms
  if (unmerged === undefined) {
    for (const part of diffStatus(diff) === 'T' ? asTwo(diff) : [diff]) {
      yield* renderPatch(part, await diffContent(part, { ...lines, context, signal }), forms)
    }
    return
  }
  let isShown = false
  if (unmerged.before.length > 1 && unmerged.before.every((side) => side !== undefined)) {
    const options = { context, isDense: true, hidesDeleted: true, signal }
    for await (const line of renderCombined({ path: diff.path, ...unmerged }, options)) {
      isShown = true
      yield line
    }
  }
  if (!isShown) yield { text: `* Unmerged path ${quoteName(diff.path)}`, part: 'context' }
}

/** As git: what becomes another type of file is deleted and added. */
function asTwo({ path, before, after }: FileDiff): FileDiff[] {
  return [
    { path, before, after: undefined },
    { path, before: undefined, after },
  ]
}

/**
 * Shows a merge against all its parents: what `diffs`, against the first, say in numbers, and `combined` by name or line.
 */
export async function* renderMerge(
  { diffs, combined }: { diffs: readonly FileDiff[]; combined: readonly CombinedDiff[] },
  forms: DiffForms,
  { isDense, ...display }: DiffDisplay & { isDense: boolean },
): AsyncGenerator<string> {
  let hasAny = false
  for (const diff of forms.nameOnly || forms.nameStatus || forms.raw ? combined : []) {
    hasAny = true
    const name = renderName(diff, { zero: forms.zero })
    const status = `${combinedStatus(diff)}${forms.zero ? '\0' : '\t'}`
    yield forms.raw ? `${renderCombinedRaw(diff)} ${status}${name}` : forms.nameOnly ? name : status + name
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
