import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { explainFsError } from '../store/fs-errors.ts'
import type { Layout } from './layout.ts'

/**
 * Files in `tmp` that only the holder of the lock writes: indexes, files of the working tree on their way, small files. And
 * probes of the file system's clock, which nobody misses.
 */
const WRITTEN_UNDER_LOCK = /^(?:(?:index|checkout|clock)-.*|next)$/

/** What `clean` was about to remove for good: whole repositories, perhaps with folders that cannot be written to. */
const REMOVED_FOR_GOOD = /^clean-/

/**
 * Removes what a dead holder of the lock left in `tmp`. The caller holds the lock, and no operation is pending.
 *
 * What others write there stays: packs (a lease protects those), the mark of a clone.
 */
export function removeLeftovers({ tmp }: Layout): void {
  try {
    for (const name of readdirSync(tmp)) {
      if (WRITTEN_UNDER_LOCK.test(name)) {
        rmSync(join(tmp, name), { force: true })
      } else if (REMOVED_FOR_GOOD.test(name)) {
        removeIfPossible(join(tmp, name))
      }
    }
  } catch (error) {
    throw explainFsError(error, tmp)
  }
}

/** Removes a file or a folder: nobody is to be kept from working by one that cannot be. */
export function removeIfPossible(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    // The next command tries again.
  }
}
