import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { walkHistory } from '../history.ts'
import type { CommitGraph, GraphCommit } from '../history/commit-graph.ts'
import { mergeBases } from '../merge-base.ts'
import { equalChanges } from './equal-changes.ts'

/** What a rebase is about: the commits of `head` that `upstream` does not have, put on `onto`; undefined: from the root on. */
export interface RebaseRange {
  head: CID
  upstream: CID | undefined
  onto: CID | undefined
}

/** What a rebase has to do. */
export interface RebasePlan {
  /** The branch stands on `onto` already, with nothing to be left out: nothing is to be done. */
  isUpToDate: boolean
  todo: CID[]
  /** Commits whose change the upstream has already. */
  present: CID[]
}

/**
 * Finds the commits that a rebase makes again, oldest first: no merges, and none whose change the upstream has already, as
 * `git rebase`. Trees are only read where both sides have commits of their own.
 */
export async function planRebase(
  source: BlockSource,
  graph: CommitGraph,
  { head, upstream, onto }: RebaseRange,
  options: AbortOptions = {},
): Promise<RebasePlan> {
  const walk = {
    include: [head],
    exclude: upstream === undefined ? [] : [upstream],
    order: 'topological' as const,
    ...options,
  }
  const commits = await Array.fromAsync(walkHistory(graph, walk))
  const own = commits.filter(({ parents }) => parents.length < 2).toReversed()
  if (await isLinearOn(graph, { head, onto, commits }, upstream, options)) {
    return { isUpToDate: true, todo: [], present: [] }
  }
  const present =
    upstream === undefined ? new Set() : await findPresent(source, graph, own, { head, upstream }, options)
  const [todo, left] = [own.filter(({ id }) => !present.has(id)), own.filter(({ id }) => present.has(id))]
  return { isUpToDate: false, todo: todo.map(({ cid }) => cid), present: left.map(({ cid }) => cid) }
}

/** Whether the commits stand one on the other, and the first of them on `onto`: git's "up to date". */
async function isLinearOn(
  graph: CommitGraph,
  { head, onto, commits }: { head: CID; onto: CID | undefined; commits: readonly GraphCommit[] },
  upstream: CID | undefined,
  options: AbortOptions,
): Promise<boolean> {
  if (onto === undefined || upstream === undefined) return commits.every(({ parents }) => parents.length < 2)
  if (commits.some(({ parents }) => parents.length !== 1)) return false
  const bases = await mergeBases(graph, onto, head, options)
  if (bases.length !== 1 || bases[0]?.equals(onto) !== true) return false
  if (upstream.equals(onto)) return commits.at(-1)?.parents[0] === onto.toString() || head.equals(onto)
  const [base, ...more] = await mergeBases(graph, upstream, head, options)
  return more.length === 0 && base?.equals(onto) === true
}

/** Which commits make a change that a commit only of the upstream has made. */
async function findPresent(
  source: BlockSource,
  graph: CommitGraph,
  own: readonly GraphCommit[],
  { head, upstream }: { head: CID; upstream: CID },
  options: AbortOptions,
): Promise<Set<string>> {
  const walk = { include: [upstream], exclude: [head], maxParents: 1, ...options }
  return equalChanges(source, graph, { own, other: await Array.fromAsync(walkHistory(graph, walk)) }, options)
}
