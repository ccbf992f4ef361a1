import type { CID } from 'multiformats/cid'

import { createCommitGraph } from '../../repo/history/commit-graph.ts'
import { forkPoint } from '../../repo/merge-base/fork-point.ts'
import { shortUpstream, upstreamOf } from '../../repo/remote/upstream.ts'
import type { Repository } from '../../repo/repository.ts'
import { findRef } from '../../repo/revision/find-ref.ts'

/** What the branch that is checked out follows, as a revision: as short as it is clear. Undefined where it follows nothing. */
export async function upstreamRevision(repository: Repository): Promise<string | undefined> {
  const head = await repository.refs.head()
  const upstream = 'branch' in head ? upstreamOf(repository, head.branch) : undefined
  if (upstream === undefined) return undefined
  const short = shortUpstream(upstream)
  const found = await findRef(repository, short)
  return found?.name === upstream.tracking && found?.others.length === 0 ? short : '@{upstream}'
}

/**
 * Where the branch that is checked out left what it follows: a value that this once had, also where it was moved elsewhere since.
 * Undefined where that cannot be said.
 */
export async function upstreamForkPoint({ refs, store, config }: Repository): Promise<CID | undefined> {
  const [head, commit] = [await refs.head(), await refs.headCommit()]
  const tracking = 'branch' in head ? upstreamOf({ config }, head.branch)?.tracking : undefined
  const cid = tracking === undefined ? undefined : await refs.read(tracking)
  if (tracking === undefined || cid === undefined || commit === undefined) return undefined
  return forkPoint(createCommitGraph(store), refs, { name: tracking, cid }, commit)
}
