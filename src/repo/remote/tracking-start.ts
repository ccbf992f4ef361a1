import { ConflictError, InvalidError, NotFoundError } from '../../model/errors.ts'
import { BRANCHES } from '../refs/branch.ts'
import type { Repository } from '../repository.ts'
import { findRef } from '../revision/find-ref.ts'
import { unmapRef } from './map-refspecs.ts'
import { listRemotes } from './remote-config.ts'
import { upstreamOf } from './upstream.ts'

/** What a branch shall follow: see `Upstream`. */
export interface FollowedRef {
  remote: string
  ref: string
}

/** Whether a new branch follows what it starts from: as configured (`branch.autoSetupMerge`), surely, not, or what that one follows. */
export type TrackChoice = 'configured' | 'direct' | 'none' | 'inherit'

/**
 * Finds what a new branch follows when it starts from what the user called `start`, by git's rules; undefined: nothing.
 *
 * Throws, where it was asked for expressly, InvalidError `upstream-not-a-branch` (details: `start`), and ConflictError `upstream-ambiguous`
 * where several remotes write to the ref.
 */
export async function followedStart(
  repository: Repository,
  { name, start, choice }: { name: string; start: string; choice: TrackChoice },
): Promise<FollowedRef | undefined> {
  const configured = repository.config.get('branch.autoSetupMerge')
  if (choice === 'none' || (choice === 'configured' && configured === 'false')) return undefined
  const full = await branchBehind(repository, start)
  if (choice === 'inherit') return inherited(repository, full, start)
  const isExpress = choice === 'direct'
  if (full === undefined) {
    if (isExpress) throw notABranch(start)
    return undefined
  }
  if (full.startsWith(BRANCHES)) {
    return isExpress || configured === 'always' ? { remote: '.', ref: full } : undefined
  }
  const followed = followedBy(repository, full)
  if (followed === undefined && isExpress) throw notABranch(start)
  const isOfThatName = followed?.ref === BRANCHES + name
  return !isExpress && configured === 'simple' && !isOfThatName ? undefined : followed
}

/**
 * The ref that a user named as the upstream of a branch. Throws NotFoundError `upstream-missing` (details: `upstream`), and as
 * `followedStart`.
 */
export async function findUpstream(repository: Repository, text: string): Promise<FollowedRef> {
  const full = await branchBehind(repository, text)
  if (full === undefined) {
    throw new NotFoundError('upstream-missing', `the requested upstream branch '${text}' does not exist`, {
      hint: 'fetch it first with `jzfs fetch`, or push the branch with `jzfs push -u`',
      details: { upstream: text },
    })
  }
  const followed = full.startsWith(BRANCHES) ? { remote: '.', ref: full } : followedBy(repository, full)
  if (followed === undefined) throw notABranch(text)
  return followed
}

/** The branch, or the ref that keeps one of a remote, which a text names alone. */
async function branchBehind(repository: Repository, text: string): Promise<string | undefined> {
  const head = await repository.refs.head()
  if (text === 'HEAD' || text === '@') return 'branch' in head ? head.branch : undefined
  const name = (await findRef(repository, text))?.name
  return name?.startsWith(BRANCHES) || name?.startsWith('refs/remotes/') ? name : undefined
}

function inherited(repository: Repository, full: string | undefined, start: string): FollowedRef | undefined {
  const upstream = full?.startsWith(BRANCHES) ? upstreamOf(repository, full) : undefined
  if (upstream !== undefined) return { remote: upstream.remote, ref: upstream.ref }
  throw new InvalidError('upstream-missing', `asked to inherit tracking from '${start}', but it follows nothing`, {
    hint: 'name the branch to follow: `jzfs branch --set-upstream-to UPSTREAM`',
    details: { start },
  })
}

function followedBy({ config }: Repository, tracking: string): FollowedRef | undefined {
  const found = listRemotes(config).flatMap(({ name, fetch }) => {
    const ref = unmapRef(fetch, tracking)
    return ref === undefined ? [] : [{ remote: name, ref }]
  })
  if (found.length < 2) return found[0]
  const names = found.map(({ remote }) => remote).join(', ')
  throw new ConflictError('upstream-ambiguous', `several remotes are fetched to ${tracking}: ${names}`, {
    hint: 'give each remote refs of its own: `jzfs config remote.NAME.fetch REFSPEC`',
    details: { ref: tracking },
  })
}

function notABranch(start: string): InvalidError {
  return new InvalidError(
    'upstream-not-a-branch',
    `cannot set up tracking information; starting point '${start}' is not a branch`,
    { hint: 'start from a branch, or one of a remote: origin/main', details: { start } },
  )
}
