import { InvalidError } from '../../model/errors.ts'
import { runOperation } from '../operation/operation.ts'
import { branchRef, type RefAuthor } from '../refs/branch.ts'
import { refMissing } from '../refs/ref-missing.ts'
import type { Repository } from '../repository.ts'
import { planUpstream } from './plan-upstream.ts'
import type { FollowedRef } from './tracking-start.ts'
import { upstreamOf } from './upstream.ts'

/**
 * Lets a branch follow another one, or nothing any more. False where it would follow itself, and nothing was changed.
 *
 * Throws NotFoundError `branch-missing`, and InvalidError `upstream-missing` where nothing was followed.
 */
export async function setUpstream(
  repository: Repository,
  { branch, followed }: { branch: string; followed: FollowedRef | undefined },
  author: RefAuthor,
): Promise<boolean> {
  const name = branchRef(branch)
  using lock = await repository.lock(author.command)
  const head = await repository.refs.head()
  const isUnborn = 'branch' in head && head.branch === name
  if (!isUnborn && (await repository.refs.read(name)) === undefined) {
    throw await refMissing(repository, 'branch', 'refs/heads/', branch)
  }
  if (followed?.remote === '.' && followed.ref === name) return false
  if (followed === undefined && upstreamOf(repository, name) === undefined) {
    throw new InvalidError('upstream-missing', `branch '${branch}' has no upstream information`, {
      hint: `name one with \`jzfs branch -u UPSTREAM ${branch}\``,
      details: { branch },
    })
  }
  const config = planUpstream(repository, branch, followed)
  if (config.length > 0) await runOperation(repository, lock, { ...author, config })
  return true
}
