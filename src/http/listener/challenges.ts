import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Challenges that a server gives and takes back, each once. */
export interface Challenges {
  /** A new one: base64url, good for CHALLENGE_MS. Nothing is remembered of it. */
  give(): string
  /** Whether it was given here, is young enough, and was not used. */
  isGood(challenge: string): boolean
  /** Says that it was used, by who signed it; false where it was already, or too many of that signer are remembered. */
  use(challenge: string, signer: Signer): boolean
}

/** Who signed a challenge, which is proven. */
export interface Signer {
  peerId: string
  /** Whether the node knows it: half of the room is for such signers alone, since keys cost nothing. */
  isKnown: boolean
}

/** How long a challenge may be signed, in milliseconds. */
export const CHALLENGE_MS = 60_000

const MAX_USED = 65_536

/** What one signer may have of the room, and strangers together. */
const SIGNER_SHARE = 1 / 16
const STRANGERS_SHARE = 1 / 2

const TIME_BYTES = 8
const RANDOM_BYTES = 12
const TAG_BYTES = 16
const WHOLE_BYTES = TIME_BYTES + RANDOM_BYTES + TAG_BYTES

/**
 * Challenges by a secret of this process: each says until when it is good, with a keyed digest of that. So only used ones
 * take memory, and only those of askers who could sign: at most `maxUsed` (default 65,536), until they are too old anyway;
 * of these a sixteenth by one signer, and half by strangers.
 * `nowMs` is a clock that never goes back.
 */
export function createChallenges(
  nowMs: () => number = () => performance.now(),
  { maxUsed = MAX_USED }: { maxUsed?: number } = {},
): Challenges {
  const secret = randomBytes(32)
  const used = new Map<string, { expiresMs: number; signer: Signer }>()
  const counts = new Map<string, number>()
  let strangers = 0
  const count = ({ peerId, isKnown }: Signer, change: 1 | -1): void => {
    const now = (counts.get(peerId) ?? 0) + change
    if (now === 0) counts.delete(peerId)
    else counts.set(peerId, now)
    if (!isKnown) strangers += change
  }
  const hasRoom = ({ peerId, isKnown }: Signer): boolean =>
    used.size < maxUsed &&
    (counts.get(peerId) ?? 0) < maxUsed * SIGNER_SHARE &&
    (isKnown || strangers < maxUsed * STRANGERS_SHARE)
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
    for (const [challenge, { expiresMs, signer }] of used) {
      if (expiresMs > nowMs()) return
      used.delete(challenge)
      count(signer, -1)
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
    use(challenge, signer) {
      forgetOld()
      const expiresMs = expiryOf(challenge)
      if (expiresMs === undefined || used.has(challenge) || !hasRoom(signer)) return false
      used.set(challenge, { expiresMs, signer })
      count(signer, 1)
      return true
    },
  }
}
