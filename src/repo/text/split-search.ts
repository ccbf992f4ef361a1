import { roughRoot } from './kept-lines.ts'

/** A part of the edit graph: lines `left` to before `right` of the one text, `top` to before `bottom` of the other. */
export interface Box {
  left: number
  right: number
  top: number
  bottom: number
  /** Whether the shortest way is wanted, however long the search. */
  isThorough: boolean
}

/** A point on a way through a box. Of its two parts, each is searched thoroughly or not. */
export interface Split {
  x: number
  y: number
  isFirstThorough: boolean
  isSecondThorough: boolean
}

/** Finds where to divide a box. */
export interface SplitSearch {
  /** Undefined where the work allowed is done: the box is then taken as without anything in common. */
  split(box: Box): Split | undefined
}

/** A run of this many equal lines is worth going on from. */
const GOOD_RUN = 20
/** Edits after which good runs are looked for. */
const MIN_COST = 256
/** How far a way must have come, for each edit. */
const GOOD_PACE = 4
/** Steps from diagonal to diagonal that one comparison may take: about two seconds. */
const MAX_STEPS = 250_000_000
/** Beyond any line. */
const FAR = 0x7f_ff_ff_ff

/** Makes a search in the edit graph of two texts, given as the numbers of their lines. */
export function createSplitSearch(before: Int32Array, after: Int32Array): SplitSearch {
  return new DiagonalSearch(before, after)
}

/** The furthest points that were reached from one corner of a box, by diagonal. */
class Front {
  readonly reached: Int32Array
  /** The diagonals reached: every second one from `low` to `high`. */
  low = 0
  high = 0
  /** The diagonal of the corner. */
  origin = 0

  constructor(diagonals: number) {
    this.reached = new Int32Array(diagonals)
  }

  start(diagonal: number, at: number, x: number): void {
    this.low = diagonal
    this.high = diagonal
    this.origin = diagonal
    this.reached[at] = x
  }
}

class DiagonalSearch implements SplitSearch {
  readonly #before: Int32Array
  readonly #after: Int32Array
  readonly #forward: Front
  readonly #backward: Front
  /** Where in the fronts diagonal 0 stands. */
  readonly #zero: number
  readonly #maxCost: number
  #steps = 0
  #hasGoodRun = false
  #box: Box = { left: 0, right: 0, top: 0, bottom: 0, isThorough: false }

  constructor(before: Int32Array, after: Int32Array) {
    this.#before = before
    this.#after = after
    const diagonals = before.length + after.length + 3
    this.#forward = new Front(diagonals)
    this.#backward = new Front(diagonals)
    this.#zero = after.length + 1
    this.#maxCost = Math.max(MIN_COST, roughRoot(diagonals))
  }

