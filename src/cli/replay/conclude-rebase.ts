import { shortenCid } from '../../model/cid-text.ts'
import type { Rebased } from '../../worktree/replay/rebase.ts'
import type { ReplayReport } from '../../worktree/replay/run-replay.ts'
import type { Context } from '../context.ts'

/** Says how a rebase ended, and what of it the upstream had already. */
export async function concludeRebase(
  { terminal }: Context,
  report: ReplayReport,
  begun: Rebased | undefined,
): Promise<void> {
  const { head } = report.after
  const name = 'branch' in head ? head.branch : 'a detached HEAD'
  if (begun?.isUpToDate === true) {
    return terminal.out(
      'branch' in head ? `Current branch ${name.replace('refs/heads/', '')} is up to date.\n` : 'HEAD is up to date.\n',
    )
  }
  for (const commit of begun?.present ?? []) {
    terminal.say(`skipped ${shortenCid(commit)}: the upstream has its change already`)
  }
  if (report.stop === undefined) terminal.say(`Successfully rebased and updated ${name}.`)
}
