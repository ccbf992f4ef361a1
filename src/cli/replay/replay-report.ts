import { shortenCid } from '../../model/cid-text.ts'
import { quoteName } from '../../model/quote-name.ts'
import { diffTrees } from '../../model/tree/tree-diff.ts'
import type { Repository } from '../../repo/repository.ts'
import type { AbortedReplay } from '../../worktree/replay/end-replay.ts'
import type { ReplayReport } from '../../worktree/replay/run-replay.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { sayNotDone } from '../here.ts'
import { printableMessage } from '../history/commit-message.ts'
import type { ReplayFlags } from './replay-flags.ts'

/** Says what came of a cherry-pick, revert or rebase, and sets the exit status: 1 where it waits. */
export async function reportReplay(
  context: Context,
  repository: Repository,
  report: ReplayReport,
  flags: ReplayFlags,
): Promise<void> {
  const { stop, left, failed, made, kind } = report
  if (stop !== undefined || left.length + failed.length > 0) context.status = EXIT.partial
  if (flags.json) return context.terminal.json(replayDocument(report))
  sayNotDone(context, report)
  if (!flags.quiet) {
    for (const { text } of report.notes) await context.terminal.out(`${printableMessage(text)}\n`)
    if (kind !== 'rebase') for (const commit of made) await showCommit(context, repository, report, commit)
    for (const { commit, subject } of report.dropped) {
      context.terminal.say(`dropping ${shortenCid(commit)} ${printableMessage(subject)}: the change is there already`)
    }
  }
  if (stop !== undefined) sayStop(context, report)
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
  const name = `${shortenCid(stop.commit)} ${printableMessage(stop.subject)}`
  const more = remaining === 0 ? '' : `, and ${remaining} more to come`
  if (stop.reason === 'empty') {
    terminal.say(`error: nothing is left of the change of ${name}${more}`)
    terminal.say(`hint: leave it out with \`jzfs ${kind} --skip\`, or keep it with \`jzfs commit --allow-empty\``)
    return
  }
  const paths = stop.conflicts.map(({ path }) => quoteName(path)).join(', ')
  terminal.say(`error: could not ${kind === 'revert' ? 'revert' : 'apply'} ${name}${more}: in conflict: ${paths}`)
  terminal.say(`hint: settle the conflicts, \`jzfs add\` the paths, then \`jzfs ${kind} --continue\``)
  terminal.say(`hint: or leave the commit out (\`jzfs ${kind} --skip\`), or give it up (\`jzfs ${kind} --abort\`)`)
}

function replayDocument({ kind, before, after, made, dropped, stop, remaining, left, failed }: ReplayReport): object {
  return {
    kind,
    before: before.commit ?? null,
    after: after.commit ?? null,
    branch: 'branch' in after.head ? after.head.branch.replace('refs/heads/', '') : null,
    made: made.map(({ from, cid, subject }) => ({ from, commit: cid, subject })),
    dropped,
    stopped:
      stop === undefined
        ? null
        : { ...stop, conflicts: stop.conflicts.map(({ path, kind: is }) => ({ path, kind: is })) },
    remaining,
    left,
    failed: failed.map(({ path, error }) => ({ path, code: error.code, message: error.message })),
  }
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
