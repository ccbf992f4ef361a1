import { type Rebased, rebaseBranch } from '../../worktree/replay/rebase.ts'
import { upstreamForkPoint, upstreamRevision } from '../branch/upstream-revision.ts'
import type { CommandModule } from '../command.ts'
import { concludeRebase } from '../replay/conclude-rebase.ts'
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
      .argument('[upstream]', 'make again what the branch has and this has not (default: what the branch follows)')
      .argument('[branch]', 'switch to this branch first')
      .option('--onto <revision>', 'put the commits on this instead of on upstream; A...B is where both parted')
      .option('--root', 'take all commits from the first one on; merges among them are flattened')
    addReplayOptions(command).action((first: string | undefined, second: string | undefined, flags: RebaseFlags) =>
      runReplayCommand<Rebased>(context, {
        kind: 'rebase',
        operands: [first, second].filter((each) => each !== undefined),
        flags,
        begin: async (repository, options) => {
          const isDefault = first === undefined && flags.root !== true
          const followed = isDefault ? await upstreamRevision(repository) : undefined
          const parting = followed === undefined ? undefined : await upstreamForkPoint(repository)
          if (flags.root && second !== undefined) throw replayUsage('rebase', '--root takes a branch alone')
          return rebaseBranch(repository, {
            ...revisionOptions(context, repository),
            ...options,
            upstream: flags.root ? undefined : (first ?? parting?.toString() ?? followed),
            root: flags.root === true,
            branch: flags.root ? first : second,
            onto: flags.onto ?? followed,
            favour: readFavour('rebase', flags),
          })
        },
        details: ({ isUpToDate, present }) => ({ upToDate: isUpToDate, present }),
        conclude: (report, begun) => concludeRebase(context, report, begun),
      }),
    )
  },
}
