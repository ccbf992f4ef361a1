import type { RangeCommit } from '../history.ts'

/** A range of commits, halved. */
export interface Bisection {
  /** Commits that may be the first bad one. */
  count: number
  /** Those that can be tested, the best to test first: where no choice is wanted, that one alone. */
  candidates: Candidate[]
}

/** A commit that can be tested. */
export interface Candidate {
  id: string
  /** Commits of the range in its own history, itself among them. */
  reaches: number
}

/**
 * Finds the commit that divides a range best: as near as can be half of it lies in its history. `range` is that of
 * `readRange`, newest first. With `isWhole` all commits of the range are given, the best first.
 *
 * The choice is git's (`find_bisection`): the same commit of several that are as good, as long as none is skipped.
 */
export function findBisection(
  range: readonly RangeCommit[],
  { isWhole, isFirstParent }: { isWhole: boolean; isFirstParent: boolean },
): Bisection {
  const commits = range.toReversed()
  const weights = createWeights(commits, isFirstParent)
  const count = commits.filter(({ isSame }) => !isSame).length
  const half = weigh(commits, weights, count, isWhole)
  if (half !== undefined) return { count, candidates: [half] }
  const ranked = commits
    .filter(({ isSame }) => !isSame)
    .map(({ commit }) => ({ id: commit.id, reaches: weights.of(commit.id) as number }))
  const distance = ({ reaches }: Candidate) => Math.min(reaches, count - reaches)
  ranked.sort((a, b) => distance(b) - distance(a) || (isWhole ? (a.id < b.id ? -1 : 1) : 0))
  return { count, candidates: isWhole ? ranked : ranked.slice(0, 1) }
}

interface Weights {
  /** How many commits of the range are in the history of this one; undefined where that is not known yet. */
  of(id: string): number | undefined
  set(id: string, weight: number): void
  /** The parents in the range. */
  parents(commit: RangeCommit): readonly string[]
  /** Counts the history of a commit by going through it. */
  count(commit: RangeCommit): number
}

function createWeights(commits: readonly RangeCommit[], isFirstParent: boolean): Weights {
  const byId = new Map(commits.map((each) => [each.commit.id, each]))
  const weights = new Map<string, number>()
  const parentsOf = ({ parents }: RangeCommit) => {
    return (isFirstParent ? parents.slice(0, 1) : parents).filter((id) => byId.has(id))
  }
  return {
    of: (id) => weights.get(id),
    set: (id, weight) => void weights.set(id, weight),
    parents: parentsOf,
    count(commit) {
      let count = 0
      const seen = new Set<string>()
      const stack = [commit.commit.id]
      for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
        const each = byId.get(id)
        if (each === undefined || seen.has(id)) continue
        seen.add(id)
        if (!each.isSame) count++
        stack.push(...parentsOf(each))
      }
      return count
    },
  }
}

/** Gives each commit its weight; ends early at one that is half-way, unless all are wanted. */
function weigh(
  commits: readonly RangeCommit[],
  weights: Weights,
  count: number,
  isWhole: boolean,
): Candidate | undefined {
  const settle = (each: RangeCommit, weight: number) => {
    weights.set(each.commit.id, weight)
    return !isWhole && !each.isSame && isHalfway(weight, count) ? { id: each.commit.id, reaches: weight } : undefined
  }
  for (const each of commits) {
    if (weights.parents(each).length === 0) weights.set(each.commit.id, each.isSame ? 0 : 1)
  }
  for (const each of commits) {
    if (weights.parents(each).length < 2) continue
    const half = settle(each, weights.count(each))
    if (half !== undefined) return half
  }
  for (let isChanged = true; isChanged;) {
    isChanged = false
    for (const each of commits) {
      if (weights.of(each.commit.id) !== undefined) continue
      const below = weights.parents(each).find((id) => weights.of(id) !== undefined)
      if (below === undefined) continue
      isChanged = true
      const half = settle(each, (weights.of(below) as number) + (each.isSame ? 0 : 1))
      if (half !== undefined) return half
    }
  }
  return undefined
}

/** Of many commits, one within a thousandth of the half is good enough. */
function isHalfway(weight: number, count: number): boolean {
  const difference = Math.abs(2 * weight - count)
  return difference <= 1 || difference < Math.floor(count / 1024)
}

/** How many tests are left, about: git's estimate. */
export function estimateSteps(count: number): number {
  if (count < 3) return 0
  const log = Math.floor(Math.log2(count))
  const power = 2 ** log
  return power < 3 * (count - power) ? log : log - 1
}
