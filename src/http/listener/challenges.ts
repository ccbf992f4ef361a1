import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Challenges that a server gives and takes back, each once. */
export interface Challenges {
  /** A new one: base64url, good for CHALLENGE_MS. Nothing is remembered of it. */
  give(): string
  /** Whether it was given here, is young enough, and was not used. */
  isGood(challenge: string): boolean
  /** Says that it was used, by whoever signed it; false where it was already, or too many are remembered. */
  use(challenge: string): boolean
}

/** How long a challenge may be signed, in milliseconds. */
export const CHALLENGE_MS = 60_000

const MAX_USED = 65_536

const TIME_BYTES = 8
const RANDOM_BYTES = 12
const TAG_BYTES = 16
const WHOLE_BYTES = TIME_BYTES + RANDOM_BYTES + TAG_BYTES

/**
 * Challenges by a secret of this process: each says until when it is good, with a keyed digest of that. So only used ones
 * take memory, and only those of askers who could sign: at most `maxUsed` (default 65,536), until they are too old anyway.
 * `nowMs` is a clock that never goes back.
 */
export function createChallenges(
  nowMs: () => number = () => performance.now(),
  { maxUsed = MAX_USED }: { maxUsed?: number } = {},
): Challenges {
  const secret = randomBytes(32)
  const used = new Map<string, number>()
  const tagOf = (start: Uint8Array): Buffer =>
    createHmac('sha256', secret).update(start).digest().subarray(0, TAG_BYTES)
  const expiryOf = (challenge: string): number | undefined => {
    const bytes = Buffer.from(challenge, 'base64url')
    if (bytes.length !== WHOLE_BYTES || bytes.toString('base64url') !== challenge) return undefined
    const start = bytes.subarray(0, TIME_BYTES + RANDOM_BYTES)
    return timingSafeEqual(tagOf(start), bytes.subarray(start.length)) ? bytes.readDoubleBE(0) : undefined
  }
  const forgetOld = (): void => {
    // They are in the order of their use, which is nearly that of their end.
    for (const [challenge, expiresMs] of used) {
      if (expiresMs > nowMs()) return
      used.delete(challenge)
    }
  }
  return {
    give() {
      const start = Buffer.concat([Buffer.alloc(TIME_BYTES), randomBytes(RANDOM_BYTES)])
      start.writeDoubleBE(nowMs() + CHALLENGE_MS, 0)
      return Buffer.concat([start, tagOf(start)]).toString('base64url')
    },
    isGood(challenge) {
      const expiresMs = expiryOf(challenge)
      return expiresMs !== undefined && expiresMs > nowMs() && !used.has(challenge)
    },
    use(challenge) {
      forgetOld()
      const expiresMs = expiryOf(challenge)
      if (expiresMs === undefined || used.has(challenge) || used.size >= maxUsed) return false
      used.set(challenge, expiresMs)
      return true
    },
  }
}
