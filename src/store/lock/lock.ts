import { setTimeout as sleep } from 'node:timers/promises'

import type { AbortOptions } from '../../model/block.ts'
import { ConflictError } from '../../model/errors.ts'
import { type KernelLock, tryKernelLock } from './kernel-lock.ts'
import { type LockHolder, lockHolders, noteHolder, removeNotes } from './lock-holder.ts'

/** How to wait for a lock, and what to tell those who wait for us. */
export interface LockOptions extends AbortOptions {
  /** The command line of the holder: shown to whoever finds the lock taken. */
  command: string
  /** How long to wait where it is taken, in milliseconds (default 1000; 0: not at all). */
  waitMs?: number
}

/** A lock that is held. It ends with `release`, or with the process, however that ends. */
export interface Lock {
  /** Gives the lock back. A second call does nothing. */
  release(): void
  [Symbol.dispose](): void
}

const DEFAULT_WAIT_MS = 1000

/** How long to sleep between two tries, at first and at most. */
const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 50

/**
 * Takes the lock file at `path` exclusively: nobody else holds the lock or a lease on it.
 *
 * A repository has two lock files, so that those who change refs and those who only add blocks do not exclude each other:
 * `lock.db` is taken exclusively by a command that changes refs, HEAD, index or configuration; `leases.db` is leased by
 * whoever writes blocks, and taken exclusively by whoever removes blocks or what dead writers left.
 *
 * The lock is the kernel's, and is released by the holder's death; it excludes other holders in this process too.
 * Throws ConflictError `locked` (details: `path`, `holders: { pid, command }[]`) where it stays taken for `waitMs`,
 * UnavailableError `permission-denied`, `read-only-file-system` or `lock-unusable` where the file cannot be used, InvalidError
 * `lock-path-too-long`.
 */
export function acquireLock(path: string, options: LockOptions): Promise<Lock> {
  return acquire(path, 'exclusive', options)
}

/** Takes a lease on the lock file at `path`: any number may hold one, and nobody holds the lock. Else as `acquireLock`. */
export function acquireLease(path: string, options: LockOptions): Promise<Lock> {
  return acquire(path, 'shared', options)
}

/** Takes the lock file at `path` exclusively if nobody holds it or a lease on it now; else returns undefined. */
export function tryLock(path: string, command: string): Lock | undefined {
  const held = tryKernelLock(path, 'exclusive')
  return held === undefined ? undefined : heldLock(path, 'exclusive', held, command)
}

async function acquire(path: string, mode: 'exclusive' | 'shared', options: LockOptions): Promise<Lock> {
  const { command, waitMs = DEFAULT_WAIT_MS, signal } = options
  const deadline = performance.now() + waitMs
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted()
    const held = tryKernelLock(path, mode)
    if (held !== undefined) return heldLock(path, mode, held, command)
    const restMs = deadline - performance.now()
    if (restMs <= 0) throw lockedError(path)
    await sleep(Math.min(pauseMs, restMs), undefined, signal === undefined ? {} : { signal })
  }
}

function heldLock(path: string, mode: 'exclusive' | 'shared', held: KernelLock, command: string): Lock {
  // Alone with the lock, we know that the notes which are there were left by the dead.
  if (mode === 'exclusive') removeNotes(path)
  const removeNote = noteHolder(path, { pid: process.pid, command })
  let isHeld = true
  const release = (): void => {
    if (!isHeld) return
    isHeld = false
    removeNote()
    held.release()
  }
  return { release, [Symbol.dispose]: release }
}

/** The error `locked` that names who holds the lock file at `path`, or leases on it. */
export function lockedError(path: string): ConflictError {
  const holders = lockHolders(path)
  const [first] = holders
  const message =
    first === undefined ? 'another jzfs command is at work here' : `at work here already: ${describe(holders)}`
  const hint =
    first === undefined
      ? 'wait until it is done, then run the command again'
      : `wait until it is done, then run the command again (if it hangs: kill ${first.pid})`
  return new ConflictError('locked', message, { hint, details: { path, holders } })
}

function describe(holders: LockHolder[]): string {
  return holders.map(({ pid, command }) => `${command} (pid ${pid})`).join(', ')
}
