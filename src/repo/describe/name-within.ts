import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { CommitGraph } from '../history/commit-graph.ts'
import type { CommitName } from './named-commits.ts'

/**
 * Names a commit by a ref that has it in its history, as `git name-rev` and `describe --contains`: `v1~3^2~1`, or `v1^0` for
 * what an annotated tag names. The oldest tag wins; of other refs the nearest. Undefined where no name leads there.
 */
export async function nameWithin(
  graph: CommitGraph,
  names: readonly CommitName[],
  commit: CID,
  options: AbortOptions = {},
): Promise<string | undefined> {
  const { committedAt } = await graph.load(commit.toString(), options)
  const search: Search = { graph, found: new Map(), cutoff: committedAt - SLOP_SECONDS, options }
  const rank = ({ isTag }: CommitName) => (isTag ? 0 : 1)
  const tips = names.toSorted((a, b) => rank(a) - rank(b) || a.seconds - b.seconds)
  for (const tip of tips) await spread(search, tip)
  const way = search.found.get(commit.toString())
  return way && textOf(way)
}

/** How far clocks may go wrong: what is that much older than the commit cannot have it in its history. */
const SLOP_SECONDS = 86_400

/** How much longer a way is by a parent that is not the first. */
const MERGE_WEIGHT = 65_535

/** A way from a name to a commit. */
interface Way {
  tip: string
  /** First parents since the last other one. */
  generation: number
  distance: number
  seconds: number
  isTag: boolean
}

interface Search {
  graph: CommitGraph
  /** The best way to each commit, by its CID text. */
  found: Map<string, Way>
  cutoff: number
  options: AbortOptions
}

async function spread(search: Search, { name, commit, seconds, isAnnotated, isTag }: CommitName): Promise<void> {
  const { found } = search
  const start: Way = { tip: isAnnotated ? `${name}^0` : name, generation: 0, distance: 0, seconds, isTag }
  if (!(await improves(search, commit, start))) return
  const stack = [commit]
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    const { parents } = await search.graph.load(id, search.options)
    const way = found.get(id) as Way
    const next: string[] = []
    for (const [at, parent] of parents.entries()) {
      if (await improves(search, parent, stepTo(way, at + 1))) next.push(parent)
    }
    stack.push(...next.toReversed())
  }
}

function stepTo(way: Way, nth: number): Way {
  if (nth === 1) return { ...way, generation: way.generation + 1, distance: way.distance + 1 }
  return {
    ...way,
    tip: `${textOf(way).replace(/\^0$/, '')}^${nth}`,
    generation: 0,
    distance: way.distance + MERGE_WEIGHT,
  }
}

/** Keeps a way where there was no better one. */
async function improves({ graph, found, cutoff, options }: Search, id: string, way: Way): Promise<boolean> {
  options.signal?.throwIfAborted()
  if ((await graph.load(id, options)).committedAt < cutoff) return false
  const known = found.get(id)
  if (known !== undefined && !isBetter(way, known)) return false
  found.set(id, way)
  return true
}

function isBetter(way: Way, than: Way): boolean {
  const [distance, other] = [effectiveDistance(way), effectiveDistance(than)]
  if (way.isTag && than.isTag) return way.seconds < than.seconds || (way.seconds === than.seconds && distance < other)
  if (way.isTag !== than.isTag) return way.isTag
  return distance < other || (distance === other && way.seconds < than.seconds)
}

/** A way that goes on from a merge by first parents is as long as if it took one more turn. */
function effectiveDistance({ distance, generation }: Way): number {
  return distance + (generation > 0 ? MERGE_WEIGHT : 0)
}

function textOf({ tip, generation }: Way): string {
  return generation === 0 ? tip : `${tip.replace(/\^0$/, '')}~${generation}`
}
