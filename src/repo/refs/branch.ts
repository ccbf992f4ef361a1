import type { CID } from 'multiformats/cid'

import type { Person } from '../../model/commit/person.ts'
import { ConflictError } from '../../model/errors.ts'
import { checkBranchName } from '../../model/ref-name.ts'
import { createCommitGraph } from '../history/commit-graph.ts'
import { isAncestor } from '../merge-base.ts'
import { runOperation } from '../operation/operation.ts'
import { planBranchKeys, planUpstream } from '../remote/plan-upstream.ts'
import type { FollowedRef } from '../remote/tracking-start.ts'
import { upstreamOf } from '../remote/upstream.ts'
import type { Repository } from '../repository.ts'
import { readObjectType } from '../revision/object-type.ts'
import { readSequence } from '../sequence/sequence.ts'
import { refMissing } from './ref-missing.ts'

/** Where branches live. */
export const BRANCHES = 'refs/heads/'

/** Who changes a ref, when, and by which command line: for the logs. */
export interface RefAuthor {
  command: string
  person: Person
}

/** The full name of a branch. Throws InvalidError `ref-name-invalid` for a name that no branch can have. */
export function branchRef(name: string): string {
  checkBranchName(name)
  return BRANCHES + name
}

/**
 * Makes a branch at a commit; `from` is what the user called it, for the log; it follows what `followed` says. With `force` an
 * existing one is moved. Returns what the branch named before.
 *
 * Throws ConflictError `branch-exists`, or `branch-checked-out` for a forced move of the branch that is checked out or being
 * rebased, and what the store throws where the commit is missing.
 */
export async function createBranch(
  repository: Repository,
  branch: { name: string; commit: CID; from: string; force?: boolean; followed?: FollowedRef | undefined },
  { command, person }: RefAuthor,
): Promise<CID | undefined> {
  const name = branchRef(branch.name)
  using lock = await repository.lock(command)
  const before = await repository.refs.read(name)
  if (before !== undefined && branch.force !== true) {
    throw branchExists(branch.name, `move it with \`jzfs branch -f ${branch.name} ${branch.from}\``)
  }
  if (before !== undefined && (await isCheckedOut(repository, name))) {
    throw checkedOut(branch.name, 'moved', 'use `jzfs reset` to move the branch that you are on')
  }
  refuseRebased(repository, branch.name)
  // Found before the lock was taken, a commit that nothing refers to may have been collected since.
  await readObjectType(repository.store, branch.commit)
  const message = `branch: ${before === undefined ? 'created from' : 'moved to'} ${branch.from}`
  const refs = [{ name, before, after: branch.commit, message }]
  const config = branch.followed === undefined ? [] : planUpstream(repository, branch.name, branch.followed)
  await runOperation(repository, lock, { command, person, refs, config })
  return before
}

/** A branch that was deleted. */
export interface DeletedBranch {
  commit: CID
  /** The ref that has its commits, where HEAD does not: what it followed. */
  onlyIn: string | undefined
}

/**
 * Deletes a branch with its log and what it follows. Its commits stay as long as something leads to them, the operation log
 * among it.
 *
 * Throws NotFoundError `branch-missing`, ConflictError `branch-checked-out` (or being rebased), and, without `force`, `branch-not-merged` where
 * what it follows (HEAD, where it follows nothing) does not contain the branch.
 */
export async function deleteBranch(
  repository: Repository,
  branch: { name: string; force?: boolean },
  { command, person }: RefAuthor,
): Promise<DeletedBranch> {
  const name = branchRef(branch.name)
  using lock = await repository.lock(command)
  const commit = await existingBranch(repository, branch.name)
  if (await isCheckedOut(repository, name)) {
    throw checkedOut(branch.name, 'deleted', 'switch to another branch first')
  }
  refuseRebased(repository, branch.name)
  const onlyIn = branch.force === true ? undefined : await checkMerged(repository, branch.name, commit)
  const refs = [{ name, before: commit, after: undefined, message: '' }]
  const config = planBranchKeys(repository, { before: branch.name, after: undefined })
  await runOperation(repository, lock, { command, person, refs, config })
  return { commit, onlyIn }
}

