import { InvalidError } from '../../model/errors.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { guessBranch } from '../../repo/remote/guess-branch.ts'
import type { Repository } from '../../repo/repository.ts'
import type { RevisionOptions } from '../../repo/revision/revision-source.ts'
import type { Context } from '../context.ts'
import type { DividedOperands } from '../operands.ts'
import { ambiguousArgument, isPath, revisionProblem } from '../revisions.ts'

/** What a checkout is asked for: to go to a revision (without any: to stay), or to bring back paths. */
export type CheckoutOperands =
  | { revision: string | undefined; paths: undefined }
  /** Without a source they come from the index. `lone` is a single word that may have been meant as a revision. */
  | { source: string | undefined; paths: string[]; lone?: string | undefined }

/**
 * Tells the branch from the paths as git does: before `--` there is at most a revision, behind it are paths. Without `--` a
 * first word that is a revision is one, and a word alone is one even if there is such a path.
 *
 * With `guesses` a branch that one remote has is one too, unless there is such a path.
 *
 * Throws InvalidError `argument-ambiguous` for a first word of several that could be either, and `usage`; ConflictError `branch-ambiguous`.
 */
export async function readCheckoutOperands(
  context: Context,
  repository: Repository,
  { before, behind, guesses = false }: DividedOperands & { guesses?: boolean },
  options: RevisionOptions,
): Promise<CheckoutOperands> {
  const [first, ...rest] = before
  if (behind !== undefined) {
    if (rest.length > 0) throw tooManyRevisions(before)
    return behind.length === 0 ? { revision: first, paths: undefined } : { source: first, paths: behind }
  }
  if (first === undefined) return { revision: undefined, paths: undefined }
  if (!(await isRevision(repository, first, options))) {
    if (guesses && rest.length === 0 && (await guessBranch(repository, first)) !== undefined) {
      if (isPath(context, first)) throw ambiguousArgument(first)
      return { revision: first, paths: undefined }
    }
    return { source: undefined, paths: before, lone: rest.length === 0 ? first : undefined }
  }
  if (rest.length === 0) return { revision: first, paths: undefined }
  if (isPath(context, first)) throw ambiguousArgument(first)
  return { source: first, paths: rest }
}

async function isRevision(repository: Repository, text: string, options: RevisionOptions): Promise<boolean> {
  if (text === '-') return true
  const head = await repository.refs.head()
  // The branch that is checked out may have no commit yet.
  if ('branch' in head && head.branch === BRANCHES + text) return true
  return (await revisionProblem(repository, text, { ...options, onAmbiguous: () => {} })) === undefined
}

function tooManyRevisions(revisions: readonly string[]): InvalidError {
  return new InvalidError('usage', `checkout: only one revision can be checked out: ${revisions.join(' ')}`, {
    hint: 'see `jzfs checkout --help`',
  })
}
