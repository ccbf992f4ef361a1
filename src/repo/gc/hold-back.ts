import { setTimeout as sleep } from 'node:timers/promises'

import type { AbortOptions } from '../../model/block.ts'
import type { Lock } from '../../store/lock/lock.ts'
import type { Repository } from '../repository.ts'

const WAIT_MS = 10_000

/** How long to let others on before the next try, at first and at most. */
const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 100

/**
 * Holds back everybody who could change anything: takes the repository's lock, and the leases alone.
 *
 * Whoever adds holds a lease while he waits for the lock. So we never wait for leases with the lock in hand: where one is
 * held, the lock is given back. Throws ConflictError `locked` naming the holders after `waitMs` (default 10,000).
 */
export async function holdBack(
  repository: Repository,
  { command, waitMs = WAIT_MS, signal }: AbortOptions & { command: string; waitMs?: number },
): Promise<Disposable> {
  const deadline = performance.now() + waitMs
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const lock = await repository.lock(command, { waitMs: Math.max(0, deadline - performance.now()), signal })
    const alone = await tryAlone(repository, lock)
    if (alone !== undefined) return held(lock, alone)
    if (performance.now() > deadline) {
      const { lockedError } = await import('../../store/lock/lock.ts')
      throw lockedError(repository.layout.leases)
    }
    await sleep(pauseMs, undefined, signal === undefined ? {} : { signal })
  }
}

async function tryAlone(repository: Repository, lock: Lock): Promise<Lock | undefined> {
  let alone: Lock | undefined
  try {
    alone = await repository.store.tryLockOutWriters()
    return alone
  } finally {
    if (alone === undefined) lock.release()
  }
}

function held(lock: Lock, alone: Lock): Disposable {
  return {
    [Symbol.dispose]: () => {
      alone.release()
      lock.release()
    },
  }
}
