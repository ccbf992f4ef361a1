import { InvalidError } from '../../model/errors.ts'
import { refNameProblem } from '../../model/ref-name.ts'
import { guessBranch } from '../../repo/remote/guess-branch.ts'
import type { Repository } from '../../repo/repository.ts'
import { findRef } from '../../repo/revision/find-ref.ts'
import type { SwitchRequest } from '../../worktree/switch/switch-goal.ts'
import { readTrackChoice, TRACK_VALUES, type TrackFlag } from '../branch/track-flags.ts'
import { type CheckoutOperands, readCheckoutOperands } from '../checkout/checkout-operands.ts'
import { checkoutPaths, type CheckoutPathsFlags } from '../checkout/checkout-paths.ts'
import type { CommandModule } from '../command.ts'
import { addConflictOptions } from '../conflict-options.ts'
import { withWorktree } from '../here.ts'
import { divideOperands } from '../operands.ts'
import { revisionOptions } from '../revisions.ts'
import { runSwitch } from '../switch/run-switch.ts'
import { trackedBranch } from '../switch/tracked-branch.ts'

interface CheckoutFlags extends CheckoutPathsFlags {
  create?: string
  forceCreate?: string
  orphan?: string
  detach?: true
  track?: TrackFlag
  guess: boolean
  discardChanges?: true
}

/** `jzfs checkout`: git's older name of `switch` and `restore`. */
export const checkout: CommandModule = {
  attachedValues: TRACK_VALUES,
  configure(command, context) {
    addConflictOptions(command)
      .argument(
        '[revision-or-path...]',
        'go to this branch or commit; with paths, bring these back from it or the index',
      )
      .option('-b, --create <branch>', 'make a new branch and go to it')
      .option('-B, --force-create <branch>', 'the same, and move the branch if there is one')
      .option('--orphan <branch>', 'go to a new branch without history, with the files that are here')
      .option('-d, --detach', 'go to a commit, on no branch')
      .option(
        '-t, --track [mode]',
        'let the new branch follow what it starts from (direct), or what that follows (inherit)',
      )
      .option('--no-track', 'let it follow nothing')
      .option('--no-guess', 'do not make a branch that only a remote has')
      .option('--discard-changes', 'throw away local changes')
      .option('-f, --force', 'the same, and give up what is in progress; with paths, pass over conflicts')
      .option('--no-overlay', 'with paths of a revision, remove what it does not have')
      .option('-q, --quiet', 'print nothing')
      .option('--json', 'print one JSON document')
      .action((operands: string[], flags: CheckoutFlags) =>
        withWorktree(context, async (repository) => {
          const lookUp = revisionOptions(context, repository)
          const divided = divideOperands(command, operands)
          const guesses = flags.guess && repository.config.get('checkout.guess')
          const asked = await readCheckoutOperands(context, repository, { ...divided, guesses }, lookUp)
          if (asked.paths !== undefined && isBranchless(flags)) {
            return checkoutPaths(context, repository, asked, flags, lookUp)
          }
          const force = flags.force === true
          const request = await readRequest(repository, asked, { ...flags, guess: guesses })
          const discardChanges = force || flags.discardChanges === true
          return runSwitch(context, repository, request, { discardChanges, force, endSequence: force, flags })
        }),
      )
  },
}

function isBranchless({ create, forceCreate, orphan, detach, track }: CheckoutFlags): boolean {
  return [create, forceCreate, orphan, detach, track || undefined].every((each) => each === undefined)
}

async function readRequest(
  repository: Repository,
  asked: CheckoutOperands,
  flags: CheckoutFlags,
): Promise<SwitchRequest> {
  const { create, forceCreate, orphan, detach, ours, theirs, merge, conflict } = flags
  if (asked.paths !== undefined) throw usage('a branch is checked out whole, without paths')
  if ([ours, theirs, merge, conflict].some((each) => each !== undefined)) {
    throw usage('--ours, --theirs, --merge and --conflict are for paths')
  }
  const ways = [create, forceCreate, orphan, detach].filter((each) => each !== undefined)
  if (ways.length > 1) throw usage('-b, -B, --orphan and --detach exclude each other')
  const { revision } = asked
  const made = create ?? forceCreate
  if (made !== undefined) {
    return { create: made, start: revision, reset: forceCreate !== undefined, track: readTrackChoice(flags.track) }
  }
  if (orphan !== undefined) {
    if (revision !== undefined) throw usage('--orphan takes no start: go there first')
    return { orphan, keepsFiles: true }
  }
  if (detach) return { detach: revision === undefined ? 'HEAD' : revision === '-' ? '@{-1}' : revision }
  return trackedBranch(flags.track, revision) ?? goTo(repository, revision, flags)
}

/** A branch where it is one, here or at one remote, else its commit. */
async function goTo(
  repository: Repository,
  revision: string | undefined,
  { guess: guesses }: CheckoutFlags,
): Promise<SwitchRequest> {
  const { refs } = repository
  const head = await refs.head()
  const current = 'branch' in head ? head.branch.replace('refs/heads/', '') : undefined
  if (revision === undefined) return current === undefined ? { detach: 'HEAD' } : { branch: current }
  if (revision === current) return { branch: revision, guesses }
  if (revision === '-' || /^@\{-\d+\}$/.test(revision)) return { branch: revision }
  const isBranch = refNameProblem(`refs/heads/${revision}`) === undefined
  if (isBranch && (await refs.read(`refs/heads/${revision}`)) !== undefined) return { branch: revision }
  const isGuessed = guesses && (await findRef(repository, revision)) === undefined
  return isGuessed && (await guessBranch(repository, revision)) !== undefined
    ? { branch: revision, guesses }
    : { detach: revision }
}

function usage(message: string): InvalidError {
  return new InvalidError('usage', `checkout: ${message}`, { hint: 'see `jzfs checkout --help`' })
}
