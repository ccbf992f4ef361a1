import { type DiffAlgorithm, diffLines } from '../../text/diff-lines.ts'
import type { MergeRegion } from './merge-regions.ts'

/** Between two conflicts, as many common lines are not worth splitting them. */
const MAX_JOINED_LINES = 3

/**
 * Makes conflicts as small as they can be: where the two sides have lines in common, these are no conflict (git's
 * "zealous" merge). A conflict of which nothing is left goes. Conflicts at most three lines apart become one.
 *
 * The parts of one conflict keep the base of the whole: they are not for styles that show it.
 */
export function refineConflicts(
  regions: readonly MergeRegion[],
  ours: Int32Array,
  theirs: Int32Array,
  algorithm: DiffAlgorithm,
): MergeRegion[] {
  const split = (region: MergeRegion): MergeRegion[] => {
    if (!isTwoSided(region)) return [region]
    const { start: left, end: leftEnd } = region.ours
    const { start: right, end: rightEnd } = region.theirs
    const changes = diffLines(ours.subarray(left, leftEnd), theirs.subarray(right, rightEnd), algorithm)
    return changes.map(({ before, after }) => ({
      taken: undefined,
      base: region.base,
      ours: { start: left + before.start, end: left + before.end },
      theirs: { start: right + after.start, end: right + after.end },
    }))
  }
  return joinNeighbours(regions.flatMap(split))
}

/** Takes lines that both sides have alike at the head and the tail out of conflicts: git's style zdiff3. */
export function trimConflicts(regions: readonly MergeRegion[], ours: Int32Array, theirs: Int32Array): MergeRegion[] {
  return regions.map((region) => {
    if (!isTwoSided(region)) return region
    const [left, right] = [{ ...region.ours }, { ...region.theirs }]
    const isLeft = () => left.start < left.end && right.start < right.end
    while (isLeft() && ours[left.start] === theirs[right.start]) {
      left.start++
      right.start++
    }
    while (isLeft() && ours[left.end - 1] === theirs[right.end - 1]) {
      left.end--
      right.end--
    }
    return { ...region, ours: left, theirs: right }
  })
}

function isTwoSided({ taken, ours, theirs }: MergeRegion): boolean {
  return taken === undefined && ours.start < ours.end && theirs.start < theirs.end
}

function joinNeighbours(regions: readonly MergeRegion[]): MergeRegion[] {
  const joined: MergeRegion[] = []
  for (const region of regions) {
    const last = joined.at(-1)
    const isNear = last !== undefined && region.ours.start - last.ours.end <= MAX_JOINED_LINES
    if (!isNear || last.taken !== undefined || region.taken !== undefined) {
      joined.push(region)
      continue
    }
    const [ours, theirs] = [
      { start: last.ours.start, end: region.ours.end },
      { start: last.theirs.start, end: region.theirs.end },
    ]
    joined[joined.length - 1] = { ...last, ours, theirs }
  }
  return joined
}
