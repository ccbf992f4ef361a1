import type { ReadVisit } from './visit.ts'

/**
 * The visits with no parent before all its children, one line of history after the other: git's `--topo-order`. Visits
 * must come in the order of the walk, which decides between the tips.
 */
export function sortTopologically(visits: readonly ReadVisit[]): ReadVisit[] {
  const byId = new Map(visits.map((visit) => [visit.id, visit]))
  const children = new Map(visits.map(({ id }) => [id, 0]))
  for (const visit of visits) {
    for (const parent of visit.parents) {
      const count = children.get(parent)
      if (count !== undefined) children.set(parent, count + 1)
    }
  }
  const stack = visits.filter(({ id }) => children.get(id) === 0).reverse()
  const sorted: ReadVisit[] = []
  for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
    sorted.push(visit)
    for (const id of visit.parents) {
      const count = children.get(id)
      if (count === undefined) continue
      children.set(id, count - 1)
      if (count === 1) stack.push(byId.get(id) as ReadVisit)
    }
  }
  return sorted
}
