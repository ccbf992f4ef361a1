import { InvalidError } from '../../model/errors.ts'
import { type DiffStatus, diffStatus, type FileDiff } from '../../worktree/diff/file-diff.ts'

/** Whether a change is shown. */
export type StatusFilter = (diff: FileDiff) => boolean

const LETTERS = 'ACDMRTUXB'

/**
 * Reads `--diff-filter`: only changes with one of the letters, or all but those with a small letter, as git takes them.
 * InvalidError `usage`.
 */
export function readStatusFilter(text: string): StatusFilter {
  const given = text.split('').filter((letter) => letter !== '*')
  const unknown = given.find((letter) => !LETTERS.includes(letter.toUpperCase()))
  if (unknown !== undefined) {
    throw new InvalidError('usage', `--diff-filter knows no letter "${unknown}"`, {
      hint: 'there are A, D, M, R, T, U',
    })
  }
  const wanted = new Set(given.filter((letter) => letter === letter.toUpperCase()))
  const unwanted = new Set(given.filter((letter) => !wanted.has(letter)).map((letter) => letter.toUpperCase()))
  const keeps = (status: DiffStatus) => (wanted.size === 0 || wanted.has(status)) && !unwanted.has(status)
  return (diff) => keeps(diffStatus(diff))
}
