import type { FileDiff } from './file-diff.ts'
import { isUnchanged } from './render-patch.ts'
import { type ContentDiff, type ContentOptions, diffContent, isSameContent } from './text-diff.ts'

/** How much of a file changed: lines, or bytes where it is no text. */
export interface ChangeCounts {
  path: string
  from?: string
  isBinary: boolean
  /** Lines; of what is no text, bytes of the new content. */
  added: number
  /** Lines; of what is no text, bytes of the old content. */
  removed: number
  /** The path is in conflict, and nothing was counted. */
  isUnmerged?: true
}

/**
 * Counts what changed in a file. Its content is read where it differs. Undefined where all that differs is white space that
 * is ignored.
 */
export async function countChanges(diff: FileDiff, options: ContentOptions = {}): Promise<ChangeCounts | undefined> {
  if (diff.unmerged !== undefined) return { path: diff.path, isBinary: false, added: 0, removed: 0, isUnmerged: true }
  const content = await diffContent(diff, { ...options, context: 0 })
  return isUnchanged(diff, content) ? undefined : countsOf(diff, content)
}

/** What a content diff counts. */
export function countsOf(diff: FileDiff, content: ContentDiff): ChangeCounts {
  const { path, beforePath, from = beforePath, before, after } = diff
  const named = { path, ...(from !== undefined && { from }) }
  if (content.text) return { ...named, isBinary: false, added: content.added, removed: content.removed }
  if (isSameContent(before, after)) return { ...named, isBinary: true, added: 0, removed: 0 }
  return { ...named, isBinary: true, added: after?.size ?? 0, removed: before?.size ?? 0 }
}

/** The totals of git's last line: ` 2 files changed, 3 insertions(+), 1 deletion(-)`. */
export function renderTotals(counts: readonly ChangeCounts[]): string {
  const text = counts.filter(({ isBinary }) => !isBinary)
  const added = text.reduce((sum, each) => sum + each.added, 0)
  const removed = text.reduce((sum, each) => sum + each.removed, 0)
  const files = counts.filter(({ isUnmerged }) => isUnmerged !== true).length
  const parts = [` ${plural(files, 'file')} changed`]
  if (files > 0 && (added > 0 || removed === 0)) parts.push(` ${plural(added, 'insertion')}(+)`)
  if (files > 0 && (removed > 0 || added === 0)) parts.push(` ${plural(removed, 'deletion')}(-)`)
  return parts.join(',')
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
