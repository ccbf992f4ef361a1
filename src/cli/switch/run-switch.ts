import type { CID } from 'multiformats/cid'

import { shortenCid } from '../../model/cid-text.ts'
import { decodeCommit } from '../../model/commit/commit.ts'
import { quoteName } from '../../model/quote-name.ts'
import { createCommitGraph } from '../../repo/history/commit-graph.ts'
import { isSameHead, type Head } from '../../repo/refs/head.ts'
import { readTrackingState } from '../../repo/remote/tracking-state.ts'
import { readStatus } from '../../worktree/status/status.ts'
import type { SwitchRequest } from '../../worktree/switch/switch-goal.ts'
import { switchTo, type Switched, type SwitchOptions } from '../../worktree/switch/switch.ts'
import { branchName } from '../branch-name.ts'
import { sayFollowed } from '../branch/set-upstream.ts'
import { trackingLines } from '../branch/tracking-lines.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { sayNotDone, type WorkingRepository } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { createProgressLine } from '../progress.ts'
import { revisionOptions } from '../revisions.ts'
import { renderShortStatus } from '../status-text.ts'

/** What is said of a switch. */
interface ReportFlags {
  quiet?: true
  json?: true
}

/** Goes to another branch or commit, and says so as git does: what is carried along on standard output, the rest beside it. */
export async function runSwitch(
  context: Context,
  repository: WorkingRepository,
  request: SwitchRequest,
  options: Pick<SwitchOptions, 'discardChanges' | 'force' | 'endSequence'> & { flags: ReportFlags },
): Promise<void> {
  const { flags, ...how } = options
  const keepsFiles = 'orphan' in request && request.keepsFiles === true
  const showsCarried = !flags.quiet && !flags.json && !keepsFiles
  const progress = createProgressLine(context.terminal, 'switching')
  const switched = await switchTo(repository, request, {
    ...revisionOptions(context, repository),
    ...how,
    looksAhead: showsCarried,
    command: context.commandLine,
    person: currentPerson(context, repository.config, 'COMMITTER'),
    onProgress: progress.update,
    onRebuilt: (error) => context.terminal.say(`warning: ${error.message}`),
  }).finally(progress.done)
  await report(context, repository, switched, { ...flags, showsCarried })
}

async function report(
  context: Context,
  repository: WorkingRepository,
  switched: Switched,
  flags: ReportFlags & { showsCarried: boolean },
): Promise<void> {
  const { before, after, branch, discarded, left, failed } = switched
  if (left.length + failed.length > 0) context.status = EXIT.partial
  if (flags.json) {
    const failures = failed.map(({ path, error }) => ({ path, code: error.code, message: error.message }))
    const sides = { before: describeSide(before), after: describeSide(after) }
    return context.terminal.json({ ...sides, created: branch === 'new', discarded, left, failed: failures })
  }
  sayNotDone(context, switched)
  if (flags.quiet) return
  if (flags.showsCarried) await showCarried(context, repository, switched)
  if ('branch' in after.head) await sayFollowed(context, repository, branchName(after.head.branch), switched.followed)
  for (const line of await describe(repository, switched)) context.terminal.say(line)
  if (branch === 'existing') await sayTracking(context, repository, after)
}

/** How the branch stands to what it follows, as a status says it. */
async function sayTracking(
  { terminal, signal }: Context,
  repository: WorkingRepository,
  { head, commit }: Switched['after'],
): Promise<void> {
  if ('detached' in head || commit === undefined) return
  const graph = createCommitGraph(repository.store)
  const state = await readTrackingState(repository, graph, { name: head.branch, commit }, { signal })
  const lines = trackingLines(state).slice(0, -1)
  if (lines.length > 0) await terminal.out(lines.map((line) => `${line}\n`).join(''))
}

function describeSide({ head, commit }: Switched['after']): { branch: string | undefined; commit: CID | undefined } {
  return { branch: shortName(head), commit }
}

/** Names what was changed before, and still is. */
async function showCarried(context: Context, repository: WorkingRepository, { known }: Switched): Promise<void> {
  const { signal } = context
  const status = await readStatus(repository, { untracked: 'none', renames: false, signal, known })
  known?.stop()
  const lines = renderShortStatus({ ...status, ignored: [] }, quoteName).map(
    (line) => `${line.slice(0, 2).trim()}\t${line.slice(3)}\n`,
  )
  if (lines.length > 0) await context.terminal.out(lines.join(''))
}

async function describe(repository: WorkingRepository, switched: Switched): Promise<string[]> {
  const { before, after, branch } = switched
  const name = shortName(after.head)
  const lines: string[] = []
  if ('detached' in before.head && !isSameHead(before.head, after.head)) {
    lines.push(`Previous HEAD position was ${await subjectOf(repository, before.head.detached)}`)
  }
  if (name === undefined) lines.push(`HEAD is now at ${await subjectOf(repository, after.commit as CID)}`)
  else if (branch === 'new') lines.push(`Switched to a new branch '${name}'`)
  else if (isSameHead(before.head, after.head))
    lines.push(`${branch === 'reset' ? 'Reset branch' : 'Already on'} '${name}'`)
  else lines.push(`Switched to ${branch === 'reset' ? 'and reset ' : ''}branch '${name}'`)
  return lines
}

async function subjectOf({ store }: WorkingRepository, commit: CID): Promise<string> {
  const { message } = decodeCommit(commit, await store.get(commit))
  return `${shortenCid(commit)} ${message.split('\n', 1)[0]}`
}

function shortName(head: Head): string | undefined {
  return 'branch' in head ? head.branch.replace('refs/heads/', '') : undefined
}
