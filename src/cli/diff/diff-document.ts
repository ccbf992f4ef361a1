import type { AbortOptions } from '../../model/block.ts'
import { countsOf } from '../../worktree/diff/change-counts.ts'
import { type DiffSide, diffStatus, type FileDiff } from '../../worktree/diff/file-diff.ts'
import { diffContent } from '../../worktree/diff/text-diff.ts'
import { type DiffForms, showsCounts } from './diff-forms.ts'

/**
 * Changes as JSON has them: path, status, what was and is there; with `--stat` and the like how much changed, and with `-p` the
 * changed lines.
 */
export async function diffDocuments(
  diffs: readonly FileDiff[],
  forms: DiffForms,
  options: AbortOptions,
): Promise<unknown[]> {
  const wantsCounts = showsCounts(forms)
  const documents: unknown[] = []
  for (const diff of diffs) {
    const { path, beforePath, from, similarity, before, after, unmerged } = diff
    if (unmerged !== undefined) {
      const [ours, theirs] = unmerged.before.map(sideDocument)
      documents.push({ path, status: diffStatus(diff), ours, theirs, after: sideDocument(unmerged.after) })
      continue
    }
    const sides = { before: sideDocument(before), after: sideDocument(after) }
    const document = { path, beforePath, from, similarity, status: diffStatus(diff), ...sides }
    if (!wantsCounts && !forms.patch) {
      documents.push(document)
      continue
    }
    const content = await diffContent(diff, { ...options, ...forms.lines, context: forms.context })
    const { isBinary, added, removed } = countsOf(diff, content)
    const counts = isBinary ? { binary: true } : { binary: false, added, removed }
    documents.push({ ...document, ...counts, ...(forms.patch && content.text && { hunks: content.hunks }) })
  }
  return documents
}

function sideDocument(side: DiffSide | undefined) {
  return side && { kind: side.kind, size: side.size, cid: side.cid, contentCid: side.contentCid }
}
