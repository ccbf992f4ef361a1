import { shortenCid } from '../../model/cid-text.ts'
import { type Rebased, rebaseBranch } from '../../worktree/replay/rebase.ts'
import type { ReplayReport } from '../../worktree/replay/run-replay.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { addReplayOptions, readFavour, type ReplayFlags, replayUsage } from '../replay/replay-flags.ts'
import { runReplayCommand } from '../replay/run-replay-command.ts'
import { revisionOptions } from '../revisions.ts'

interface RebaseFlags extends ReplayFlags {
  onto?: string
  root?: true
}

/** `jzfs rebase`: makes the commits of a branch again on top of another. */
export const rebase: CommandModule = {
  configure(command, context) {
    command
      .argument('[upstream]', 'make again what the branch has and this has not')
      .argument('[branch]', 'switch to this branch first')
      .option('--onto <revision>', 'put the commits on this instead of on upstream; A...B is where both parted')
      .option('--root', 'take all commits from the first one on; merges among them are flattened')
    addReplayOptions(command).action((first: string | undefined, second: string | undefined, flags: RebaseFlags) =>
      runReplayCommand<Rebased>(context, {
        kind: 'rebase',
        operands: [first, second].filter((each) => each !== undefined),
        flags,
        begin: (repository, options) => {
          if (flags.root && second !== undefined) throw replayUsage('rebase', '--root takes a branch alone')
          return rebaseBranch(repository, {
            ...revisionOptions(context, repository),
            ...options,
            upstream: flags.root ? undefined : first,
            root: flags.root === true,
            branch: flags.root ? first : second,
            onto: flags.onto,
            favour: readFavour('rebase', flags),
          })
        },
        details: ({ isUpToDate, present }) => ({ upToDate: isUpToDate, present }),
        conclude: (report, begun) => conclude(context, report, begun),
      }),
    )
  },
}

async function conclude({ terminal }: Context, report: ReplayReport, begun: Rebased | undefined): Promise<void> {
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
