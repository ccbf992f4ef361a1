import { sha256 } from '../../model/cid.ts'

/** What a follower remembers of a name while it runs. */
export interface FollowedState {
  /** When it is asked for next, in milliseconds of the process's clock. */
  nextAt: number
  /** How often in a row it went wrong. */
  failures: number
  /** Why it went wrong last; undefined where it did not. */
  code: string | undefined
  /** Whether these bytes of a record were dealt with, for good or bad. */
  isJudged(record: Uint8Array): boolean
  judge(record: Uint8Array): void
}

/** Records of one name that are remembered as dealt with. */
const MAX_JUDGED = 32

/** The state of a name that was not asked for yet. */
export function createFollowedState(): FollowedState {
  const judged = new Set<string>()
  const digestOf = (record: Uint8Array): string => Buffer.from(sha256(record)).toString('base64')
  return {
    nextAt: 0,
    failures: 0,
    code: undefined,
    isJudged: (record) => judged.has(digestOf(record)),
    judge(record) {
      const digest = digestOf(record)
      judged.delete(digest)
      judged.add(digest)
      for (const oldest of judged) {
        if (judged.size <= MAX_JUDGED) break
        judged.delete(oldest)
      }
    },
  }
}
