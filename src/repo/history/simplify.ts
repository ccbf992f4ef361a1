import { readVisit, type ReadVisit, type TreeComparison, type Visit, visitOf, type Walk } from './visit.ts'

/**
 * Git's default simplification: a commit whose tree is the same as one of its parents' follows that parent only, and is
 * not shown; a merge is shown where it differs from every parent that counts. With full history all parents are followed,
 * and a merge is shown where it differs from one.
 */
export async function simplify(walk: Walk, visit: ReadVisit, comparison: TreeComparison): Promise<void> {
  if (visit.parents.length === 0) {
    visit.isSame = await comparison.isSame(undefined, visit.commit.tree, walk)
    return
  }
  const compared = walk.isFirstParent ? visit.parents.slice(0, 1) : visit.parents
  const counting = { parents: 0, changes: 0 }
  let otherChanges = 0
  for (const id of compared) {
    const reading = readVisit(walk, id)
    const parent = reading instanceof Promise ? await reading : reading
    const counts = isRelevant(parent)
    if (counts) counting.parents++
    const comparing = isSameTree(walk, parent, visit, comparison)
    if (!(comparing instanceof Promise ? await comparing : comparing)) {
      if (counts) counting.changes++
      else otherChanges++
    } else if (counts && !walk.isFullHistory) {
      visit.parents = [id]
      visit.isSame = true
      return
    }
  }
  // The second parent of a first-parent walk counts for this, though it is not compared.
  if (walk.isFirstParent && visit.parents.length > 1 && isRelevant(visitOf(walk, visit.parents[1] as string))) {
    counting.parents++
  }
  visit.isSame = (counting.parents > 0 ? counting.changes : otherChanges) === 0
}

/** The parents of a shown commit among the shown: those between are passed over (git's `rewrite_parents`). */
export function rewriteParents(walk: Walk, visit: Visit): string[] {
  const parents = visit.parents.flatMap((id) => rewriteParent(walk, id) ?? [])
  return [...new Set(parents)]
}

/** Whether a commit that changes nothing is shown all the same, because lines of history meet in it. */
export function isJunction(walk: Walk, visit: Visit): boolean {
  return visit.parents.filter((id) => isRelevant(visitOf(walk, id))).length > 1
}

function rewriteParent(walk: Walk, start: string): string | undefined {
  let id = start
  for (;;) {
    const visit = visitOf(walk, id)
    if (visit.isExcluded || !visit.isSame) return id
    if (visit.parents.length === 0) return undefined
    const next = onlyRelevantParent(walk, visit)
    if (next === undefined) return id
    id = next
  }
}

function onlyRelevantParent(walk: Walk, visit: Visit): string | undefined {
  if (walk.isFirstParent || visit.parents.length === 1) return visit.parents[0]
  const relevant = visit.parents.filter((id) => isRelevant(visitOf(walk, id)))
  return relevant.length === 1 ? relevant[0] : undefined
}

function isRelevant(visit: Visit): boolean {
  return !visit.isExcluded || visit.isBoundary
}

function isSameTree(
  walk: Walk,
  { commit: before }: ReadVisit,
  { commit: after }: ReadVisit,
  comparison: TreeComparison,
): boolean | Promise<boolean> {
  return before.tree === after.tree || comparison.isSame(before.tree, after.tree, walk)
}
