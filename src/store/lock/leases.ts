import { existsSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { AbortOptions } from '../../model/block.ts'
import { explainFsError, fsErrorCode } from '../fs-errors.ts'
import type { Lock } from './lock.ts'

const LEASES = 'leases.db'

/** How what is being written by whoever holds a lease is called in the store's `tmp` folder: packs, and files beside them. */
const TEMPORARY_PREFIX = 'pack-'

/** The shared lease of all who write blocks through one open store: one of the kernel, however many hold it. */
export interface Leases {
  /** Waits up to a second for whoever removes blocks. Throws what `acquireLease` throws. */
  acquire(options?: AbortOptions): Promise<Lock>
  /** Keeps all others from taking a lease, where nobody holds one now, in this process or another; else undefined. */
  tryAlone(): Promise<Lock | undefined>
}

/** The leases of a store in `directory`: on `leases.db` in it. `command` is what others are told about us. */
export function createLeases(directory: string, command: string): Leases {
  let holders = 0
  let shared: Promise<Lock> | undefined

  const release = async (): Promise<void> => {
    holders--
    if (holders > 0) return
    const last = shared
    shared = undefined
    ;(await last)?.release()
  }

  const acquire = async (options: AbortOptions = {}): Promise<Lock> => {
    holders++
    shared ??= takeLease(directory, command, options)
    try {
      await shared
    } catch (error) {
      shared = undefined
      holders--
      throw error
    }
    let isHeld = true
    const releaseOnce = (): void => {
      if (isHeld) void release()
      isHeld = false
    }
    return { release: releaseOnce, [Symbol.dispose]: releaseOnce }
  }
  const tryAlone = async (): Promise<Lock | undefined> => {
    const { tryLock } = await import('./lock.ts')
    return tryLock(join(directory, LEASES), command)
  }
  return { acquire, tryAlone }
}

/** A name in the store's `tmp` folder for a pack that is about to be written. */
export function temporaryPackPath(directory: string): string {
  return `${temporaryFilePath(directory)}.car`
}

/** A name there for another file that is about to be written, which nobody misses once its writer's lease has ended. */
export function temporaryFilePath(directory: string): string {
  return join(directory, 'tmp', `${TEMPORARY_PREFIX}${process.pid}-${crypto.randomUUID()}`)
}

async function takeLease(directory: string, command: string, options: AbortOptions): Promise<Lock> {
  // Loads SQLite, which commands that only read do without.
  const { acquireLease, tryLock } = await import('./lock.ts')
  const path = join(directory, LEASES)
  const temporary = join(directory, 'tmp')
  try {
    // Not the folders above: where a working tree was deleted meanwhile, no part of it comes back.
    for (const folder of [directory, temporary]) await makeFolder(folder)
  } catch (error) {
    throw explainFsError(error, temporary)
  }
  const left = await temporaryFiles(temporary)
  if (left.length > 0) {
    // Whoever writes one holds a lease. Alone, we know that the writers of what is there are dead.
    using alone = tryLock(path, command)
    if (alone !== undefined) await Promise.all(left.map((file) => rm(file, { force: true })))
  }
  return acquireLease(path, { command, ...options })
}

async function makeFolder(path: string): Promise<void> {
  try {
    if (!existsSync(path)) await mkdir(path)
  } catch (error) {
    if (fsErrorCode(error) !== 'EEXIST') throw error
  }
}

async function temporaryFiles(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory)
    return names.filter((name) => name.startsWith(TEMPORARY_PREFIX)).map((name) => join(directory, name))
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return []
    throw explainFsError(error, directory)
  }
}
