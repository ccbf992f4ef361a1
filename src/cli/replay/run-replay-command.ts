import { continueReplay, skipReplay } from '../../worktree/replay/continue-replay.ts'
import { abortReplay, quitReplay } from '../../worktree/replay/end-replay.ts'
import type { ReplayReport, ReplayRunOptions } from '../../worktree/replay/run-replay.ts'
import type { Context } from '../context.ts'
import { withWorktree, type WorkingRepository } from '../here.ts'
import { createProgressLine } from '../progress.ts'
import { readAction, type ReplayFlags, replayRunOptions } from './replay-flags.ts'
import { reportAborted, reportReplay } from './replay-report.ts'

/** A command that makes commits again. */
export interface ReplayCommand<Report extends ReplayReport> {
  kind: ReplayReport['kind']
  operands: readonly string[]
  flags: ReplayFlags
  /** Begins one. */
  begin(repository: WorkingRepository, options: ReplayRunOptions): Promise<Report>
  /** What the document of one that was begun says beyond that of all of them. */
  details?(begun: Report): object
  /** Says what is not said for all of them. */
  conclude?(report: ReplayReport, begun: Report | undefined): Promise<void> | void
}

/** Begins a cherry-pick, revert or rebase, goes on with it, or ends it, as the flags say; and says what came of it. */
export function runReplayCommand<Report extends ReplayReport>(
  context: Context,
  { kind, operands, flags, begin, details, conclude }: ReplayCommand<Report>,
): Promise<void> {
  return withWorktree(context, async (repository) => {
    const action = readAction(kind, flags, operands)
    const progress = createProgressLine(context.terminal, kind)
    const options = replayRunOptions(context, repository, flags, progress.update)
    try {
      if (action === 'quit') return await quitReplay(repository, kind, options)
      if (action === 'abort') {
        const aborted = await abortReplay(repository, kind, options)
        progress.done()
        return await reportAborted(context, aborted, flags)
      }
      const begun = action === undefined ? await begin(repository, options) : undefined
      const goOn = action === 'skip' ? skipReplay : continueReplay
      const report = begun ?? (await goOn(repository, kind, options))
      progress.done()
      await reportReplay(context, repository, report, { flags, details: begun && details?.(begun) })
      if (!flags.json && !flags.quiet) await conclude?.(report, begun)
    } finally {
      progress.done()
    }
  })
}
