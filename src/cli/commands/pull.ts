import type { Command } from 'commander'

import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import { withWorktree } from '../here.ts'
import type { PullFlags } from '../pull/pull-flags.ts'
import { runPull } from '../pull/run-pull.ts'

/** `jzfs pull`: fetches, and brings the branch that is checked out up to date with what was fetched. */
export const pull: CommandModule = {
  attachedValues: { '-r': 'true', '--rebase': 'true' },
  configure(command, context) {
    declareIntegration(command)
      .argument('[remote]', 'its name, or a URL (default: what the branch follows)')
      .argument('[refspec...]', 'what to fetch and to merge: SOURCE[:TARGET] (default: what the branch follows)')
      .option('--all', 'fetch all remotes')
      .option('-t, --tags', 'fetch all tags')
      .option('--no-tags', 'fetch no tags but those that are named')
      .option('-p, --prune', 'remove refs here whose source the remote has no longer')
      .option('--no-prune', 'keep them, whatever is configured')
      .option('-f, --force', 'set refs that were fetched also where that loses commits')
      .option('--set-upstream', 'let the branch follow what is pulled')
      .option('--dry-run', 'say what would be fetched, and change nothing')
      .option('--peer <address>', 'ask this node as well; may be repeated', collect)
      .option('--allow-expired', 'accept a record whose life is over')
      .option('-q, --quiet', 'print nothing')
      .option('-v, --verbose', 'show also what is up to date')
      .option('--json', 'print one JSON document')
      .action((remote: string | undefined, refspecs: string[], flags: PullFlags) =>
        withWorktree(context, (repository) => runPull(context, repository, { command, remote, refspecs, flags })),
      )
  },
}

function declareIntegration(command: Command): Command {
  return command
    .option('-r, --rebase [whether]', 'put the commits of the branch on top of what was fetched: true or false')
    .option('--no-rebase', 'merge what was fetched')
    .option('--ff', 'only move the branch where it can be (the default)')
    .option('--no-ff', 'make a merge commit also there')
    .option('--ff-only', 'move the branch, or refuse')
    .option('--squash', 'stage what was fetched for an ordinary commit')
    .option('--commit', 'commit the merge (the default)')
    .option('--no-commit', 'stop before the merge commit')
    .option('-X, --strategy-option <side>', 'settle conflicts by one side: ours or theirs', collect)
    .option('--allow-unrelated-histories', 'merge also what has no commit in common')
    .option('--stat', 'show what changed (the default)')
    .option('-n, --no-stat', 'do not show what changed')
}
