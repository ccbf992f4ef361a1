import type { CID } from 'multiformats/cid'

import { mergeRevision, type MergeRevisionOptions } from '../../worktree/merge/merge.ts'
import { rebaseBranch } from '../../worktree/replay/rebase.ts'
import { branchName } from '../branch-name.ts'
import type { Context } from '../context.ts'
import type { WorkingRepository } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { mergeDocument, reportMerge } from '../merge/merge-report.ts'
import { createProgressLine } from '../progress.ts'
import { concludeRebase } from '../replay/conclude-rebase.ts'
import { replayRunOptions } from '../replay/replay-flags.ts'
import { replayDocument, reportReplay } from '../replay/replay-report.ts'
import { type PullFlags, readSide } from './pull-flags.ts'
import type { PulledCommit } from './pulled-commit.ts'

/** What was fetched, and how it is taken in. */
export interface TakingIn {
  pulled: PulledCommit
  flags: PullFlags
  /** What the fetch says in JSON. */
  fetched: object[]
  /** Where it is from; undefined for a branch of this repository. */
  url: string | undefined
}

/** Merges what was fetched into the branch that is checked out, and says so as `merge` does. */
export async function mergePulled(
  context: Context,
  repository: WorkingRepository,
  { pulled, flags, fetched, url, fastForward }: TakingIn & Pick<MergeRevisionOptions, 'fastForward'>,
): Promise<void> {
  const { config } = repository
  const ways = { true: 'allowed', false: 'never', only: 'only' } as const
  const progress = createProgressLine(context.terminal, 'merging')
  const merged = await mergeRevision(repository, pulled.label, {
    command: context.commandLine,
    author: currentPerson(context, config, 'AUTHOR'),
    committer: currentPerson(context, config, 'COMMITTER'),
    fastForward: fastForward ?? ways[config.get('merge.ff')],
    commit: flags.commit !== false,
    squash: flags.squash === true,
    ...(flags.squash ? {} : { message: await messageOf(repository, pulled, url) }),
    favour: readSide(flags),
    style: config.get('merge.conflictStyle'),
    allowUnrelated: flags.allowUnrelatedHistories === true,
    onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
    signal: context.signal,
    onProgress: progress.update,
  }).finally(progress.done)
  if (flags.json) {
    await context.terminal.json({ fetched, merge: mergeDocument(merged) })
    return reportMerge(context, repository, merged, { stat: false, squash: false, quiet: true })
  }
  await reportMerge(context, repository, merged, {
    stat: flags.stat !== false,
    squash: flags.squash === true,
    ...(flags.quiet && { quiet: true }),
  })
}

/** Git's message of a merge of what was fetched: `Merge branch 'main' of URL into topic`. */
async function messageOf(
  { refs }: WorkingRepository,
  { source }: PulledCommit,
  url: string | undefined,
): Promise<string> {
  const head = await refs.head()
  const into = 'branch' in head ? branchName(head.branch) : 'HEAD'
  const of = url === undefined ? '' : ` of ${url}`
  return `Merge ${describeSource(source)}${of}${into === 'master' ? '' : ` into ${into}`}\n`
}

function describeSource(source: string): string {
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/s.exec(source) ?? []
  if (name === undefined) return source === 'HEAD' ? 'HEAD' : `commit '${source}'`
  return `${kind === 'heads' ? 'branch' : 'tag'} '${name}'`
}

/** Puts the commits of the branch on top of what was fetched, and says so as `rebase` does. `parting`: where the branch left it. */
export async function rebaseOnPulled(
  context: Context,
  repository: WorkingRepository,
  { pulled, flags, fetched, parting }: TakingIn & { parting: CID | undefined },
): Promise<void> {
  const progress = createProgressLine(context.terminal, 'rebase')
  const rebased = await rebaseBranch(repository, {
    ...replayRunOptions(context, repository, {}, progress.update),
    upstream: parting?.toString() ?? pulled.label,
    onto: pulled.label,
    favour: readSide(flags),
  }).finally(progress.done)
  const said = { ...(flags.quiet && { quiet: true as const }) }
  if (flags.json) {
    const { isUpToDate, present } = rebased
    await context.terminal.json({ fetched, rebase: { ...replayDocument(rebased), upToDate: isUpToDate, present } })
    return reportReplay(context, repository, rebased, { flags: { quiet: true } })
  }
  await reportReplay(context, repository, rebased, { flags: said })
  if (!flags.quiet) await concludeRebase(context, rebased, rebased)
}