  split(box: Box): Split | undefined {
    this.#box = box
    const [first, last] = [box.left - box.top, box.right - box.bottom]
    this.#forward.start(first, this.#zero + first, box.left)
    this.#backward.start(last, this.#zero + last, box.right)
    const meetsForward = ((first - last) & 1) === 1
    for (let cost = 1; ; cost++) {
      this.#hasGoodRun = false
      const met = this.#advance(meetsForward) ?? this.#retreat(!meetsForward)
      if (met !== undefined) return met
      this.#steps += this.#forward.high - this.#forward.low + this.#backward.high - this.#backward.low
      if (this.#steps > MAX_STEPS) return undefined
      if (box.isThorough) continue
      const good = this.#hasGoodRun && cost > MIN_COST ? this.#goodRun(cost) : undefined
      if (good !== undefined) return good
      if (cost >= this.#maxCost) return this.#furthest()
    }
  }

  /** One more edit from the first corner on. */
  #advance(mayMeet: boolean): Split | undefined {
    const { right, bottom } = this.#box
    const [front, other] = [this.#forward, this.#backward]
    const [before, after, reached, zero] = [this.#before, this.#after, front.reached, this.#zero]
    this.#widen(front, -1)
    for (let diagonal = front.high; diagonal >= front.low; diagonal -= 2) {
      const at = zero + diagonal
      const [lower, upper] = [reached[at - 1] as number, reached[at + 1] as number]
      let x = lower >= upper ? lower + 1 : upper
      const start = x
      let y = x - diagonal
      while (x < right && y < bottom && before[x] === after[y]) {
        x++
        y++
      }
      if (x - start > GOOD_RUN) this.#hasGoodRun = true
      reached[at] = x
      if (mayMeet && other.low <= diagonal && diagonal <= other.high && (other.reached[at] as number) <= x) {
        return { x, y, isFirstThorough: true, isSecondThorough: true }
      }
    }
    return undefined
  }

  /** One more edit from the last corner back. */
  #retreat(mayMeet: boolean): Split | undefined {
    const { left, top } = this.#box
    const [front, other] = [this.#backward, this.#forward]
    const [before, after, reached, zero] = [this.#before, this.#after, front.reached, this.#zero]
    this.#widen(front, FAR)
    for (let diagonal = front.high; diagonal >= front.low; diagonal -= 2) {
      const at = zero + diagonal
      const [lower, upper] = [reached[at - 1] as number, reached[at + 1] as number]
      let x = lower < upper ? lower : upper - 1
      const start = x
      let y = x - diagonal
      while (x > left && y > top && before[x - 1] === after[y - 1]) {
        x--
        y--
      }
      if (start - x > GOOD_RUN) this.#hasGoodRun = true
      reached[at] = x
      if (mayMeet && other.low <= diagonal && diagonal <= other.high && x <= (other.reached[at] as number)) {
        return { x, y, isFirstThorough: true, isSecondThorough: true }
      }
    }
    return undefined
  }

  /** Takes in the next diagonals on both sides; at the edges of the box the front narrows instead. */
  #widen(front: Front, unreached: number): void {
    const { left, right, top, bottom } = this.#box
    if (front.low > left - bottom) front.reached[this.#zero + --front.low - 1] = unreached
    else front.low++
    if (front.high < right - top) front.reached[this.#zero + ++front.high + 1] = unreached
    else front.high--
  }

  /** The way that came furthest for its cost and ends with a good run. */
  #goodRun(cost: number): Split | undefined {
    const { left, right, top, bottom } = this.#box
    let best = 0
    let found: Split | undefined
    for (const front of [this.#forward, this.#backward]) {
      const isForward = front === this.#forward
      for (let diagonal = front.high; diagonal >= front.low; diagonal -= 2) {
        const x = front.reached[this.#zero + diagonal] as number
        const y = x - diagonal
        const came = isForward ? x - left + (y - top) : right - x + (bottom - y)
        const value = came - Math.abs(diagonal - front.origin)
        if (value <= GOOD_PACE * cost || value <= best) continue
        if (!(isForward ? this.#isRunBefore(x, y) : this.#isRunAfter(x, y))) continue
        best = value
        found = { x, y, isFirstThorough: isForward, isSecondThorough: !isForward }
      }
      if (found !== undefined) return found
    }
    return undefined
  }

  #isRunBefore(x: number, y: number): boolean {
    const { left, right, top, bottom } = this.#box
    if (x < left + GOOD_RUN || x >= right || y < top + GOOD_RUN || y >= bottom) return false
    return this.#isEqualRun(x - GOOD_RUN, y - GOOD_RUN)
  }

  #isRunAfter(x: number, y: number): boolean {
    const { left, right, top, bottom } = this.#box
    if (x <= left || x > right - GOOD_RUN || y <= top || y > bottom - GOOD_RUN) return false
    return this.#isEqualRun(x, y)
  }

  #isEqualRun(x: number, y: number): boolean {
    for (let at = 0; at < GOOD_RUN; at++) if (this.#before[x + at] !== this.#after[y + at]) return false
    return true
  }

  /** The point that came furthest from either corner: the search has become too long. */
  #furthest(): Split {
    const { left, right, top, bottom } = this.#box
    const ahead = { sum: -1, x: -1 }
    for (let diagonal = this.#forward.high; diagonal >= this.#forward.low; diagonal -= 2) {
      const reached = Math.min(this.#forward.reached[this.#zero + diagonal] as number, right)
      const x = Math.min(reached, bottom + diagonal)
      const sum = 2 * x - diagonal
      if (sum > ahead.sum) Object.assign(ahead, { sum, x })
    }
    const behind = { sum: FAR, x: FAR }
    for (let diagonal = this.#backward.high; diagonal >= this.#backward.low; diagonal -= 2) {
      const reached = Math.max(this.#backward.reached[this.#zero + diagonal] as number, left)
      const x = Math.max(reached, top + diagonal)
      const sum = 2 * x - diagonal
      if (sum < behind.sum) Object.assign(behind, { sum, x })
    }
    const isAhead = right + bottom - behind.sum < ahead.sum - (left + top)
    const { x, sum } = isAhead ? ahead : behind
    return { x, y: sum - x, isFirstThorough: isAhead, isSecondThorough: !isAhead }
  }
}
