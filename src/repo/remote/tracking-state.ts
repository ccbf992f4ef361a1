import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { CommitGraph } from '../history/commit-graph.ts'
import { aheadBehind } from '../merge-base.ts'
import type { Repository } from '../repository.ts'
import { type Upstream, upstreamOf } from './upstream.ts'

/** How a branch stands to what it follows. */
export interface TrackingState extends Upstream {
  /** The commit that was last seen there; undefined where it is gone, or was never fetched. */
  commit: CID | undefined
  /** How many commits only the branch has, and only its upstream; undefined where that was not counted. */
  distance: { ahead: number; behind: number } | undefined
}

/**
 * How a branch stands to what it follows; undefined where it follows nothing. Where both are at one commit no history is
 * read; with `isCounted` false none is in any case.
 */
export async function readTrackingState(
  repository: Repository,
  graph: CommitGraph,
  branch: { name: string; commit: CID | undefined },
  { isCounted = true, ...options }: AbortOptions & { isCounted?: boolean } = {},
): Promise<TrackingState | undefined> {
  const upstream = upstreamOf(repository, branch.name)
  if (upstream === undefined) return undefined
  const commit = upstream.tracking === undefined ? undefined : await repository.refs.read(upstream.tracking)
  if (commit === undefined || branch.commit === undefined) return { ...upstream, commit, distance: undefined }
  if (branch.commit.equals(commit)) return { ...upstream, commit, distance: { ahead: 0, behind: 0 } }
  if (!isCounted) return { ...upstream, commit, distance: undefined }
  return { ...upstream, commit, distance: await aheadBehind(graph, branch.commit, commit, options) }
}