/**
 * Renames a branch with its log and what it follows; HEAD goes along where it is checked out, unborn or not. With `force` an existing branch of the
 * new name is replaced.
 *
 * Throws NotFoundError `branch-missing`, ConflictError `branch-exists` or `branch-checked-out`.
 */
export async function renameBranch(
  repository: Repository,
  branch: { before: string; after: string; force?: boolean },
  { command, person }: RefAuthor,
): Promise<void> {
  const [from, to] = [branchRef(branch.before), branchRef(branch.after)]
  using lock = await repository.lock(command)
  const isFromCheckedOut = await isCheckedOut(repository, from)
  const commit = await repository.refs.read(from)
  if (commit === undefined && !isFromCheckedOut) {
    await existingBranch(repository, branch.before)
  }
  if (from === to) {
    return
  }
  const replaced = await repository.refs.read(to)
  if (replaced !== undefined && branch.force !== true) {
    throw branchExists(branch.after, `replace it with \`jzfs branch -M ${branch.before} ${branch.after}\``)
  }
  if (await isCheckedOut(repository, to)) {
    throw checkedOut(branch.after, 'replaced', 'switch to another branch first')
  }
  refuseRebased(repository, branch.before)
  refuseRebased(repository, branch.after)
  const message = `branch: renamed ${from} to ${to}`
  const isUnborn = commit === undefined
  await runOperation(repository, lock, {
    command,
    person,
    refs: [
      { name: from, before: commit, after: undefined, message },
      { name: to, before: replaced, after: commit, message },
    ],
    config: planBranchKeys(repository, branch),
    reflogMoves: isUnborn ? [] : [{ before: from, after: to }],
    ...(isFromCheckedOut ? { head: { before: { branch: from }, after: { branch: to }, message } } : {}),
  })
}

async function isCheckedOut(repository: Repository, name: string): Promise<boolean> {
  const head = await repository.refs.head()
  return 'branch' in head && head.branch === name
}

/** A branch that a rebase will move stays where it is until then. */
function refuseRebased(repository: Repository, name: string): void {
  const sequence = readSequence(repository)
  if (sequence?.kind !== 'rebase' || !('branch' in sequence.head) || sequence.head.branch !== branchRef(name)) return
  throw new ConflictError('branch-checked-out', `the branch "${name}" is being rebased`, {
    hint: 'finish that with `jzfs rebase --continue`, or give it up with `jzfs rebase --abort`',
    details: { branch: name },
  })
}

async function existingBranch(repository: Repository, name: string): Promise<CID> {
  const commit = await repository.refs.read(branchRef(name))
  if (commit === undefined) {
    throw await refMissing(repository, 'branch', BRANCHES, name)
  }
  return commit
}

/** Git's rule: what the branch follows decides where that is here, else HEAD. Says where HEAD alone would not have let it go. */
async function checkMerged(repository: Repository, name: string, commit: CID): Promise<string | undefined> {
  const { refs, store } = repository
  const graph = createCommitGraph(store)
  const isIn = async (tip: CID | undefined) => tip !== undefined && (await isAncestor(graph, commit, tip))
  const tracking = upstreamOf(repository, name)?.tracking
  const upstream = tracking === undefined ? undefined : await refs.read(tracking)
  const isInHead = await isIn(await refs.headCommit())
  if (upstream === undefined ? isInHead : await isIn(upstream)) return isInHead ? undefined : tracking
  const place = upstream === undefined ? 'HEAD' : (tracking as string)
  const but = upstream !== undefined && isInHead ? ', though HEAD has them' : ''
  throw new ConflictError('branch-not-merged', `the branch "${name}" has commits that ${place} does not have${but}`, {
    hint: `delete it all the same with \`jzfs branch -D ${name}\``,
    details: { branch: name, commit: commit.toString() },
  })
}

function branchExists(name: string, hint: string): ConflictError {
  return new ConflictError('branch-exists', `there is a branch "${name}" already`, { hint, details: { branch: name } })
}

function checkedOut(name: string, what: string, hint: string): ConflictError {
  return new ConflictError('branch-checked-out', `the branch "${name}" is checked out and cannot be ${what}`, {
    hint,
    details: { branch: name },
  })
}
