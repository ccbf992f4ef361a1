import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { CommitGraph, GraphCommit } from '../history/commit-graph.ts'
import { type CommitQueue, createCommitQueue } from '../history/commit-queue.ts'
import type { CommitName } from './named-commits.ts'

/** The nearest name before a commit. */
export interface CommitDescription {
  name: CommitName
  /** Commits that the described one has and the named one has not: 0 where they are the same. */
  depth: number
}

/** How names are chosen. */
export interface DescribeOptions extends AbortOptions {
  /** Names of lightweight tags, and of any refs that are given, count too. */
  takesAny?: boolean | undefined
  /** How many names are weighed; 0: only one of the commit itself will do. */
  candidates?: number | undefined
  isFirstParent?: boolean | undefined
}

/** Bits that a number has for the names above a commit. */
const MAX_CANDIDATES = 30

/**
 * Finds the name from which a commit is the fewest commits away, as `git describe`: of the names that are met first on the
 * way back (ten unless said), the one with the fewest commits besides its own history. Undefined where there is none.
 */
export async function describeCommit(
  graph: CommitGraph,
  names: readonly CommitName[],
  commit: CID,
  options: DescribeOptions = {},
): Promise<CommitDescription | undefined> {
  const { takesAny = false, candidates = 10, isFirstParent = false, signal } = options
  const byCommit = bestNames(names)
  const own = byCommit.get(commit.toString())
  if (own !== undefined && (takesAny || own.isAnnotated)) return { name: own, depth: 0 }
  if (candidates === 0) return undefined
  const search: Search = {
    graph,
    queue: createCommitQueue(),
    queued: new Set(),
    within: new Map(),
    signal,
  }
  await enqueue(search, commit.toString(), 0)
  const accepted = (id: string) => {
    const name = byCommit.get(id)
    return name !== undefined && (takesAny || name.isAnnotated) ? name : undefined
  }
  const limit = Math.min(candidates, MAX_CANDIDATES)
  const found = await collect(search, accepted, { limit, isFirstParent })
  const best = found.candidates.toSorted((a, b) => a.depth - b.depth)[0]
  if (best === undefined) return undefined
  if (found.gaveUpOn !== undefined) {
    search.queued.add(found.gaveUpOn.id)
    search.queue.push(found.gaveUpOn, found.gaveUpOn.committedAt)
  }
  await finishDepth(search, best)
  return { name: best.name, depth: best.depth }
}

/** The name of each commit that git would say: annotated tags before others, the newest of them. */
function bestNames(names: readonly CommitName[]): Map<string, CommitName> {
  const rank = ({ isAnnotated, isTag }: CommitName) => (isAnnotated ? 2 : isTag ? 1 : 0)
  const best = new Map<string, CommitName>()
  for (const name of names) {
    const known = best.get(name.commit)
    const isBetter =
      known === undefined ||
      rank(known) < rank(name) ||
      (known.isAnnotated && name.isAnnotated && known.seconds < name.seconds)
    if (isBetter) best.set(name.commit, name)
  }
  return best
}

interface Candidate {
  name: CommitName
  depth: number
  /** Its bit in `within`. */
  bit: number
}

interface Search {
  graph: CommitGraph
  queue: CommitQueue<GraphCommit>
  /** What is in the queue. */
  queued: Set<string>
  /** The candidates whose history a commit is in, by its CID text. */
  within: Map<string, number>
  signal: AbortSignal | undefined
}

/** Goes back, newest first, until there are candidates enough or nothing is left that the best ones have not. */
async function collect(
  search: Search,
  accepted: (id: string) => CommitName | undefined,
  { limit, isFirstParent }: { limit: number; isFirstParent: boolean },
): Promise<{ candidates: Candidate[]; gaveUpOn?: GraphCommit }> {
  const { queue, queued, within } = search
  const candidates: Candidate[] = []
  let seen = 0
  for (let commit = queue.pop(); commit !== undefined; commit = queue.pop()) {
    queued.delete(commit.id)
    seen++
    let flags = within.get(commit.id) as number
    const name = accepted(commit.id)
    if (name !== undefined) {
      if (candidates.length === limit) return { candidates, gaveUpOn: commit }
      const bit = 1 << candidates.length
      candidates.push({ name, depth: seen - 1, bit })
      flags |= bit
      within.set(commit.id, flags)
    }
    for (const candidate of candidates) if ((flags & candidate.bit) === 0) candidate.depth++
    if (queue.size === 0 && candidates.some((each) => each.name.isAnnotated) && isCovered(candidates, flags)) break
    for (const id of isFirstParent ? commit.parents.slice(0, 1) : commit.parents) await enqueue(search, id, flags)
  }
  return { candidates }
}

/** Whether what is left is in the history of all the best. */
function isCovered(candidates: readonly Candidate[], flags: number): boolean {
  const depth = Math.min(...candidates.map((each) => each.depth))
  const best = candidates.filter((each) => each.depth === depth).reduce((bits, { bit }) => bits | bit, 0)
  return (flags & best) === best
}

/** Counts on to the end of what the chosen one has not. */
async function finishDepth(search: Search, best: Candidate): Promise<void> {
  const { queue, queued, within } = search
  const isWithin = (id: string) => ((within.get(id) as number) & best.bit) !== 0
  for (let commit = queue.pop(); commit !== undefined; commit = queue.pop()) {
    queued.delete(commit.id)
    if (!isWithin(commit.id)) best.depth++
    else if (isEach(queued, isWithin)) return
    for (const id of commit.parents) await enqueue(search, id, within.get(commit.id) as number)
  }
}

function isEach(ids: Iterable<string>, test: (id: string) => boolean): boolean {
  for (const id of ids) if (!test(id)) return false
  return true
}

/** Queues a commit, the first time; in any case it is now in the history of all that `flags` says. */
async function enqueue({ graph, queue, queued, within, signal }: Search, id: string, flags: number): Promise<void> {
  const known = within.get(id)
  within.set(id, (known ?? 0) | flags)
  if (known !== undefined) return
  signal?.throwIfAborted()
  const commit = graph.loaded(id) ?? (await graph.load(id, { signal }))
  queued.add(id)
  queue.push(commit, commit.committedAt)
}
