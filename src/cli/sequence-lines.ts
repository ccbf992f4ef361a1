import type { Sequence } from '../repo/sequence/sequence.ts'

/** What a status says of an operation that waits for its user, as git's: how it goes on, and how it ends. */
export function sequenceLines(sequence: Sequence | undefined, hasConflicts: boolean): string[] {
  if (sequence === undefined) {
    return hasConflicts ? ['You have unmerged paths.', '  (settle them and use "jzfs add PATH")', ''] : []
  }
  if (sequence.kind !== 'merge') {
    const { kind } = sequence
    const goOn = hasConflicts ? `settle conflicts, then "jzfs ${kind} --continue"` : `use "jzfs ${kind} --continue"`
    return [`A ${kind} is in progress.`, `  (${goOn})`, `  (use "jzfs ${kind} --abort" to give it up)`, '']
  }
  const conclude = hasConflicts ? 'settle conflicts and run "jzfs commit"' : 'use "jzfs commit" to conclude it'
  const state = hasConflicts ? 'You have unmerged paths.' : ALL_SETTLED[sequence.squash ? 'squash' : 'merge']
  return [state, `  (${conclude})`, '  (use "jzfs merge --abort" to give the merge up)', '']
}

const ALL_SETTLED = {
  merge: 'All conflicts are settled, but the merge is not committed.',
  squash: 'All that the other side has is staged, but not committed.',
}
