import type { CID } from 'multiformats/cid'

import { InvalidError } from '../../model/errors.ts'
import { defaultRemote } from '../../repo/remote/push-destination.ts'
import { upstreamOf } from '../../repo/remote/upstream.ts'
import type { Repository } from '../../repo/repository.ts'
import { findRef } from '../../repo/revision/find-ref.ts'
import type { FetchResult } from '../../sync/remote/fetch-remote.ts'
import { peelToCommit } from '../../sync/remote/peel-to-commit.ts'
import { branchName } from '../branch-name.ts'

/** The commit that a pull takes in. */
export interface PulledCommit {
  commit: CID
  /** What messages and conflicts call it: the ref that keeps it, else its CID. */
  label: string
  /** What it is called at the remote, for the message of a merge. */
  source: string
}

/**
 * The commit that was fetched to be taken in. Throws InvalidError `upstream-needed` where nothing was, `one-merge-at-a-time` for
 * several, `revision-wrong-type` for what is no commit.
 */
export async function pulledCommit(
  repository: Repository,
  { forMerge }: Pick<FetchResult, 'forMerge'>,
  asked: { remote: string | undefined; refspecs: readonly string[] },
): Promise<PulledCommit> {
  const [first, ...more] = forMerge
  if (first === undefined) throw await nothingToTake(repository, asked)
  if (more.length > 0) {
    const names = forMerge.map(({ source }) => source)
    throw new InvalidError('one-merge-at-a-time', `only one branch can be pulled at a time: ${names.join(' ')}`, {
      hint: 'fetch them, and merge one after the other',
      details: { revisions: names },
    })
  }
  const commit = await peelToCommit(repository.store, first.cid)
  if (commit === undefined) {
    throw new InvalidError('revision-wrong-type', `${first.source} of the remote is no commit, and cannot be pulled`, {
      hint: 'fetch it with `jzfs fetch`',
      details: { cid: first.cid.toString() },
    })
  }
  return { commit, label: await labelOf(repository, first.target, commit), source: first.source }
}

/** The commit of the branch of this repository that the current one follows. */
export async function followedHere(repository: Repository, ref: string): Promise<PulledCommit> {
  const commit = await repository.refs.read(ref)
  if (commit !== undefined) return { commit, label: await labelOf(repository, ref, commit), source: ref }
  throw new InvalidError('upstream-needed', `the branch follows ${branchName(ref)}, which is not here any more`, {
    hint: 'let it follow another one with `jzfs branch -u UPSTREAM`',
    details: { ref },
  })
}

async function labelOf(repository: Repository, target: string | undefined, commit: CID): Promise<string> {
  const name = target?.replace(/^refs\/(?:remotes|heads|tags)\//, '')
  const found = name === undefined ? undefined : await findRef(repository, name)
  const isThat = found !== undefined && found.name === target && found.cid.equals(commit)
  return name !== undefined && isThat ? name : commit.toString()
}

/** Git's words for each way in which there is nothing to take in. */
async function nothingToTake(
  repository: Repository,
  { remote, refspecs }: { remote: string | undefined; refspecs: readonly string[] },
): Promise<InvalidError> {
  if (refspecs.length > 0) {
    return new InvalidError('upstream-needed', 'there are no candidates for merging among the refs that were fetched', {
      hint: 'name a branch of the remote: `jzfs pull REMOTE BRANCH`',
    })
  }
  const head = await repository.refs.head()
  if ('detached' in head) {
    return new InvalidError('upstream-needed', 'you are not currently on a branch', {
      hint: 'say what to pull: `jzfs pull REMOTE BRANCH`',
    })
  }
  const branch = branchName(head.branch)
  const upstream = upstreamOf(repository, branch)
  if (upstream === undefined) {
    const name = remote ?? defaultRemote(repository.config) ?? 'REMOTE'
    return new InvalidError('upstream-needed', `there is no tracking information for the branch "${branch}"`, {
      hint: `name a branch: \`jzfs pull ${name} BRANCH\`, or let it follow one: \`jzfs branch -u ${name}/BRANCH\``,
    })
  }
  const problem =
    remote !== undefined && remote !== upstream.remote
      ? `you asked to pull from "${remote}", which is not what "${branch}" follows, and named no branch of it`
      : `"${branch}" follows ${upstream.ref} of ${upstream.remote}, but no such ref was fetched`
  return new InvalidError('upstream-needed', problem, { hint: 'name a branch: `jzfs pull REMOTE BRANCH`' })
}
