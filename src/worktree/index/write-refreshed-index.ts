import { renameSync } from 'node:fs'
import { join } from 'node:path'

import { ConflictError, UnavailableError } from '../../model/errors.ts'
import { pendingOperation } from '../../repo/operation/operation.ts'
import type { Repository } from '../../repo/repository.ts'
import { isIndexFileOf, writeIndexFile } from './index-file.ts'
import type { StagingIndex } from './staging-index.ts'

/**
 * Writes an index whose stat data were refreshed, if nobody else is at it, nobody has changed it, and it can be written
 * (not on a full or read-only disk): without waiting. Returns whether it did. It says nothing new: losing it costs only
 * hashing.
 */
export async function writeRefreshedIndex(
  repository: Repository,
  index: StagingIndex,
  command: string,
): Promise<boolean> {
  // Taking the lock would finish it, which is more than looking at files should do.
  if ((await pendingOperation(repository)) !== undefined) return false
  try {
    using _lock = await repository.lock(command, { waitMs: 0 })
    const { index: path, tmp } = repository.layout
    if (!isIndexFileOf(path, index)) return false
    renameSync(join(tmp, writeIndexFile(tmp, index)), path)
    return true
  } catch (error) {
    if (error instanceof ConflictError || error instanceof UnavailableError) return false
    throw error
  }
}
