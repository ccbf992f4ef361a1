import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../model/block.ts'
import { countHistory } from './history.ts'
import type { CommitGraph, GraphCommit } from './history/commit-graph.ts'
import { type CommitQueue, createCommitQueue } from './history/commit-queue.ts'

/**
 * The best common ancestors of two commits, newest first: those that no other common ancestor descends from. None where
 * the histories have nothing in common, several after criss-cross merges. As `git merge-base --all`.
 */
export function mergeBases(graph: CommitGraph, one: CID, other: CID, options: AbortOptions = {}): Promise<CID[]> {
  return mergeBasesWithAny(graph, one, [other], options)
}

/**
 * The best common ancestors of a commit and a merge of all the others, made or not: they need not be ancestors of each of
 * the others. As `git merge-base --all one other...`.
 */
export async function mergeBasesWithAny(
  graph: CommitGraph,
  one: CID,
  others: readonly CID[],
  options: AbortOptions = {},
): Promise<CID[]> {
  const found = await paintDown(graph, one.toString(), others.map(String), options)
  const best: GraphCommit[] = []
  for (const candidate of found.common) {
    const rest = found.common.filter((each) => each !== candidate).map(({ id }) => id)
    if (!(await isReachable(graph, candidate.id, rest, options))) best.push(candidate)
  }
  return best.sort((a, b) => b.committedAt - a.committedAt).map(({ cid }) => cid)
}

/** Whether `descendant` is `ancestor` or has it in its history. As `git merge-base --is-ancestor`. */
export async function isAncestor(
  graph: CommitGraph,
  ancestor: CID,
  descendant: CID,
  options: AbortOptions = {},
): Promise<boolean> {
  return isReachable(graph, ancestor.toString(), [descendant.toString()], options)
}

/** How many commits only `one` has (`ahead`), and how many only `other` has (`behind`). */
export async function aheadBehind(
  graph: CommitGraph,
  one: CID,
  other: CID,
  options: AbortOptions = {},
): Promise<{ ahead: number; behind: number }> {
  // From the merge bases, not from the other side: where clocks go wrong the walk has less to mistake.
  const exclude = await mergeBases(graph, one, other, options)
  return {
    ahead: await countHistory(graph, { include: [one], exclude, ...options }),
    behind: await countHistory(graph, { include: [other], exclude, ...options }),
  }
}

async function isReachable(
  graph: CommitGraph,
  ancestor: string,
  from: readonly string[],
  options: AbortOptions,
): Promise<boolean> {
  if (from.includes(ancestor)) return true
  if (from.length === 0) return false
  const { colours } = await paintDown(graph, ancestor, from, options)
  return ((colours.get(ancestor) ?? 0) & OTHER) !== 0
}

/** Colours of commits: reachable from the one, from the others, and below a common ancestor that was found already. */
const ONE = 1
const OTHER = 2
const STALE = 4

interface Painted {
  colours: Map<string, number>
  /** Common ancestors that were not below another when they were found. */
  common: GraphCommit[]
}

/** Git's `paint_down_to_common`: both colours flow down, newest first, until all that still flows is stale. */
async function paintDown(
  graph: CommitGraph,
  one: string,
  others: readonly string[],
  options: AbortOptions,
): Promise<Painted> {
  const colours = new Map<string, number>()
  const queue = createCommitQueue<GraphCommit>()
  const common = new Map<string, GraphCommit>()
  // Counts entries of the queue by what their commit is now: a commit may be queued again with more colours.
  const fresh = new Map<string, number>()
  const paint = async (id: string, colour: number) => {
    const before = colours.get(id) ?? 0
    if ((before & colour) === colour) return
    colours.set(id, before | colour)
    if (((before | colour) & STALE) !== 0) fresh.delete(id)
    else fresh.set(id, (fresh.get(id) ?? 0) + 1)
    await push(graph, queue, id, options)
  }
  await paint(one, ONE)
  for (const other of others) await paint(other, OTHER)
  while (fresh.size > 0) {
    const commit = queue.pop() as GraphCommit
    leave(fresh, commit.id)
    let colour = colours.get(commit.id) as number
    if ((colour & (ONE | OTHER)) === (ONE | OTHER)) {
      if ((colour & STALE) === 0) common.set(commit.id, commit)
      colour |= STALE
    }
    for (const parent of commit.parents) await paint(parent, colour)
  }
  return { colours, common: [...common.values()].filter(({ id }) => ((colours.get(id) as number) & STALE) === 0) }
}

async function push(
  graph: CommitGraph,
  queue: CommitQueue<GraphCommit>,
  id: string,
  options: AbortOptions,
): Promise<void> {
  options.signal?.throwIfAborted()
  const commit = graph.loaded(id) ?? (await graph.load(id, options))
  queue.push(commit, commit.committedAt)
}

function leave(fresh: Map<string, number>, id: string): void {
  const count = fresh.get(id)
  if (count === undefined) return
  if (count === 1) fresh.delete(id)
  else fresh.set(id, count - 1)
}
