import { pairCommits, type PlannedCommit } from './paired-commits.ts'
import { createTreeMaker, type EditName } from './random-trees.ts'

const PLAIN: EditName[] = ['edit', 'edit', 'edit', 'add', 'addInFolder', 'remove', 'mode', 'type']
const SHAPES: EditName[] = ['fileToFolder', 'folderToFile', 'removeFolder', 'addInFolder']
const MOVES: EditName[] = ['edit', 'edit', 'move', 'move', 'moveEdited', 'moveEdited', 'moveFolder', 'moveFolder']

/** What happens in a history. */
export const EDITED = [...PLAIN, ...SHAPES]
export const MOVED = [...EDITED, ...MOVES]

/** Two commits that were made from a third. */
export function createFork(seed: number, edits: EditName[]): PlannedCommit[] {
  const maker = createTreeMaker(seed)
  const base = maker.create()
  const changed = () => ({ parents: [0], leaves: maker.change(base, edits, 1 + maker.below(8)) })
  return [{ parents: [], leaves: base }, changed(), changed()]
}

/** The same with a directory that is large enough to be sharded. */
export function createLargeFork(seed: number, edits: EditName[]): PlannedCommit[] {
  const maker = createTreeMaker(seed)
  const base = maker.create()
  for (const path of base.keys()) if (path === 'a') base.delete(path)
  for (let at = 0; at < 2400; at++) base.set(`a/${at} ${'of many files in one folder'.repeat(4)}`, `${seed} ${at}\n`)
  const changed = () => ({ parents: [0], leaves: maker.change(base, edits, 4 + maker.below(20)) })
  return [{ parents: [], leaves: base }, changed(), changed()]
}

/** Two branches, from one root or two, that were merged into each other again and again, both ways at once. */
export function createCrossing(seed: number, edits: EditName[]): PlannedCommit[] {
  const maker = createTreeMaker(seed)
  const commits: PlannedCommit[] = [{ parents: [], leaves: maker.create() }]
  const commit = (parents: number[], leaves: PlannedCommit['leaves']) =>
    commits.push({ parents, leaves: maker.change(leaves, edits, 1 + maker.below(3)) }) - 1
  const leavesOf = (at: number) => (commits[at] as PlannedCommit).leaves
  const heads = maker.below(8) === 0 ? [0, commit([], maker.create())] : [0, 0]
  for (let left = 3 + maker.below(5); left > 0; left--) {
    const [one, other] = heads as [number, number]
    if (one !== other && maker.below(2) === 0) {
      const mixed = () => maker.mix(leavesOf(one), leavesOf(other))
      heads[0] = commit([one, other], mixed())
      heads[1] = commit([other, one], mixed())
    } else {
      heads[0] = commit([one], leavesOf(one))
      heads[1] = commit([other], leavesOf(other))
    }
  }
  return commits
}

/** What was compared, and what of it was not the same. */
export interface Comparison {
  differences: object[]
  /** Differences in histories in which one content stands at two paths: which of them was moved is anyone's guess. */
  tied: number
  /** Merges with several merge bases. */
  crossing: number
  /** Merges without a conflict. */
  clean: number
}

/** Merges the last two commits of each history as git does and as we do; what differs on purpose is left out. */
export async function compareMerges(histories: ReadonlyMap<number, PlannedCommit[]>): Promise<Comparison> {
  const commits: PlannedCommit[] = []
  const ends = new Map<number, number>()
  for (const [seed, history] of histories) {
    const start = commits.length
    commits.push(...history.map(({ parents, leaves }) => ({ leaves, parents: parents.map((at) => start + at) })))
    ends.set(seed, commits.length - 1)
  }
  const pair = pairCommits(commits)
  const comparison: Comparison = { differences: [], tied: 0, crossing: 0, clean: 0 }
  for (const [seed, end] of ends) {
    const { git, ours, said, bases } = await pair.compare(end - 1, end)
    if (JSON.stringify(git) !== JSON.stringify(ours)) {
      if (histories.get(seed)?.some(hasCopies) === true) comparison.tied++
      else comparison.differences.push({ seed, said, git, ours })
    }
    if (bases > 1) comparison.crossing++
    if (git.isClean) comparison.clean++
  }
  return comparison
}

function hasCopies({ leaves }: PlannedCommit): boolean {
  const contents = Array.from(leaves.values(), (leaf) =>
    JSON.stringify(typeof leaf === 'object' && 'executable' in leaf ? leaf.executable : leaf),
  )
  return new Set(contents).size < contents.length
}

/** A history for each of so many seeds. */
export function forSeeds<T>(first: number, count: number, make: (seed: number) => T): Map<number, T> {
  return new Map(Array.from({ length: count }, (_, at) => [first + at, make(first + at)]))
}
