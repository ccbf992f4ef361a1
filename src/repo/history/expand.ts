import { simplify } from './simplify.ts'
import {
  dequeue,
  enqueue,
  exclude,
  excludeAncestors,
  readVisit,
  readVisitIfHere,
  type ReadVisit,
  type Walk,
} from './visit.ts'

/** Looks at the parents of a visit, once: they are queued, or excluded with it. */
export async function expand(walk: Walk, visit: ReadVisit): Promise<void> {
  if (visit.isExpanded) return
  visit.isExpanded = true
  if (visit.isExcluded) return excludeParents(walk, visit)
  if (walk.comparison !== undefined) await simplify(walk, visit, walk.comparison)
  for (const id of visit.parents) {
    const parent = await readVisit(walk, id)
    if (visit.isLeft) parent.isLeft = true
    enqueue(walk, parent)
    if (walk.isFirstParent) break
  }
}

async function excludeParents(walk: Walk, visit: ReadVisit): Promise<void> {
  for (const id of visit.parents) {
    const parent = await readVisitIfHere(walk, id)
    if (parent === undefined) continue
    exclude(walk, parent)
    excludeAncestors(walk, parent)
    enqueue(walk, parent)
  }
}

/** How many excluded commits are looked at after it seems that nothing is left: clocks of committers differ. */
const SLOP = 5

/** From and up to which committer's dates commits are meant, in seconds since 1970. */
export interface DateRange {
  since?: number | undefined
  until?: number | undefined
}

/**
 * Walks until only excluded commits are left, and returns the others in the order of the queue. This is git's
 * `limit_list`, with its rule for when to stop: also what lies before `since` excludes all behind it.
 */
export async function limit(walk: Walk, { since = -Infinity, until = Infinity }: DateRange = {}): Promise<ReadVisit[]> {
  const visits: ReadVisit[] = []
  let slop = SLOP
  let lastDate = Infinity
  for (let visit = dequeue(walk); visit !== undefined; visit = dequeue(walk)) {
    if (visit.commit.committedAt < since) exclude(walk, visit)
    await expand(walk, visit)
    if (!visit.isExcluded) {
      if (visit.commit.committedAt > until) continue
      lastDate = visit.commit.committedAt
      visits.push(visit)
      continue
    }
    excludeAncestors(walk, visit)
    const next = walk.queue.peek()
    if (next === undefined) break
    slop = lastDate <= next.commit.committedAt || walk.queuedIncluded > 0 ? SLOP : slop - 1
    if (slop === 0) break
  }
  // Some were excluded after their turn.
  return visits
}
