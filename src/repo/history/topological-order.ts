import { createCommitQueue } from './commit-queue.ts'
import type { ReadVisit } from './visit.ts'

/** What decides between commits that could come next: lines of history are kept together, or the newest date. */
export type TopologicalRule = 'lines' | 'committer-date' | 'author-date'

/**
 * The visits with no parent before all its children. By `lines`, one line of history after the other: git's `--topo-order`;
 * by dates, its `--date-order` and `--author-date-order`. Visits must come in the order of the walk, which decides between
 * the tips.
 */
export function sortTopologically(visits: readonly ReadVisit[], rule: TopologicalRule = 'lines'): ReadVisit[] {
  const byId = new Map(visits.map((visit) => [visit.id, visit]))
  const children = new Map(visits.map(({ id }) => [id, 0]))
  for (const visit of visits) {
    for (const parent of visit.parents) {
      const count = children.get(parent)
      if (count !== undefined) children.set(parent, count + 1)
    }
  }
  const tips = visits.filter(({ id }) => children.get(id) === 0)
  const ready = rule === 'lines' ? lastFirst(tips) : newestFirst(tips, rule)
  const sorted: ReadVisit[] = []
  for (let visit = ready.pop(); visit !== undefined; visit = ready.pop()) {
    sorted.push(visit)
    for (const id of visit.parents) {
      const count = children.get(id)
      if (count === undefined) continue
      children.set(id, count - 1)
      if (count === 1) ready.push(byId.get(id) as ReadVisit)
    }
  }
  return sorted
}

/** Commits all of whose children were given. */
interface Ready {
  push(visit: ReadVisit): void
  pop(): ReadVisit | undefined
}

function lastFirst(tips: ReadVisit[]): Ready {
  return tips.reverse()
}

function newestFirst(tips: readonly ReadVisit[], rule: 'committer-date' | 'author-date'): Ready {
  const queue = createCommitQueue<ReadVisit>()
  const push = (visit: ReadVisit) =>
    queue.push(visit, rule === 'author-date' ? visit.commit.authoredAt : visit.commit.committedAt)
  for (const tip of tips) push(tip)
  return { push, pop: () => queue.pop() }
}
