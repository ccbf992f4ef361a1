import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { UnavailableError } from '../model/errors.ts'
import { explainFsError } from './fs-errors.ts'

/** A lock of the kernel, held until it is released or the process ends. */
export interface KernelLock {
  release(): void
}

/** SQLite's result codes (https://sqlite.org/rescode.html), the low byte. */
const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6

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
    // A transaction takes its shared lock when it reads for the first time.
    database.exec(mode === 'exclusive' ? 'BEGIN EXCLUSIVE' : 'BEGIN; SELECT count(*) FROM sqlite_master')
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
