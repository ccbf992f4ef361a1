import type { ChangedLines } from './line-changes.ts'
import { markByMyers } from './myers.ts'

/** Lines that are there more often than this are no anchors. */
const MAX_OCCURRENCES = 64
/** Lines that one comparison may look at before the rest is left to Myers' algorithm: about a second. */
const MAX_LOOKS = 200_000_000

/**
 * Marks the lines that differ, by the histogram algorithm as git has it: the run of common lines with the rarest line in
 * it is an anchor, the longest of several, and so on above and below it. Where there are only frequent lines, Myers'
 * algorithm decides.
 */
export function markByHistogram(before: Int32Array, after: Int32Array, changed: ChangedLines): void {
  const anchors = new AnchorSearch(before, after)
  const regions: Region[] = [{ left: 0, right: before.length, top: 0, bottom: after.length }]
  for (let region = regions.pop(); region !== undefined; region = regions.pop()) {
    const { left, right, top, bottom } = region
    const found = left === right || top === bottom ? 'nothing' : anchors.find(region)
    if (found === 'nothing') {
      changed.before.fill(1, left, right)
      changed.after.fill(1, top, bottom)
    } else if (found === 'frequent') {
      const flags = { before: changed.before.subarray(left, right + 1), after: changed.after.subarray(top, bottom + 1) }
      markByMyers(before.subarray(left, right), after.subarray(top, bottom), flags)
    } else {
      regions.push({ left, right: found.left, top, bottom: found.top })
      regions.push({ left: found.right, right, top: found.bottom, bottom })
    }
  }
}

/** Lines `left` to before `right` of the one text, `top` to before `bottom` of the other. */
interface Region {
  left: number
  right: number
  top: number
  bottom: number
}

class AnchorSearch {
  readonly #before: Int32Array
  readonly #after: Int32Array
  /** Of the lines of the region, by their number: how many there are, and the first. */
  readonly #counts: Int32Array
  readonly #firsts: Int32Array
  /** The next line of the region that equals a line. */
  readonly #nexts: Int32Array
  #looks = 0
  #best: Region | undefined
  /** How often the rarest line of the best anchor is there. */
  #rarity = 0
  #hasCommon = false

  constructor(before: Int32Array, after: Int32Array) {
    this.#before = before
    this.#after = after
    const classes = Math.max(highest(before), highest(after)) + 1
    this.#counts = new Int32Array(classes)
    this.#firsts = new Int32Array(classes)
    this.#nexts = new Int32Array(before.length)
  }

  find(region: Region): Region | 'nothing' | 'frequent' {
    if (this.#looks > MAX_LOOKS) return 'frequent'
    this.#best = undefined
    this.#rarity = MAX_OCCURRENCES + 1
    this.#hasCommon = false
    this.#count(region)
    for (let at = region.top; at < region.bottom;) at = this.#tryAnchors(region, at)
    this.#forget(region)
    if (this.#hasCommon && this.#rarity > MAX_OCCURRENCES) return 'frequent'
    return this.#best ?? 'nothing'
  }

  #count({ left, right, top, bottom }: Region): void {
    this.#looks += right - left + bottom - top
    for (let at = right - 1; at >= left; at--) {
      const line = this.#before[at] as number
      const count = this.#counts[line] as number
      this.#nexts[at] = count === 0 ? -1 : (this.#firsts[line] as number)
      this.#firsts[line] = at
      this.#counts[line] = count + 1
    }
  }

  #forget({ left, right }: Region): void {
    for (let at = left; at < right; at++) this.#counts[this.#before[at] as number] = 0
  }

  /** Tries the runs of common lines through a line of the other text. Returns the line to go on with. */
  #tryAnchors(region: Region, at: number): number {
    const line = this.#after[at] as number
    const count = this.#counts[line] as number
    if (count > 0) this.#hasCommon = true
    if (count === 0 || count > this.#rarity) return at + 1
    let next = at + 1
    for (let own = this.#firsts[line] as number; own !== -1;) {
      const { run, rarity } = this.#runThrough(region, own, at, count)
      next = Math.max(next, run.bottom)
      const length = this.#best === undefined ? 1 : this.#best.right - this.#best.left
      if (run.right - run.left > length || rarity < this.#rarity) {
        this.#best = run
        this.#rarity = rarity
      }
      while (own !== -1 && own < run.right) own = this.#nexts[own] as number
    }
    return next
  }

  #runThrough({ left, right, top, bottom }: Region, own: number, other: number, count: number) {
    const run = { left: own, right: own + 1, top: other, bottom: other + 1 }
    let rarity = count
    while (run.left > left && run.top > top && this.#before[run.left - 1] === this.#after[run.top - 1]) {
      run.left--
      run.top--
      rarity = Math.min(rarity, this.#counts[this.#before[run.left] as number] as number)
    }
    while (run.right < right && run.bottom < bottom && this.#before[run.right] === this.#after[run.bottom]) {
      rarity = Math.min(rarity, this.#counts[this.#before[run.right] as number] as number)
      run.right++
      run.bottom++
    }
    this.#looks += run.right - run.left
    return { run, rarity }
  }
}

function highest(classes: Int32Array): number {
  let last = -1
  for (const each of classes) if (each > last) last = each
  return last
}
