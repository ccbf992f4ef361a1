import { shortenCid } from '../../model/cid-text.ts'
import { diffTrees } from '../../model/tree/tree-diff.ts'
import type { Repository } from '../../repo/repository.ts'
import type { AbortedReplay } from '../../worktree/replay/end-replay.ts'
import type { ReplayReport, ReplayWait } from '../../worktree/replay/run-replay.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { sayNotDone } from '../here.ts'
import { printableMessage } from '../history/commit-message.ts'
import { sayTakenIdentity } from '../identity.ts'
import type { ReplayFlags } from './replay-flags.ts'

/** Says what came of a cherry-pick, revert or rebase, and sets the exit status: 1 where it waits. */
export async function reportReplay(
  context: Context,
  repository: Repository,
  report: ReplayReport,
  { flags, details }: { flags: ReplayFlags; details?: object | undefined },
): Promise<void> {
  const { stop, left, failed, made, kind } = report
  if (stop !== undefined || left.length + failed.length > 0) context.status = EXIT.partial
  if (flags.json) return context.terminal.json({ ...replayDocument(report), ...details })
  sayNotDone(context, report)
  if (!flags.quiet) {
    if (made.length > 0) sayTakenIdentity(context, repository.config)
    for (const commit of made) {
      await showNotes(context, commit)
      if (kind !== 'rebase') await showCommit(context, repository, report, commit)
    }
    if (stop !== undefined) await showNotes(context, stop)
    for (const { commit, subject } of report.dropped) {
      context.terminal.say(`dropping ${shortenCid(commit)} ${printableMessage(subject)}: the change is there already`)
    }
  }
  if (stop !== undefined) sayStop(context, report)
}

async function showNotes({ terminal }: Context, { notes }: ReplayReport['made'][number] | ReplayWait): Promise<void> {
  for (const { text } of notes) await terminal.out(`${printableMessage(text)}\n`)
}

async function showCommit(
  { terminal }: Context,
  { store }: Repository,
  { after }: ReplayReport,
  { cid, subject, trees }: ReplayReport['made'][number],
): Promise<void> {
  let changed = 0
  for await (const _ of diffTrees(store, trees.before, trees.after)) changed++
  const name = 'branch' in after.head ? after.head.branch.replace('refs/heads/', '') : 'detached HEAD'
  const files = `${changed} ${changed === 1 ? 'file' : 'files'} changed`
  await terminal.out(`[${name} ${shortenCid(cid)}] ${printableMessage(subject)}\n ${files}\n`)
}

function sayStop({ terminal }: Context, { kind, stop, remaining }: ReplayReport): void {
  if (stop === undefined) return
  const name = `${shortenCid(stop.commit)} (${printableMessage(stop.subject)})`
  if (stop.reason === 'empty') {
    terminal.say(`error: nothing is left of the change of ${name}`)
    terminal.say(
      `hint: leave it out with \`jzfs ${kind} --skip\`, or keep it with \`jzfs commit --allow-empty --no-edit\``,
    )
  } else {
    terminal.say(`error: could not ${kind === 'revert' ? 'revert' : 'apply'} ${name}`)
    terminal.say(`hint: settle what is in conflict, \`jzfs add\` it, then \`jzfs ${kind} --continue\``)
    terminal.say(`hint: or leave this commit out with \`jzfs ${kind} --skip\`, or give all up with \`--abort\``)
  }
  if (remaining > 0) terminal.say(`${remaining} more ${remaining === 1 ? 'commit is' : 'commits are'} to come`)
}

/** What came of a cherry-pick, revert or rebase, as JSON shows it. */
export function replayDocument({
  kind,
  before,
  after,
  made,
  dropped,
  stop,
  remaining,
  left,
  failed,
}: ReplayReport): object {
  return {
    kind,
    before: before.commit ?? null,
    after: after.commit ?? null,
    branch: 'branch' in after.head ? after.head.branch.replace('refs/heads/', '') : null,
    made: made.map(({ from, cid, subject }) => ({ from, commit: cid, subject })),
    dropped,
    stopped: stop === undefined ? null : stopDocument(stop),
    remaining,
    left,
    failed: failed.map(({ path, error }) => ({ path, code: error.code, message: error.message })),
  }
}

function stopDocument({ commit, subject, reason, conflicts }: ReplayWait): object {
  return { commit, subject, reason, conflicts: conflicts.map(({ path, kind }) => ({ path, kind })) }
}

/** Says what came of giving one up. */
export async function reportAborted(
  context: Context,
  { isMoved, discarded, left, failed }: AbortedReplay,
  flags: ReplayFlags,
): Promise<void> {
  if (left.length + failed.length > 0) context.status = EXIT.partial
  if (flags.json) {
    const failures = failed.map(({ path, error }) => ({ path, code: error.code, message: error.message }))
    return context.terminal.json({ rewound: !isMoved, discarded, left, failed: failures })
  }
  sayNotDone(context, { left, failed })
  if (isMoved) context.terminal.say('warning: HEAD was moved meanwhile, and stays where it is')
}
