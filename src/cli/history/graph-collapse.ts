/** A line of edges that move to the left, and where they are after it. */
export interface CollapsedEdges {
  drawn: { character: '|' | '/' | '_' | ' '; target: number }[]
  /** By screen column: which next column the edge there is to arrive at; -1 where there is none. */
  mapping: number[]
  /** The same before horizontal edges were cut. */
  old: number[]
}

/** Moves every edge that has not arrived one step to the left; one of them may go far, horizontally. */
export function collapseEdges(before: readonly number[]): CollapsedEdges {
  const { mapping, horizontal } = moveEdges(before)
  const old = [...mapping]
  if (mapping.at(-1) === -1) mapping.pop()
  const drawn: CollapsedEdges['drawn'] = []
  let usedHorizontal = false
  for (const [at, target] of mapping.entries()) {
    if (target < 0) drawn.push({ character: ' ', target })
    else if (target * 2 === at) drawn.push({ character: '|', target })
    else if (target === horizontal?.target && at !== horizontal.edge - 1) {
      // Only its first piece goes on into the next line.
      if (at !== target * 2 + 3) mapping[at] = -1
      usedHorizontal = true
      drawn.push({ character: '_', target })
    } else {
      if (usedHorizontal && horizontal !== undefined && at < horizontal.edge) mapping[at] = -1
      drawn.push({ character: '/', target })
    }
  }
  return { drawn, mapping, old }
}

interface Horizontal {
  /** The screen column where it begins, at its right. */
  edge: number
  target: number
}

function moveEdges(before: readonly number[]): { mapping: number[]; horizontal: Horizontal | undefined } {
  const mapping = before.map(() => -1)
  let horizontal: Horizontal | undefined
  const goHorizontally = (edge: number, target: number, until: number) => {
    if (horizontal !== undefined) return
    horizontal = { edge, target }
    for (let at = target * 2 + 3; at < until; at += 2) mapping[at] = target
  }
  for (const [at, target] of before.entries()) {
    if (target < 0) continue
    const left = mapping[at - 1] ?? -1
    if (target * 2 === at) mapping[at] = target
    else if (left < 0) {
      mapping[at - 1] = target
      goHorizontally(at, target, at - 2)
    } else if (left !== target) {
      // A line to another column is in the way: it is crossed. Where it is our own, the two are one from here on.
      mapping[at - 2] = target
      goHorizontally(at - 1, target, at - 2)
    }
  }
  return { mapping, horizontal }
}
