import { InvalidError } from '../../model/errors.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { setUpstream } from '../../repo/remote/set-upstream.ts'
import { findUpstream, type FollowedRef } from '../../repo/remote/tracking-start.ts'
import { shortUpstream, upstreamOf } from '../../repo/remote/upstream.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Context } from '../context.ts'
import { refAuthor } from '../remote/ref-author.ts'
import { trackingDocument } from './tracking-text.ts'

/** `branch -u UPSTREAM [BRANCH]`, and, with `upstream` undefined, `branch --unset-upstream [BRANCH]`. */
export async function changeUpstream(
  context: Context,
  repository: Repository,
  { branch: named, upstream }: { branch: string | undefined; upstream: string | undefined },
  { quiet, json }: { quiet?: true; json?: true },
): Promise<void> {
  const branch = named ?? (await currentBranch(repository))
  const followed = upstream === undefined ? undefined : await findUpstream(repository, upstream)
  const isSet = await setUpstream(repository, { branch, followed }, refAuthor(context, repository))
  if (!isSet) context.terminal.say(`warning: not setting branch '${branch}' as its own upstream`)
  if (json) return context.terminal.json({ branch, upstream: upstreamDocument(repository, branch) })
  if (isSet && !quiet) await sayFollowed(context, repository, branch, followed)
}

/** Says what a branch follows from now on, as git does. */
export async function sayFollowed(
  { terminal }: Context,
  repository: Repository,
  branch: string,
  followed: FollowedRef | undefined,
): Promise<void> {
  const upstream = followed && upstreamOf(repository, branch)
  if (upstream !== undefined) await terminal.out(`branch '${branch}' set up to track '${shortUpstream(upstream)}'.\n`)
}

function upstreamDocument(repository: Repository, branch: string): object | null {
  const upstream = upstreamOf(repository, branch)
  return trackingDocument(upstream && { ...upstream, commit: undefined, distance: undefined })
}

async function currentBranch({ refs }: Repository): Promise<string> {
  const head = await refs.head()
  if ('branch' in head) return head.branch.slice(BRANCHES.length)
  throw new InvalidError('head-detached', 'no branch is checked out', {
    hint: 'name it: `jzfs branch -u UPSTREAM BRANCH`',
  })
}
