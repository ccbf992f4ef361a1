import { setImmediate as nextTurn } from 'node:timers/promises'

import type { AbortOptions } from '../../model/block.ts'

/** How many blocks are walked before the clock is looked at, and how long a walk goes on without a pause, in milliseconds. */
const CHECKED_BLOCKS = 64
const PAUSE_EVERY_MS = 20

/**
 * What a walk calls for each block, and awaits where it gives a promise: it lets timers and streams have their turn. Blocks
 * that are at hand take no turn of their own: a walk that sends nothing would not hear that nobody waits for it any more.
 * Throws the signal's reason.
 */
export function createWalkPause({ signal }: AbortOptions = {}): () => Promise<void> | undefined {
  let walked = 0
  let pausedAt = performance.now()
  const rest = async (): Promise<void> => {
    await nextTurn()
    pausedAt = performance.now()
    signal?.throwIfAborted()
  }
  return () => {
    if (++walked % CHECKED_BLOCKS !== 0) return undefined
    signal?.throwIfAborted()
    if (performance.now() - pausedAt < PAUSE_EVERY_MS) return undefined
    return rest()
  }
}
