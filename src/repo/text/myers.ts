import { keptLines } from './kept-lines.ts'
import type { ChangedLines } from './line-changes.ts'
import { type Box, createSplitSearch, type SplitSearch } from './split-search.ts'

/**
 * Marks the lines that differ, by Myers' algorithm (linear space, with git's heuristics, so that what differs is what git
 * says). Where the texts have so little in common that the search is given up, more lines are marked than need be.
 */
export function markByMyers(before: Int32Array, after: Int32Array, changed: ChangedLines): void {
  const shorter = Math.min(before.length, after.length)
  let head = 0
  while (head < shorter && before[head] === after[head]) head++
  let tail = 0
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  const [oldEnd, freshEnd] = [before.length - tail, after.length - tail]
  if (head === oldEnd || head === freshEnd) {
    changed.before.fill(1, head, oldEnd)
    changed.after.fill(1, head, freshEnd)
    return
  }
  const old = keptLines(before, after, { start: head, end: oldEnd }, changed.before)
  const fresh = keptLines(after, before, { start: head, end: freshEnd }, changed.after)
  compareBoxes(old.classes, fresh.classes, {
    markBefore: (start, end) => mark(changed.before, old.positions, start, end),
    markAfter: (start, end) => mark(changed.after, fresh.positions, start, end),
  })
}

function mark(flags: Uint8Array, positions: Int32Array, start: number, end: number): void {
  for (let at = start; at < end; at++) flags[positions[at] as number] = 1
}

interface Marks {
  markBefore(start: number, end: number): void
  markAfter(start: number, end: number): void
}

/** Divides the box of both texts until one side of each is empty: what the other side still has differs. */
function compareBoxes(before: Int32Array, after: Int32Array, { markBefore, markAfter }: Marks): void {
  let search: SplitSearch | undefined
  const boxes: Box[] = [{ left: 0, right: before.length, top: 0, bottom: after.length, isThorough: false }]
  for (let box = boxes.pop(); box !== undefined; box = boxes.pop()) {
    let { left, right, top, bottom } = box
    while (left < right && top < bottom && before[left] === after[top]) {
      left++
      top++
    }
    while (left < right && top < bottom && before[right - 1] === after[bottom - 1]) {
      right--
      bottom--
    }
    const isEmpty = left === right || top === bottom
    // Most texts differ in lines that only one of them has: nothing is left to be searched.
    if (!isEmpty) search ??= createSplitSearch(before, after)
    const split = isEmpty ? undefined : search?.split({ ...box, left, right, top, bottom })
    if (split === undefined) {
      markBefore(left, right)
      markAfter(top, bottom)
      continue
    }
    boxes.push({ left, right: split.x, top, bottom: split.y, isThorough: split.isFirstThorough })
    boxes.push({ left: split.x, right, top: split.y, bottom, isThorough: split.isSecondThorough })
  }
}
