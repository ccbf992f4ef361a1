/** How many messages senders may send. */
export interface MessageQuota {
  /** Counts one message of a sender; false where it is one too many. */
  take(sender: string): boolean
}

/** Senders that are counted apart; beyond, all are forgotten. */
const MAX_SENDERS = 1024

const SECOND_MS = 1000

/** Lets each sender send so many messages within each second. */
export function createMessageQuota(perSecond: number, now: () => number = () => performance.now()): MessageQuota {
  const counts = new Map<string, { count: number; since: number }>()
  return {
    take(sender) {
      const at = now()
      const before = counts.get(sender)
      const counted = before !== undefined && at - before.since < SECOND_MS ? before : { count: 0, since: at }
      if (before === undefined && counts.size >= MAX_SENDERS) counts.clear()
      counts.set(sender, counted)
      return ++counted.count <= perSecond
    },
  }
}
