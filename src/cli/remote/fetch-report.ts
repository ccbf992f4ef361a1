import type { FetchResult } from '../../sync/remote/fetch-remote.ts'
import type { JudgedUpdate } from '../../sync/remote/update-tracking.ts'
import type { Context } from '../context.ts'
import { formatFetchLines, newText, rangeText, type RefLine, shortRef } from './ref-lines.ts'
import { failureDocuments, warnOfFailures } from './refused-peers.ts'

/** Tells on standard error what a fetch did, in git's form; `verbose`: also what was up to date. */
export function tellFetched(context: Context, url: string, result: FetchResult, verbose: boolean): void {
  const { terminal } = context
  warnOfFailures(terminal, result.transferred.failures)
  const kept = result.updates.flatMap((update) => lineOf(update, verbose) ?? [])
  const named = result.selected.filter(({ isForMerge, target }) => isForMerge && target === undefined)
  const unkept: RefLine[] = named.map(({ source }) => {
    const kind = source.startsWith('refs/tags/') ? 'tag' : 'branch'
    return { flag: '*', summary: kind, from: shortRef(source), to: 'FETCH_HEAD' }
  })
  const lines = formatFetchLines([...unkept, ...kept])
  if (lines.length === 0) return
  terminal.say(`From ${url}`)
  for (const line of lines) terminal.say(line)
}

/** What a fetch did, as JSON shows it. */
export function fetchDocument(remote: string | undefined, url: string, result: FetchResult): object {
  const { listed, updates, forMerge, transferred } = result
  return {
    remote: remote ?? null,
    url,
    name: listed.name ?? null,
    head: listed.head ?? null,
    refs: updates.map(({ source, target, before, after, verdict, reason }) => {
      return { source, target, before: before ?? null, after: after ?? null, verdict, reason }
    }),
    forMerge: forMerge.map(({ source, cid }) => ({ source, cid })),
    blocks: transferred.blocks,
    bytes: transferred.bytes,
    resumed: transferred.resumed,
    failures: failureDocuments([...(listed.refused ?? []), ...transferred.failures]),
  }
}

function lineOf(update: JudgedUpdate, verbose: boolean): RefLine | undefined {
  const { source, target, before, after, verdict, reason } = update
  const line = { from: source === undefined ? '(none)' : shortRef(source), to: shortRef(target) }
  switch (verdict) {
    case 'up-to-date':
      return verbose ? { flag: '=', summary: '[up to date]', ...line } : undefined
    case 'new':
      return { flag: '*', summary: newText(source ?? target), ...line }
    case 'fast-forward':
      return { flag: ' ', summary: rangeText(before, after, false), ...line }
    case 'forced':
      return { flag: '+', summary: rangeText(before, after, true), ...line, note: 'forced update' }
    case 'tag-update':
      return { flag: 't', summary: '[tag update]', ...line }
    case 'deleted':
      return { flag: '-', summary: '[deleted]', ...line }
    case 'rejected':
    default:
      return { flag: '!', summary: '[rejected]', ...line, note: reason }
  }
}
