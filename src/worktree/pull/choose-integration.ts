import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { ConflictError } from '../../model/errors.ts'
import type { CommitGraph } from '../../repo/history/commit-graph.ts'
import { isAncestor } from '../../repo/merge-base.ts'

/** How a branch shall come to have what was fetched. */
export interface PullChoice {
  /** Whether to rebase; undefined: nobody said. */
  rebase: boolean | undefined
  /** Undefined: nobody said. */
  fastForward: 'allowed' | 'never' | 'only' | undefined
}

/** What a pull does after its fetch. `follow` is a merge that only moves the branch. */
export type Integration = 'follow' | 'merge' | 'rebase'

/**
 * Decides, by git's rules, how a branch (`ours`, undefined before its first commit) comes to have what was fetched.
 *
 * Throws ConflictError `divergent-branches` where both have commits of their own and nobody said what to do then, and
 * `not-fast-forward` where the branch may only be moved.
 */
export async function chooseIntegration(
  graph: CommitGraph,
  { ours, theirs }: { ours: CID | undefined; theirs: CID },
  { rebase, fastForward }: PullChoice,
  options: AbortOptions = {},
): Promise<Integration> {
  const canFollow = ours === undefined || (await isAncestor(graph, ours, theirs, options))
  const isThere = ours !== undefined && (await isAncestor(graph, theirs, ours, options))
  const isDivergent = !canFollow && !isThere
  if (fastForward === 'only') {
    if (isDivergent) throw notFastForward()
    return 'merge'
  }
  if (isDivergent && rebase === undefined && fastForward === undefined) throw divergent()
  if (rebase !== true) return 'merge'
  return canFollow ? 'follow' : 'rebase'
}

function divergent(): ConflictError {
  return new ConflictError('divergent-branches', 'need to specify how to reconcile divergent branches', {
    hint: 'merge with `jzfs pull --no-rebase`, put your commits on top with `jzfs pull --rebase`, or set pull.rebase to false or true',
  })
}

function notFastForward(): ConflictError {
  return new ConflictError('not-fast-forward', 'not possible to fast-forward, aborting: both sides have commits', {
    hint: 'merge with `jzfs pull --no-rebase --no-ff`, or put your commits on top with `jzfs pull --rebase`',
  })
}
