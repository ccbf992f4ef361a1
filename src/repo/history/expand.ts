import { setImmediate } from 'node:timers/promises'

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

/** Looks at the parents of a visit, once: they are queued, or excluded with it. Undefined where that is done at once. */
export function expand(walk: Walk, visit: ReadVisit): Promise<void> | undefined {
  if (visit.isExpanded) return undefined
  visit.isExpanded = true
  if (visit.isExcluded) return excludeParents(walk, visit)
  if (walk.comparison === undefined) return enqueueParents(walk, visit)
  return simplify(walk, visit, walk.comparison).then(() => enqueueParents(walk, visit))
}

function enqueueParents(walk: Walk, visit: ReadVisit, first = 0): Promise<void> | undefined {
  const end = walk.isFirstParent ? 1 : visit.parents.length
  for (let nth = first; nth < end && nth < visit.parents.length; nth++) {
    const parent = readVisit(walk, visit.parents[nth] as string)
    if (parent instanceof Promise) {
      return parent.then((read) => {
        enqueueParent(walk, visit, read)
        return enqueueParents(walk, visit, nth + 1)
      })
    }
    enqueueParent(walk, visit, parent)
  }
  return undefined
}

function enqueueParent(walk: Walk, visit: ReadVisit, parent: ReadVisit): void {
  if (visit.isLeft) parent.isLeft = true
  enqueue(walk, parent)
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

/** How many commits are walked over before others have a turn, whoever wants to stop the walk among them. */
export const TURN = 1024

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
  let count = 0
  for (let visit = dequeue(walk); visit !== undefined; visit = dequeue(walk)) {
    if (visit.commit.committedAt < since) exclude(walk, visit)
    const expanding = expand(walk, visit)
    if (expanding !== undefined) await expanding
    if (++count % TURN === 0) await setImmediate()
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
