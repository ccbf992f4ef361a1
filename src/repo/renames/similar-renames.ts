import { baseName } from './base-name.ts'
import type { EstimateSimilarity, FoundRenames, Rename, RenameOptions, RenameSide } from './find-renames.ts'

/** So many pairs are compared at most: the square of this. */
const DEFAULT_LIMIT = 1000

/** So many sources are remembered for each added path: the best may be taken by another. */
const CANDIDATES = 4

/** What is left to be paired, on both sides in order. */
interface Unpaired<Side> {
  removed: readonly Side[]
  added: readonly Side[]
}

type SimilarOptions<Side extends RenameSide> = RenameOptions<Side> & {
  estimate: EstimateSimilarity<Side>
  threshold: number
}

/** Pairs files by how alike they are: first those whose name is the only one of its kind, then all others. */
export async function findSimilarRenames<Side extends RenameSide>(
  unpaired: Unpaired<Side>,
  options: SimilarOptions<Side>,
): Promise<FoundRenames<Side>> {
  const named = await pairByName(unpaired, options)
  const taken = new Set(named.flatMap(({ before, after }) => [before, after]))
  const removed = unpaired.removed.filter((side) => !taken.has(side))
  const added = unpaired.added.filter((side) => !taken.has(side))
  if (removed.length * added.length > (options.limit ?? DEFAULT_LIMIT) ** 2) return { renames: named, isLimited: true }
  const others = await pairBySimilarity({ removed, added }, options)
  return { renames: [...named, ...others], isLimited: false }
}

async function pairByName<Side extends RenameSide>(
  { removed, added }: Unpaired<Side>,
  { estimate, threshold, signal }: SimilarOptions<Side>,
): Promise<Rename<Side>[]> {
  const sources = uniqueNames(removed)
  const renames: Rename<Side>[] = []
  // A file that keeps its name has to be more alike than one that is compared with all others.
  const atLeast = threshold + (1 - threshold) / 2
  for (const [name, after] of uniqueNames(added)) {
    const before = sources.get(name)
    if (before === undefined || after === undefined) continue
    signal?.throwIfAborted()
    const similarity = await estimate(before, after, atLeast)
    if (similarity >= atLeast) renames.push({ before, after, similarity })
  }
  return renames
}

/** Sides by their names; undefined for a name that several have. */
function uniqueNames<Side extends RenameSide>(sides: readonly Side[]): Map<string, Side | undefined> {
  const byName = new Map<string, Side | undefined>()
  for (const side of sides) {
    const name = baseName(side.path)
    byName.set(name, byName.has(name) ? undefined : side)
  }
  return byName
}

async function pairBySimilarity<Side extends RenameSide>(
  { removed, added }: Unpaired<Side>,
  { estimate, threshold, signal }: SimilarOptions<Side>,
): Promise<Rename<Side>[]> {
  const pairs: Rename<Side>[] = []
  for (const after of added) {
    let best: Rename<Side>[] = []
    for (const before of removed) {
      signal?.throwIfAborted()
      const similarity = await estimate(before, after, threshold)
      if (similarity >= threshold) best.push({ before, after, similarity })
      if (best.length > CANDIDATES) best = best.sort(compareRenames).slice(0, CANDIDATES)
    }
    pairs.push(...best.sort(compareRenames))
  }
  const taken = new Set<Side>()
  const renames: Rename<Side>[] = []
  for (const pair of pairs.sort(compareRenames)) {
    if (taken.has(pair.before) || taken.has(pair.after)) continue
    taken.add(pair.before).add(pair.after)
    renames.push(pair)
  }
  return renames
}

/** The most alike first; of equal ones those that keep their name. The order of paths decides the rest: sorting is stable. */
function compareRenames(a: Rename, b: Rename): number {
  return b.similarity - a.similarity || Number(keepsName(b)) - Number(keepsName(a))
}

function keepsName({ before, after }: Rename): boolean {
  return baseName(before.path) === baseName(after.path)
}
