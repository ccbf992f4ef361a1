import { parseCidText, shortenCid } from '../model/cid-text.ts'
import type { Bisect } from '../repo/bisect/bisect-state.ts'
import type { ReplaySequence } from '../repo/sequence/replay-sequence.ts'
import type { Sequence } from '../repo/sequence/sequence.ts'

/** What a status says of an operation that waits for its user, as git's: how it goes on, and how it ends. */
export function sequenceLines(sequence: Sequence | undefined, hasConflicts: boolean): string[] {
  if (sequence === undefined) {
    return hasConflicts ? ['You have unmerged paths.', '  (settle them and use "jzfs add PATH")', ''] : []
  }
  if (sequence.kind !== 'merge') return replayLines(sequence, hasConflicts)
  const conclude = hasConflicts ? 'settle conflicts and run "jzfs commit"' : 'use "jzfs commit" to conclude it'
  const state = hasConflicts ? 'You have unmerged paths.' : ALL_SETTLED[sequence.squash ? 'squash' : 'merge']
  return [state, `  (${conclude})`, '  (use "jzfs merge --abort" to give the merge up)', '']
}

/** What a status says of a bisection. */
export function bisectLines(bisect: Pick<Bisect, 'start'> | undefined): string[] {
  if (bisect === undefined) return []
  return [
    `You are currently bisecting, started from '${shortenedStart(bisect.start)}'.`,
    '  (use "jzfs bisect reset" to go back there)',
    '',
  ]
}

/** The name of a branch as it is, a commit in short. */
function shortenedStart(start: string): string {
  const commit = parseCidText(start)
  return commit === undefined ? start : shortenCid(commit)
}

const ALL_SETTLED = {
  merge: 'All conflicts are settled, but the merge is not committed.',
  squash: 'All that the other side has is staged, but not committed.',
}

function replayLines(sequence: ReplaySequence, hasConflicts: boolean): string[] {
  const { kind, stopped } = sequence
  const skip = stopped === undefined ? [] : [`  (use "jzfs ${kind} --skip" to leave this commit out)`]
  const back = kind === 'rebase' ? 'to go back to where it began' : 'to give it up'
  return [
    ...stateLines(sequence),
    `  (${howToGoOn(sequence, hasConflicts)})`,
    ...skip,
    `  (use "jzfs ${kind} --abort" ${back})`,
    '',
  ]
}

function stateLines({ kind, head, onto, stopped, todo }: ReplaySequence): string[] {
  const more = todo.length === 0 ? '' : `; ${todo.length} more to come`
  if (kind === 'rebase') {
    const branch = 'branch' in head ? ` branch '${head.branch.replace('refs/heads/', '')}'` : ''
    const place = onto === undefined ? '' : ` on '${shortenCid(onto)}'`
    const where = stopped === undefined ? [] : [`It waits at commit ${shortenCid(stopped.commit)}${more}.`]
    return [`You are currently rebasing${branch}${place}.`, ...where]
  }
  const doing = kind === 'revert' ? 'reverting' : 'cherry-picking'
  if (stopped === undefined) return [`You are currently ${doing} commits${more}.`]
  return [`You are currently ${doing} commit ${shortenCid(stopped.commit)}${more}.`]
}

function howToGoOn({ kind, stopped }: ReplaySequence, hasConflicts: boolean): string {
  if (hasConflicts) return `settle conflicts, then run "jzfs ${kind} --continue"`
  if (stopped === undefined) return `use "jzfs ${kind} --continue" to go on`
  if (stopped.reason === 'empty') return 'nothing is left of its change: use "jzfs commit --allow-empty" to keep it'
  return `all conflicts settled: run "jzfs ${kind} --continue"`
}
