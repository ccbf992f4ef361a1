import type { FileDifference } from '../worktree/status/compare-file.ts'
import type { StagedChange } from '../worktree/status/staged-changes.ts'
import type { Conflict } from '../worktree/status/status.ts'

/** The letter and the words for what is staged at a path, as git has them. */
export function describeStaged({ from, before, after }: StagedChange): { letter: string; words: string } {
  if (from !== undefined) return { letter: 'R', words: 'renamed' }
  if (before === undefined) return { letter: 'A', words: 'new file' }
  if (after === undefined) return { letter: 'D', words: 'deleted' }
  const isFile = (kind: string) => kind === 'file' || kind === 'executable'
  if (before.kind !== after.kind && !(isFile(before.kind) && isFile(after.kind)))
    return { letter: 'T', words: 'typechange' }
  return { letter: 'M', words: 'modified' }
}

/** The letter and the words for how a file differs from the index. */
export function describeUnstaged(difference: FileDifference): { letter: string; words: string } {
  return UNSTAGED[difference]
}

const UNSTAGED: Record<FileDifference, { letter: string; words: string }> = {
  modified: { letter: 'M', words: 'modified' },
  'mode-changed': { letter: 'M', words: 'modified' },
  'type-changed': { letter: 'T', words: 'typechange' },
  deleted: { letter: 'D', words: 'deleted' },
}

/** The letters and the words for a conflict, by the stages that have the path. */
export function describeConflict({ stages }: Conflict): { letters: string; words: string } {
  return CONFLICTS[stages.join('')] ?? { letters: 'UU', words: 'both modified' }
}

const CONFLICTS: Readonly<Record<string, { letters: string; words: string }>> = {
  '1': { letters: 'DD', words: 'both deleted' },
  '2': { letters: 'AU', words: 'added by us' },
  '3': { letters: 'UA', words: 'added by them' },
  '12': { letters: 'UD', words: 'deleted by them' },
  '13': { letters: 'DU', words: 'deleted by us' },
  '23': { letters: 'AA', words: 'both added' },
}
