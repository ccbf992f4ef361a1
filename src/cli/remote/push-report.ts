import type { JudgedPush } from '../../sync/remote/judge-push.ts'
import type { PushedRemote } from '../../sync/remote/push-remote.ts'
import type { Context } from '../context.ts'
import { formatPushLines, newText, rangeText, type RefLine, shortRef } from './ref-lines.ts'
import { failureDocuments } from './refused-peers.ts'

/** Tells on standard error what a push did, in git's form. */
export function tellPushed(
  { terminal }: Context,
  url: string,
  { refs }: PushedRemote,
  { verbose, quiet }: { verbose: boolean; quiet: boolean },
): void {
  const rejected = refs.filter(isRejected)
  const others = quiet ? [] : refs.filter((each) => !isRejected(each) && (verbose || each.verdict !== 'up-to-date'))
  const lines = formatPushLines([...others, ...rejected].map(lineOf))
  if (lines.length > 0) {
    terminal.say(`To ${url}`)
    for (const line of lines) terminal.say(line)
  } else if (!quiet) terminal.say('Everything up-to-date')
}

/** What a push did, as JSON shows it. */
export function pushDocument(remote: string | undefined, url: string, pushed: PushedRemote): object {
  return {
    remote: remote ?? null,
    url,
    rejected: pushed.isRejected,
    refs: pushed.refs.map(({ source, target, before, after, verdict, reason }) => {
      return { source: source ?? null, target, before: before ?? null, after: after ?? null, verdict, reason }
    }),
    upstreams: pushed.upstreams,
    blocks: pushed.sent.blocks,
    bytes: pushed.sent.bytes,
    failures: failureDocuments(pushed.listed.refused),
  }
}

/** What to do about refs that were rejected: git's advice. */
export function pushHint({ refs }: PushedRemote): string {
  const reasons = new Set(refs.map(({ reason }) => reason))
  if (reasons.has('fetch first')) {
    return 'the remote has commits that are not here: `jzfs fetch`, merge or rebase, and push again'
  }
  if (reasons.has('non-fast-forward')) {
    return 'a branch there has commits that the pushed one lacks: merge or rebase, and push again'
  }
  if (reasons.has('already exists')) return 'the tag is there already; `--force` replaces it'
  if (reasons.has('stale info')) return 'somebody else moved the branch: `jzfs fetch` and look at what is new'
  if (reasons.has('needs force')) return 'only `--force` can set a ref to something that is no commit'
  if (refs.some(({ verdict }) => verdict === 'remote-rejected')) {
    return 'the remote does not take it: push to another branch, or, where it has a working tree, to a bare repository'
  }
  return 'nothing was pushed; the reason stands beside each ref'
}

function isRejected({ verdict }: JudgedPush): boolean {
  return verdict === 'rejected' || verdict === 'remote-rejected'
}

function lineOf({ source, target, before, after, verdict, reason }: JudgedPush): RefLine {
  const line = { from: source === undefined ? undefined : shortRef(source), to: shortRef(target) }
  switch (verdict) {
    case 'up-to-date':
      return { flag: '=', summary: '[up to date]', ...line }
    case 'new':
      return { flag: '*', summary: newText(target), ...line }
    case 'fast-forward':
      return { flag: ' ', summary: rangeText(before, after, false), ...line }
    case 'forced':
      return { flag: '+', summary: rangeText(before, after, true), ...line, note: 'forced update' }
    case 'deleted':
      return { flag: '-', summary: '[deleted]', ...line }
    case 'rejected':
      return { flag: '!', summary: '[rejected]', ...line, note: reason }
    case 'remote-rejected':
    default:
      return { flag: '!', summary: '[remote rejected]', ...line, note: reason }
  }
}
