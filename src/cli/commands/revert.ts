import { pickCommits } from '../../worktree/replay/pick.ts'
import type { CommandModule } from '../command.ts'
import { readCount } from '../numbers.ts'
import { addReplayOptions, readFavour, type ReplayFlags, replayUsage } from '../replay/replay-flags.ts'
import { runReplayCommand } from '../replay/run-replay-command.ts'
import { revisionOptions } from '../revisions.ts'

interface RevertFlags extends ReplayFlags {
  commit: boolean
  mainline?: number
}

/** `jzfs revert`: takes the changes of commits back, with new commits. */
export const revert: CommandModule = {
  configure(command, context) {
    command
      .argument('[revision...]', 'take back what these commits changed: single ones, or ranges like a..b')
      .option('-n, --no-commit', 'leave the changes staged, and make no commit')
      .option('-e, --edit', 'edit the messages')
      .option('--no-edit', 'take the messages as they are (the default)')
      .option('-m, --mainline <parent>', 'of a merge: go back to this parent, from 1', (text) => readCount('-m', text))
    addReplayOptions(command).action((revisions: string[], flags: RevertFlags) =>
      runReplayCommand(context, {
        kind: 'revert',
        operands: revisions,
        flags,
        begin: (repository, options) => {
          if (revisions.length === 0) throw replayUsage('revert', 'no commit is named')
          return pickCommits(repository, 'revert', revisions, {
            ...revisionOptions(context, repository),
            ...options,
            mainline: flags.mainline,
            noCommit: !flags.commit,
            recordsOrigin: false,
            empty: 'stop',
            redundant: 'stop',
            favour: readFavour('revert', flags),
          })
        },
      }),
    )
  },
}
