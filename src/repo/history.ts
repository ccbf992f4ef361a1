import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../model/block.ts'
import type { CommitGraph, GraphCommit } from './history/commit-graph.ts'
import { expand, limit } from './history/expand.ts'
import { isJunction, rewriteParents } from './history/simplify.ts'
import { sortTopologically } from './history/topological-order.ts'
import {
  createWalk,
  dequeue,
  enqueue,
  exclude,
  excludeAncestors,
  readVisit,
  readVisitIfHere,
  type ReadVisit,
  type TreeComparison,
  type Visit,
  visitOf,
  type Walk,
} from './history/visit.ts'

/** Which commits of a history, and in which order: git's `rev-list`. */
export interface HistoryOptions extends AbortOptions {
  /** Commits to start from. */
  include: readonly CID[]
  /** Commits that are left out with all that is reachable from them. */
  exclude?: readonly CID[]
  /**
   * `date` (default): newest committer's date first, a child before its parents only as far as their dates say so.
   * `topological`: no parent before all its children, and one line of history after the other.
   */
  order?: 'date' | 'topological'
  /** Follow only the first parent of each commit. */
  isFirstParent?: boolean
  /** Show only commits that change something here, and follow the side of a merge from which all of it came. */
  comparison?: TreeComparison | undefined
  /** With a comparison: give each commit the nearest shown ancestors as its parents, and show where they meet. */
  rewritesParents?: boolean
  skip?: number
  maxCount?: number
}

/**
 * The commits of a history, as `git rev-list` gives them. Where git can, it yields the first before the rest is read:
 * in date order and without exclusions.
 *
 * Throws what the graph throws for a commit that is missing or not valid.
 */
export async function* walkHistory(graph: CommitGraph, options: HistoryOptions): AsyncGenerator<GraphCommit> {
  const { skip = 0, maxCount = Infinity } = options
  if (maxCount <= 0) return
  let count = 0
  for await (const commit of walkAll(graph, options)) {
    count++
    if (count > skip) yield commit
    if (count >= skip + maxCount) return
  }
}

/** How many commits a walk gives. */
export async function countHistory(graph: CommitGraph, options: HistoryOptions): Promise<number> {
  let count = 0
  for await (const _ of walkHistory(graph, options)) count++
  return count
}

async function* walkAll(graph: CommitGraph, options: HistoryOptions): AsyncGenerator<GraphCommit> {
  const { comparison, isFirstParent = false, signal } = options
  const walk = createWalk({ graph, comparison, isFirstParent, signal })
  await start(walk, options)
  const rewrites = options.rewritesParents === true && comparison !== undefined
  if (rewrites || options.order === 'topological' || (options.exclude ?? []).length > 0) {
    const limited = await limit(walk)
    const visits = options.order === 'topological' ? sortTopologically(limited) : limited
    for (const visit of visits) {
      if (!isShown(walk, visit, rewrites)) continue
      yield rewrites ? { ...visit.commit, parents: rewriteParents(walk, visit) } : visit.commit
    }
    return
  }
  for (let visit = dequeue(walk); visit !== undefined; visit = dequeue(walk)) {
    await expand(walk, visit)
    if (isShown(walk, visit, false)) yield visit.commit
  }
}

/** Queues what is named. All of it is excluded before any of it is queued, as the order of arguments must not matter. */
async function start(walk: Walk, options: HistoryOptions): Promise<void> {
  const starts: ReadVisit[] = []
  for (const cid of options.exclude ?? []) {
    const visit = await readVisitIfHere(walk, cid.toString())
    if (visit === undefined) continue
    exclude(walk, visit)
    visit.isBoundary = true
    starts.push(visit)
  }
  for (const visit of starts) excludeAncestors(walk, visit)
  for (const cid of options.include) starts.push(await readVisit(walk, cid.toString()))
  for (const visit of starts) enqueue(walk, visit)
}

function isShown(walk: Walk, visit: Visit, rewrites: boolean): boolean {
  if (visit.isExcluded) return false
  if (!visit.isSame) return true
  return rewrites && isJunction(walk, visitOf(walk, visit.id))
}
