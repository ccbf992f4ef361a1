import type { CID } from 'multiformats/cid'

import { shortenCid } from '../../model/cid-text.ts'
import { escapeControls } from '../../model/quote-name.ts'

/** What one line of a fetch or a push says of a ref. */
export interface RefLine {
  /** git's letter: ` `, `+`, `*`, `t`, `-`, `!`, `=`. */
  flag: string
  /** `[new branch]`, or `BEFORE..AFTER`. */
  summary: string
  from: string | undefined
  to: string
  note?: string | undefined
}

/** Lines in the columns in which git shows a fetch. */
export function formatFetchLines(lines: readonly RefLine[]): string[] {
  const width = Math.max(10, ...lines.map(({ from = '' }) => from.length))
  return formatLines(lines, { fromWidth: width, gap: '  ' })
}

/** Lines in the form in which git shows a push. */
export function formatPushLines(lines: readonly RefLine[]): string[] {
  return formatLines(lines, { fromWidth: 0, gap: ' ' })
}

function formatLines(lines: readonly RefLine[], { fromWidth, gap }: { fromWidth: number; gap: string }): string[] {
  const summaryWidth = Math.max(17, ...lines.map(({ summary }) => summary.length))
  return lines.map(({ flag, summary, from, to, note }) => {
    const names = from === undefined ? to : `${from.padEnd(fromWidth)} -> ${to}`
    const line = ` ${flag} ${summary.padEnd(summaryWidth)} ${names}${note === undefined ? '' : `${gap}(${note})`}`
    // Names and reasons come from others.
    return escapeControls(line)
  })
}

/** `BEFORE..AFTER`, with three points where the one does not go on from the other. */
export function rangeText(before: CID | undefined, after: CID | undefined, isForced: boolean): string {
  const [from, to] = [before, after].map((cid) => (cid === undefined ? '' : shortenCid(cid)))
  return `${from}${isForced ? '...' : '..'}${to}`
}

/** A ref without what everybody knows of its name. */
export function shortRef(ref: string): string {
  return ref.replace(/^refs\/(?:heads|tags|remotes)\//, '')
}

/** `[new branch]`, `[new tag]` or `[new ref]`. */
export function newText(ref: string): string {
  if (ref.startsWith('refs/tags/')) return '[new tag]'
  return ref.startsWith('refs/heads/') || ref === 'HEAD' ? '[new branch]' : '[new ref]'
}
