import type { AbortOptions } from '../../model/block.ts'
import type { CombinedDiff } from '../../worktree/diff/combined/render-combined.ts'
import { combinedStatus } from '../../worktree/diff/combined/render-combined.ts'
import { diffDocuments } from '../diff/diff-document.ts'
import { type DiffForms, showsNothing } from '../diff/diff-forms.ts'
import { type DiffDisplay, renderDiffs, renderMerge } from '../diff/render-diffs.ts'
import type { CommitChanges } from './commit-changes.ts'
import { type CommitStyle, renderCommit, type ShownCommit } from './commit-text.ts'
import type { LogDetails } from './log-writer.ts'
import type { MergeForm } from './merge-form.ts'

/** How a commit is shown with its changes. */
export interface EntryOptions extends DiffDisplay {
  style: CommitStyle
  forms: DiffForms
  merges: MergeForm
}

/** A commit's text, and what stands below it. */
export interface CommitEntry {
  text: string
  details: LogDetails | undefined
}

/** Shows a commit. A merge that is compared with one parent after the other is shown once for each that it differs from. */
export function renderEntry(shown: ShownCommit, changes: readonly CommitChanges[], options: EntryOptions): CommitEntry {
  if (showsNothing(options.forms)) return { text: renderCommit(shown, options.style), details: undefined }
  const [first, ...others] = changes
  const text = renderCommit(withParent(shown, first), options.style)
  // As git: below a merge that is compared with all parents stands an empty line, whatever follows.
  if (isCombined(shown, options)) {
    const pieces = first === undefined ? noPieces() : renderChanges(first, options)
    return { text, details: { separator: '', hasSeparator: true, pieces } }
  }
  if (first === undefined) return { text, details: undefined }
  return { text, details: { separator: separatorOf(options), pieces: pieces() } }
  async function* pieces(): AsyncGenerator<string> {
    yield* renderChanges(first as CommitChanges, options)
    for (const change of others) {
      yield '\n'
      yield* renderCommit(withParent(shown, change), options.style).split(/(?<=\n)/)
      const separator = separatorOf(options)
      if (separator !== undefined) yield `${separator}\n`
      yield* renderChanges(change, options)
    }
  }
}

/** The changes of a commit as JSON has them: of a merge against all parents, how each path differs from each of them. */
export async function changeDocuments(
  changes: readonly CommitChanges[],
  forms: DiffForms,
  options: AbortOptions,
): Promise<unknown[] | undefined> {
  if (showsNothing(forms)) return undefined
  const documents: unknown[] = []
  for (const { from, diffs, combined } of changes) {
    if (combined !== undefined) documents.push(...combined.map(combinedDocument))
    else for (const each of await diffDocuments(diffs, forms, options)) documents.push(withFrom(each, from))
  }
  return documents
}

function renderChanges({ diffs, combined }: CommitChanges, options: EntryOptions): AsyncGenerator<string> {
  const { forms, merges } = options
  if (combined === undefined) return renderDiffs(diffs, forms, options)
  return renderMerge({ diffs, combined }, forms, { ...options, isDense: merges === 'dense' })
}

function isCombined({ commit }: ShownCommit, { merges }: EntryOptions): boolean {
  return commit.parents.length > 1 && (merges === 'combined' || merges === 'dense')
}

async function* noPieces(): AsyncGenerator<string> {}

function withParent(shown: ShownCommit, changes: CommitChanges | undefined): ShownCommit {
  return changes?.from === undefined ? shown : { ...shown, from: changes.from }
}

function separatorOf({ style: { format }, forms }: EntryOptions): LogDetails['separator'] {
  if (format.kind === 'named' && format.name === 'oneline') return undefined
  return forms.patch && forms.stat ? '---' : ''
}

function combinedDocument(diff: CombinedDiff) {
  const sideDocument = (side: CombinedDiff['after']) =>
    side && { kind: side.kind, size: side.size, cid: side.cid, contentCid: side.contentCid }
  const before = diff.before.map((side) => sideDocument(side) ?? null)
  return { path: diff.path, status: combinedStatus(diff), before, after: sideDocument(diff.after) }
}

function withFrom(document: unknown, parent: string | undefined): unknown {
  return parent === undefined ? document : { parent, ...(document as object) }
}
