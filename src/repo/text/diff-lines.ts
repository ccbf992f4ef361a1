import { compactChanges } from './compact-changes.ts'
import { markByHistogram } from './histogram.ts'
import { changesOf, type LineChange, unchangedLines } from './line-changes.ts'
import { markByMyers } from './myers.ts'

/** How common lines are found: where lines stand several times or were moved there is more than one way. */
export type DiffAlgorithm = 'myers' | 'histogram'

/**
 * The changes that make one text of another, both given as the numbers of their lines (`LineClasses`): those of
 * `git diff --no-indent-heuristic`, in order. The work is bounded; where little is common, more than need be is changed.
 */
export function diffLines(before: Int32Array, after: Int32Array, algorithm: DiffAlgorithm = 'myers'): LineChange[] {
  const changed = unchangedLines(before.length, after.length)
  if (algorithm === 'myers') markByMyers(before, after, changed)
  else markByHistogram(before, after, changed)
  compactChanges(before, changed.before, changed.after)
  compactChanges(after, changed.after, changed.before)
  return changesOf(changed)
}
