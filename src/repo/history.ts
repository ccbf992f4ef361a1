import { setImmediate } from 'node:timers/promises'

import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../model/block.ts'
import type { CommitGraph, GraphCommit } from './history/commit-graph.ts'
import { type DateRange, expand, limit, TURN } from './history/expand.ts'
import { isJunction, rewriteParents } from './history/simplify.ts'
import { sortTopologically, type TopologicalRule } from './history/topological-order.ts'
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
  visitOf,
  type Walk,
} from './history/visit.ts'

/**
 * In which order commits come. `date`: newest committer's date first, a child before its parents only as far as their dates
 * say so. The others show no parent before all its children: `topological`, one line of history after the other;
 * `committer-date` and `author-date`, else newest first.
 */
export type HistoryOrder = 'date' | 'topological' | 'committer-date' | 'author-date'

/** Which commits of a history, and in which order: git's `rev-list`. */
export interface HistoryOptions extends AbortOptions, DateRange {
  /** Commits to start from. */
  include: readonly CID[]
  /** Commits that are left out with all that is reachable from them. */
  exclude?: readonly CID[]
  /** Those of `include` that are the left side of `a...b`: commits then have a side. */
  left?: readonly CID[]
  /** Default: `date`. */
  order?: HistoryOrder
  /** Follow only the first parent of each commit. */
  isFirstParent?: boolean
  /** Show only commits that change something here, and follow the side of a merge from which all of it came. */
  comparison?: TreeComparison | undefined
  /** With a comparison: follow all sides of a merge. */
  isFullHistory?: boolean
  /** With a comparison: give each commit the nearest shown ancestors as its parents, and show where they meet. */
  rewritesParents?: boolean
  /** Show only commits with so many parents. */
  minParents?: number
  maxParents?: number
  /** Show only commits that this is true of. */
  matches?: ((commit: HistoryCommit) => boolean | Promise<boolean>) | undefined
  skip?: number
  maxCount?: number
}

/** A commit of a history. */
export interface HistoryCommit extends GraphCommit {
  /** From which side of `a...b` it is. */
  readonly side?: 'left' | 'right'
}

/**
 * The commits of a history, as `git rev-list` gives them. Where git can, it yields the first before the rest is read:
 * in date order and without exclusions.
 *
 * Throws what the graph throws for a commit that is missing or not valid.
 */
export function walkHistory(graph: CommitGraph, options: HistoryOptions): AsyncGenerator<HistoryCommit> {
  const { skip = 0, maxCount = Infinity } = options
  // Each generator around another one takes its time for each commit.
  return skip === 0 && maxCount === Infinity ? walkAll(graph, options) : walkWindow(graph, options, { skip, maxCount })
}

async function* walkWindow(
  graph: CommitGraph,
  options: HistoryOptions,
  { skip, maxCount }: { skip: number; maxCount: number },
): AsyncGenerator<HistoryCommit> {
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

/** A commit of a range, as far as the range goes. */
export interface RangeCommit {
  commit: GraphCommit
  /** The parents that the walk follows: without those that are passed over where paths are compared. */
  parents: readonly string[]
  /** It changes nothing where the comparison looks. */
  isSame: boolean
}

/** All commits of a range, also those that change nothing where the comparison looks: newest first, as git's bisection has them. */
export async function readRange(
  graph: CommitGraph,
  options: Pick<HistoryOptions, 'include' | 'exclude' | 'isFirstParent' | 'comparison' | 'signal'>,
): Promise<RangeCommit[]> {
  const { comparison, isFirstParent = false, signal } = options
  const walk = createWalk({ graph, comparison, isFirstParent, isFullHistory: false, signal })
  await start(walk, options)
  const visits = (await limit(walk)).filter(({ isExcluded }) => !isExcluded)
  return visits.map(({ commit, parents, isSame }) => ({ commit, parents, isSame }))
}

async function* walkAll(graph: CommitGraph, options: HistoryOptions): AsyncGenerator<HistoryCommit> {
  const { comparison, isFirstParent = false, isFullHistory = false, signal, since = -Infinity, matches } = options
  const walk = createWalk({ graph, comparison, isFirstParent, isFullHistory, signal })
  await start(walk, options)
  const choice = { ...options, rewritesParents: options.rewritesParents === true && comparison !== undefined }
  const rule = RULES[options.order ?? 'date']
  if (choice.rewritesParents || rule !== undefined || (options.exclude ?? []).length > 0) {
    const limited = await limit(walk, options)
    for (const visit of rule === undefined ? limited : sortTopologically(limited, rule)) {
      const shown = shownCommit(walk, visit, choice)
      if (shown !== undefined && (matches === undefined || (await matches(shown)))) yield shown
    }
    return
  }
  let count = 0
  for (let visit = dequeue(walk); visit !== undefined; visit = dequeue(walk)) {
    if (visit.commit.committedAt < since) continue
    const expanding = expand(walk, visit)
    if (expanding !== undefined) await expanding
    const shown = shownCommit(walk, visit, choice)
    if (shown !== undefined && (matches === undefined || (await matches(shown)))) yield shown
    if (++count % TURN === 0) await setImmediate()
  }
}

const RULES: Readonly<Record<HistoryOrder, TopologicalRule | undefined>> = {
  date: undefined,
  topological: 'lines',
  'committer-date': 'committer-date',
  'author-date': 'author-date',
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
  for (const cid of options.left ?? []) visitOf(walk, cid.toString()).isLeft = true
  for (const visit of starts) enqueue(walk, visit)
}

/** The commit as it is shown; undefined where it is not, whatever `matches` says. */
function shownCommit(
  walk: Walk,
  visit: ReadVisit,
  options: HistoryOptions & { rewritesParents: boolean },
): HistoryCommit | undefined {
  const { until = Infinity, minParents = 0, maxParents = Infinity, rewritesParents, left } = options
  if (visit.isExcluded || visit.commit.committedAt > until) return undefined
  if (visit.parents.length < minParents || visit.parents.length > maxParents) return undefined
  if (visit.isSame && !(rewritesParents && isJunction(walk, visit))) return undefined
  if (!rewritesParents && left === undefined) return visit.commit
  return withParents(visit, rewritesParents ? rewriteParents(walk, visit) : visit.commit.parents, left !== undefined)
}

function withParents({ commit, isLeft }: ReadVisit, parents: string[], hasSides: boolean): HistoryCommit {
  const { id, tree, committedAt, authoredAt } = commit
  return {
    id,
    tree,
    parents,
    committedAt,
    authoredAt,
    get cid() {
      return commit.cid
    },
    ...(hasSides && { side: isLeft ? 'left' : 'right' }),
  }
}
