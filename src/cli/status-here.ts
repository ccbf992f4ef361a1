import { realpathSync } from 'node:fs'
import { join, relative } from 'node:path'

import type { CID } from 'multiformats/cid'

import { shortenCid } from '../model/cid-text.ts'
import { quoteName } from '../model/quote-name.ts'
import { readBisect } from '../repo/bisect/bisect-state.ts'
import { createCommitGraph } from '../repo/history/commit-graph.ts'
import { readTrackingState } from '../repo/remote/tracking-state.ts'
import { readSequence } from '../repo/sequence/sequence.ts'
import type { Status } from '../worktree/status/status.ts'
import type { Context } from './context.ts'
import type { WorkingRepository } from './here.ts'
import { renderLongStatus, type HeadDescription } from './status-text.ts'

/** Where HEAD is, with its commit. */
export type CurrentHead = HeadDescription & { head: CID | undefined }

/** Where HEAD is, what it follows, and what waits; `aheadBehind` says whether to count (default: as configured). */
export async function describeHead(
  { signal }: Context,
  repository: WorkingRepository,
  { aheadBehind }: { aheadBehind?: boolean } = {},
): Promise<CurrentHead> {
  const { refs, store, config } = repository
  const [head, commit] = [await refs.head(), await refs.headCommit()]
  const isCounted = aheadBehind ?? config.get('status.aheadBehind')
  const branch = 'branch' in head ? { name: head.branch, commit } : undefined
  return {
    head: commit,
    branch: branch?.name.replace('refs/heads/', ''),
    commit: commit && shortenCid(commit),
    tracking: branch && (await readTrackingState(repository, createCommitGraph(store), branch, { isCounted, signal })),
    sequence: readSequence(repository),
    bisect: await readBisect(repository),
  }
}

/** Shows a path from where the user stands, as git does. */
export function shownFrom(context: Context, { worktree }: WorkingRepository): (path: string) => string {
  const cwd = realpathSync(context.cwd)
  if (cwd === worktree) return quoteName
  return (path) => quoteName(`${relative(cwd, join(worktree, path)) || '.'}${path.endsWith('/') ? '/' : ''}`)
}

/** A status in git's long form, as text. */
export function longStatus(context: Context, repository: WorkingRepository, head: CurrentHead, found: Status): string {
  const lines = renderLongStatus(context.terminal, head, found, shownFrom(context, repository))
  return lines.map((line) => `${line}\n`).join('')
}
