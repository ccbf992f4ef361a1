import { pickCommits } from '../../worktree/replay/pick.ts'
import type { CommandModule } from '../command.ts'
import { readCount } from '../numbers.ts'
import { addReplayOptions, readFavour, type ReplayFlags, replayUsage } from '../replay/replay-flags.ts'
import { runReplayCommand } from '../replay/run-replay-command.ts'
import { revisionOptions } from '../revisions.ts'

interface CherryPickFlags extends ReplayFlags {
  commit: boolean
  x?: true
  mainline?: number
  allowEmpty?: true
  keepRedundantCommits?: true
}

/** `jzfs cherry-pick`: makes the changes of commits again, here. */
export const cherryPick: CommandModule = {
  configure(command, context) {
    command
      .argument('[revision...]', 'make what these commits change: single ones, or ranges like a..b')
      .option('-n, --no-commit', 'leave the changes staged, and make no commit')
      .option('-e, --edit', 'edit the messages')
      .option('-x', 'say in the message where a commit comes from')
      .option('-m, --mainline <parent>', 'of a merge: take the change against this parent, from 1', (text) =>
        readCount('-m', text),
      )
      .option('--allow-empty', 'keep commits that never changed anything')
      .option('--keep-redundant-commits', 'keep also those whose change is there already')
    addReplayOptions(command).action((revisions: string[], flags: CherryPickFlags) =>
      runReplayCommand(context, {
        kind: 'cherry-pick',
        operands: revisions,
        flags,
        begin: (repository, options) => {
          if (revisions.length === 0) throw replayUsage('cherry-pick', 'no commit is named')
          const keepsAll = flags.keepRedundantCommits === true
          return pickCommits(repository, 'cherry-pick', revisions, {
            ...revisionOptions(context, repository),
            ...options,
            mainline: flags.mainline,
            noCommit: !flags.commit,
            recordsOrigin: flags.x === true,
            empty: keepsAll || flags.allowEmpty ? 'keep' : 'stop',
            redundant: keepsAll ? 'keep' : 'stop',
            favour: readFavour('cherry-pick', flags),
          })
        },
      }),
    )
  },
}
