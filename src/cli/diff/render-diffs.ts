import type { AbortOptions } from '../../model/block.ts'
import { type ChangeCounts, countChanges, renderTotals } from '../../worktree/diff/change-counts.ts'
import type { FileDiff } from '../../worktree/diff/file-diff.ts'
import { renderName, renderNameStatus, renderNumbers } from '../../worktree/diff/render-changes.ts'
import { type PatchLine, renderPatch } from '../../worktree/diff/render-patch.ts'
import { renderStat } from '../../worktree/diff/render-stat.ts'
import { diffContent } from '../../worktree/diff/text-diff.ts'
import { styled } from '../style.ts'
import type { Terminal } from '../terminal.ts'
import type { DiffForms } from './diff-forms.ts'

/** Shows changes in the forms wanted, line by line: each piece ends with a line feed (or NUL). */
export async function* renderDiffs(
  terminal: Pick<Terminal, 'color'>,
  diffs: readonly FileDiff[],
  forms: DiffForms,
  options: AbortOptions & { columns: number },
): AsyncGenerator<string> {
  const { zero } = forms
  if (forms.nameOnly) yield* diffs.map((diff) => renderName(diff, { zero }))
  else if (forms.nameStatus) yield* diffs.map((diff) => renderNameStatus(diff, { zero }))
  if (forms.stat || forms.numstat || forms.shortstat) yield* renderCounts(terminal, diffs, forms, options)
  if (!forms.patch || diffs.length === 0) return
  if (forms.nameOnly || forms.nameStatus || forms.stat || forms.numstat || forms.shortstat) yield '\n'
  for (const diff of diffs) {
    options.signal?.throwIfAborted()
    const content = await diffContent(diff, { context: forms.context, signal: options.signal })
    for (const line of renderPatch(diff, content)) yield `${colored(terminal, line)}\n`
  }
}

async function* renderCounts(
  terminal: Pick<Terminal, 'color'>,
  diffs: readonly FileDiff[],
  forms: DiffForms,
  { columns, signal }: AbortOptions & { columns: number },
): AsyncGenerator<string> {
  if (diffs.length === 0) return
  const counts: ChangeCounts[] = []
  for (const diff of diffs) counts.push(await countChanges(diff, { signal }))
  if (forms.numstat) yield* counts.map((each) => renderNumbers(each, { zero: forms.zero }))
  if (forms.stat) {
    for (const line of renderStat(counts, columns)) {
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

function colored(terminal: Pick<Terminal, 'color'>, { text, part }: PatchLine): string {
  return part === 'context' ? text : styled(terminal, PATCH_COLORS[part], text)
}
