import { InvalidError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import type { SwitchRequest } from '../../worktree/switch/switch-goal.ts'
import { readTrackChoice, TRACK_VALUES, type TrackFlag } from '../branch/track-flags.ts'
import type { CommandModule } from '../command.ts'
import { withWorktree } from '../here.ts'
import { runSwitch } from '../switch/run-switch.ts'
import { trackedBranch } from '../switch/tracked-branch.ts'

interface SwitchFlags {
  create?: string
  forceCreate?: string
  orphan?: string
  detach?: true
  track?: TrackFlag
  guess: boolean
  discardChanges?: true
  force?: true
  quiet?: true
  json?: true
}

/** `jzfs switch`: goes to another branch or commit. */
export const switchCommand: CommandModule = {
  attachedValues: TRACK_VALUES,
  configure(command, context) {
    command
      .argument('[branch]', 'go to this branch; - is the one before')
      .argument('[start]', 'with -c and -C: start the branch at this revision')
      .option('-c, --create <branch>', 'make a new branch and go to it')
      .option('-C, --force-create <branch>', 'the same, and move the branch if there is one')
      .option('--orphan <branch>', 'go to a new branch without history and files')
      .option('-d, --detach', 'go to a commit, on no branch')
      .option(
        '-t, --track [mode]',
        'let the new branch follow what it starts from (direct), or what that follows (inherit)',
      )
      .option('--no-track', 'let it follow nothing')
      .option('--no-guess', 'do not make a branch that only a remote has')
      .option('--discard-changes', 'throw away local changes')
      .option('-f, --force', 'the same, and also what is too much to be kept for undo')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((branch: string | undefined, start: string | undefined, flags: SwitchFlags) =>
        withWorktree(context, (repository) =>
          runSwitch(context, repository, readRequest(repository, branch, start, flags), {
            discardChanges: flags.discardChanges === true || flags.force === true,
            force: flags.force === true,
            flags,
          }),
        ),
      )
  },
}

function readRequest(
  { config }: Repository,
  first: string | undefined,
  second: string | undefined,
  flags: SwitchFlags,
): SwitchRequest {
  const { create, forceCreate, orphan, detach } = flags
  const track = readTrackChoice(flags.track)
  const ways = [create, forceCreate, orphan, detach].filter((each) => each !== undefined)
  if (ways.length > 1) throw usage('-c, -C, --orphan and --detach exclude each other')
  const made = create ?? forceCreate
  if (second !== undefined || (orphan !== undefined && first !== undefined)) throw usage('too many arguments')
  if (made !== undefined) return { create: made, start: first, reset: forceCreate !== undefined, track }
  if (orphan !== undefined) return { orphan }
  if (detach) return { detach: first === undefined ? 'HEAD' : first === '-' ? '@{-1}' : first }
  if (first === undefined) throw usage('no branch is named')
  return trackedBranch(flags.track, first) ?? { branch: first, guesses: flags.guess && config.get('checkout.guess') }
}

function usage(message: string): InvalidError {
  return new InvalidError('usage', `switch: ${message}`, { hint: 'see `jzfs switch --help`' })
}
