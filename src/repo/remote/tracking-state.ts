import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { InvalidError } from '../../model/errors.ts'
import type { CommitGraph } from '../history/commit-graph.ts'
import { aheadBehind } from '../merge-base.ts'
import type { Repository } from '../repository.ts'
import { pushDestination } from './push-destination.ts'
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
  return upstream && stateOf(repository, graph, branch, upstream, { isCounted, ...options })
}

/** The same for where a branch (its full name) is pushed to; undefined where it goes nowhere. */
export async function readPushState(
  repository: Repository,
  graph: CommitGraph,
  branch: { name: string; commit: CID | undefined },
  options: AbortOptions = {},
): Promise<TrackingState | undefined> {
  const destination = findDestination(repository, branch.name)
  return destination && stateOf(repository, graph, branch, destination, { isCounted: true, ...options })
}

function findDestination(repository: Repository, branch: string): Upstream | undefined {
  try {
    return pushDestination(repository, branch)
  } catch (error) {
    if (error instanceof InvalidError && error.code === 'push-destination-missing') return undefined
    throw error
  }
}

async function stateOf(
  repository: Repository,
  graph: CommitGraph,
  branch: { commit: CID | undefined },
  upstream: Upstream,
  { isCounted, ...options }: AbortOptions & { isCounted: boolean },
): Promise<TrackingState> {
  const commit = upstream.tracking === undefined ? undefined : await repository.refs.read(upstream.tracking)
  if (commit === undefined || branch.commit === undefined) return { ...upstream, commit, distance: undefined }
  if (branch.commit.equals(commit)) return { ...upstream, commit, distance: { ahead: 0, behind: 0 } }
  if (!isCounted) return { ...upstream, commit, distance: undefined }
  return { ...upstream, commit, distance: await aheadBehind(graph, branch.commit, commit, options) }
}
