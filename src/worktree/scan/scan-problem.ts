import { ConflictError, InvalidError } from '../../model/errors.ts'
import type { JzfsError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import { fromByteString } from '../index/byte-string.ts'
import type { Scan, ScanProblem, ScanProblemReason } from './scan.ts'

/**
 * The errors for what a scan found that cannot be recorded (details: `path`): InvalidError `special-file`, `name-not-utf8`,
 * `name-reserved`, ConflictError `nested-repository`, and what `explainFsError` makes of what cannot be read.
 */
export function scanProblems(scan: Pick<Scan, 'problems'>, worktree: string): JzfsError[] {
  return scan.problems.map((problem) => explainProblem(problem, worktree))
}

function explainProblem({ key, reason, cause }: ScanProblem, worktree: string): JzfsError {
  const path = fromByteString(key)
  return reason === 'unreadable'
    ? (explainFsError(cause, `${worktree}/${path}`) as JzfsError)
    : EXPLANATIONS[reason](path, key)
}

const EXPLANATIONS: Record<Exclude<ScanProblemReason, 'unreadable'>, (path: string, key: string) => JzfsError> = {
  'special-file': (path) =>
    new InvalidError('special-file', `neither a file, a folder nor a symbolic link: ${quoteName(path)}`, {
      hint: 'remove it, or list it in .jzfsignore',
      details: { path },
    }),
  'name-not-utf8': (path, key) =>
    new InvalidError('name-not-utf8', `the name is not valid UTF-8: ${escapeBytes(key)}`, {
      hint: 'rename it: names are kept as UTF-8',
      details: { path, bytes: Buffer.from(key, 'latin1').toString('hex') },
    }),
  'name-reserved': (path) =>
    new InvalidError('name-reserved', `the name means the folder of the repository itself: ${quoteName(path)}`, {
      hint: 'rename it, or list it in .jzfsignore',
      details: { path },
    }),
  'nested-repository': (path) =>
    new ConflictError('nested-repository', `there is another repository in this folder: ${quoteName(path)}`, {
      hint: 'list the folder in .jzfsignore, or move it away; its data is versioned there',
      details: { path },
    }),
}

/** A byte string with every byte beyond ASCII, and every control character, as `\xNN`. */
function escapeBytes(key: string): string {
  return key.replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
