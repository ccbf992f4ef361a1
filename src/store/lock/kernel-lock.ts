import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { InvalidError, UnavailableError } from '../../model/errors.ts'
import { explainFsError } from '../fs-errors.ts'

/** A lock of the kernel, held until it is released or the process ends. */
export interface KernelLock {
  release(): void
}

/** SQLite's result codes (https://sqlite.org/rescode.html), the low byte. */
const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6

/** SQLite refuses longer paths, whatever the file system says: its limit of 512 holds for names that end in `-journal`. */
const MAX_PATH_BYTES = 504

/** A journal in memory: nothing is ever written, so that a lock can be had on a full disk, too. */
const TAKE_EXCLUSIVE = 'PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE'

/** A transaction takes its shared lock when it reads for the first time. */
const TAKE_SHARED = 'BEGIN; SELECT count(*) FROM sqlite_master'

/**
 * Takes a lock on the file at `path`, which is created where it is missing, or returns undefined where somebody holds
 * one that excludes it. Never waits.
 *
 * Node has no file locks, but SQLite has: an exclusive transaction, or a read transaction as a shared lock, on a
 * database that stays empty. They are POSIX locks, so nothing in this process may open the file in another way: closing
 * it would drop them.
 */
export function tryKernelLock(path: string, mode: 'exclusive' | 'shared'): KernelLock | undefined {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec(mode === 'exclusive' ? TAKE_EXCLUSIVE : TAKE_SHARED)
  } catch (error) {
    database?.close()
    if (isBusy(error)) return undefined
    throw explainUnusable(path, error)
  }
  return {
    release: () => {
      database.close()
    },
  }
}

function isBusy(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false
  const code = error.errcode & 0xff
  return code === SQLITE_BUSY || code === SQLITE_LOCKED
}

/** SQLite says only "unable to open": the folder and the file themselves say why. */
function explainUnusable(path: string, error: unknown): unknown {
  const bytes = Buffer.byteLength(path)
  if (bytes > MAX_PATH_BYTES) {
    return new InvalidError('lock-path-too-long', `the path is too long for a lock (${bytes} bytes): ${path}`, {
      hint: `move the repository nearer to the root of the disk: ${MAX_PATH_BYTES} bytes are possible`,
      cause: error,
      details: { path, bytes, limit: MAX_PATH_BYTES },
    })
  }
  try {
    accessSync(dirname(path), constants.R_OK | constants.W_OK)
    accessSync(path, constants.R_OK | constants.W_OK)
  } catch (reason) {
    return explainFsError(reason, path)
  }
  return new UnavailableError('lock-unusable', `cannot lock ${path}`, {
    hint: 'where no other jzfs command runs, remove that file: it holds nothing',
    cause: error,
    details: { path },
  })
}
