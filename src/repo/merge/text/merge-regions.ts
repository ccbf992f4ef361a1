import type { LineChange, LineRange } from '../../text/line-changes.ts'

/** A region where texts were changed against their base. What is in no region both sides have alike. */
export interface MergeRegion {
  /** Whose lines are taken; undefined is a conflict. */
  taken: 'ours' | 'theirs' | undefined
  base: LineRange
  ours: LineRange
  theirs: LineRange
}

/** One side of a merge: the numbers of its lines (`LineClasses`), and how it changed the base. */
export interface MergeSide {
  lines: Int32Array
  changes: readonly LineChange[]
}

/**
 * Brings the changes of both sides together. Changes that overlap or touch are a conflict, unless both sides did the same:
 * then there is no region.
 */
export function mergeRegions(baseCount: number, ours: MergeSide, theirs: MergeSide): MergeRegion[] {
  const regions: MergeRegion[] = []
  let [mine, other] = [0, 0]
  for (;;) {
    const [left, right] = [ours.changes[mine], theirs.changes[other]]
    if (left !== undefined && (right === undefined || left.before.end < right.before.start)) {
      const across = shifted(left.before, offsetAt(right, theirs, baseCount))
      append(regions, { taken: 'ours', base: left.before, ours: left.after, theirs: across })
      mine++
    } else if (right !== undefined && (left === undefined || right.before.end < left.before.start)) {
      const across = shifted(right.before, offsetAt(left, ours, baseCount))
      append(regions, { taken: 'theirs', base: right.before, ours: across, theirs: right.after })
      other++
    } else if (left !== undefined && right !== undefined) {
      if (!isSameChange(left, ours.lines, right, theirs.lines)) append(regions, conflictOf(left, right))
      if (left.before.end <= right.before.end) mine++
      if (right.before.end <= left.before.end) other++
    } else return regions
  }
}

/** How far lines of the base stand from where the side has them, before its next change. */
function offsetAt(next: LineChange | undefined, { lines }: MergeSide, baseCount: number): number {
  return next === undefined ? lines.length - baseCount : next.after.start - next.before.start
}

function isSameChange(left: LineChange, ours: Int32Array, right: LineChange, theirs: Int32Array): boolean {
  const length = left.after.end - left.after.start
  if (left.before.start !== right.before.start || left.before.end !== right.before.end) return false
  if (right.after.end - right.after.start !== length) return false
  for (let at = 0; at < length; at++) {
    if (ours[left.after.start + at] !== theirs[right.after.start + at]) return false
  }
  return true
}

/** What both changes span of the base, and the same on either side. */
function conflictOf(left: LineChange, right: LineChange): MergeRegion {
  const start = Math.min(left.before.start, right.before.start)
  const end = Math.max(left.before.end, right.before.end)
  const spanned = ({ before, after }: LineChange) => ({
    start: after.start - (before.start - start),
    end: after.end + (end - before.end),
  })
  return { taken: undefined, base: { start, end }, ours: spanned(left), theirs: spanned(right) }
}

/** Regions that touch on either side become one, a conflict unless they are of one side. */
function append(regions: MergeRegion[], region: MergeRegion): void {
  const last = regions.at(-1)
  if (last === undefined || (region.ours.start > last.ours.end && region.theirs.start > last.theirs.end)) {
    regions.push({ ...region })
    return
  }
  if (last.taken !== region.taken) last.taken = undefined
  last.base = { start: last.base.start, end: region.base.end }
  last.ours = { start: last.ours.start, end: region.ours.end }
  last.theirs = { start: last.theirs.start, end: region.theirs.end }
}

function shifted({ start, end }: LineRange, by: number): LineRange {
  return { start: start + by, end: end + by }
}
