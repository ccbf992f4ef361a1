import type { AbortOptions } from '../../model/block.ts'
import { NotFoundError } from '../../model/errors.ts'
import type { CommitGraph, GraphCommit } from './commit-graph.ts'
import { type CommitQueue, createCommitQueue } from './commit-queue.ts'

/**
 * Whether two versions of a tree, given by the texts of their CIDs, are the same where a walk looks; said at once where that
 * can be. `before` is undefined where there was no tree yet.
 */
export interface TreeComparison {
  isSame(before: string | undefined, after: string, options?: AbortOptions): boolean | Promise<boolean>
}

/** What one walk knows of one commit. */
export interface Visit {
  readonly id: string
  /** Undefined until the commit is read. */
  commit: GraphCommit | undefined
  /** The parents that the walk follows: fewer than the commit's own where history was simplified. */
  parents: readonly string[]
  /** It was queued once. */
  isSeen: boolean
  isQueued: boolean
  /** Its parents were looked at. */
  isExpanded: boolean
  /** It is excluded, or reachable from what is. */
  isExcluded: boolean
  /** It was excluded by name: comparisons with it still count. */
  isBoundary: boolean
  /** It changes nothing where the walk looks. */
  isSame: boolean
  /** It is reachable from the left side of `a...b`. */
  isLeft: boolean
}

/** A visit whose commit is read. */
export type ReadVisit = Visit & { commit: GraphCommit }

/** The state of one walk. */
export interface Walk {
  readonly graph: CommitGraph
  readonly visits: Map<string, Visit>
  readonly queue: CommitQueue<ReadVisit>
  /** Visits in the queue that are not excluded. */
  queuedIncluded: number
  readonly isFirstParent: boolean
  readonly comparison: TreeComparison | undefined
  /** Whether all sides of a merge are followed, also where all of it came from one. */
  readonly isFullHistory: boolean
  readonly signal: AbortSignal | undefined
}

/** A walk that has seen nothing. */
export function createWalk(
  options: Pick<Walk, 'graph' | 'isFirstParent' | 'comparison' | 'isFullHistory' | 'signal'>,
): Walk {
  return { ...options, visits: new Map(), queue: createCommitQueue(), queuedIncluded: 0 }
}

/** The visit of a commit, which may not be read yet. */
export function visitOf(walk: Walk, id: string): Visit {
  const known = walk.visits.get(id)
  if (known !== undefined) return known
  const visit: Visit = {
    id,
    commit: undefined,
    parents: [],
    isSeen: false,
    isQueued: false,
    isExpanded: false,
    isExcluded: false,
    isBoundary: false,
    isSame: false,
    isLeft: false,
  }
  walk.visits.set(id, visit)
  return visit
}

/** The visit of a commit, with the commit read: at once where that can be. */
export function readVisit(walk: Walk, id: string): ReadVisit | Promise<ReadVisit> {
  const visit = visitOf(walk, id)
  if (visit.commit !== undefined) return visit as ReadVisit
  walk.signal?.throwIfAborted()
  const commit = walk.graph.load(id, walk)
  return commit instanceof Promise ? commit.then((read) => withCommit(visit, read)) : withCommit(visit, commit)
}

function withCommit(visit: Visit, commit: GraphCommit): ReadVisit {
  visit.commit = commit
  visit.parents = commit.parents
  return visit as ReadVisit
}

/** As `readVisit`; undefined where the commit is not here, which is no loss on the excluded side. */
export async function readVisitIfHere(walk: Walk, id: string): Promise<ReadVisit | undefined> {
  try {
    return await readVisit(walk, id)
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}

/** Puts a visit in the queue, the first time. */
export function enqueue(walk: Walk, visit: ReadVisit): void {
  if (visit.isSeen) return
  visit.isSeen = true
  visit.isQueued = true
  if (!visit.isExcluded) walk.queuedIncluded++
  walk.queue.push(visit, visit.commit.committedAt)
}

/** Takes the newest visit out of the queue. */
export function dequeue(walk: Walk): ReadVisit | undefined {
  const visit = walk.queue.pop()
  if (visit === undefined) return undefined
  visit.isQueued = false
  if (!visit.isExcluded) walk.queuedIncluded--
  return visit
}

/** Excludes a visit. */
export function exclude(walk: Walk, visit: Visit): void {
  if (visit.isExcluded) return
  visit.isExcluded = true
  if (visit.isQueued) walk.queuedIncluded--
}

/** Excludes all that is known to be reachable from a visit. */
export function excludeAncestors(walk: Walk, visit: Visit): void {
  const pending = [...visit.parents]
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const ancestor = visitOf(walk, id)
    if (ancestor.isExcluded) continue
    exclude(walk, ancestor)
    pending.push(...ancestor.parents)
  }
}
