import { renameSync } from 'node:fs'
import { join } from 'node:path'

import { ConflictError } from '../model/errors.ts'
import type { Repository } from '../repo/repository.ts'
import { isIndexFileOf, writeIndexFile } from './index-file.ts'
import type { StagingIndex } from './staging-index.ts'

/**
 * Writes an index whose stat data were refreshed, if nobody else is at it and nobody has changed it: without waiting.
 * Returns whether it did. It says nothing new: losing it costs only hashing.
 */
export async function writeRefreshedIndex(
  repository: Repository,
  index: StagingIndex,
  command: string,
): Promise<boolean> {
  let lock
  try {
    lock = await repository.lock(command, { waitMs: 0 })
  } catch (error) {
    if (error instanceof ConflictError) return false
    throw error
  }
  try {
    const { index: path, tmp } = repository.layout
    if (!isIndexFileOf(path, index)) return false
    renameSync(join(tmp, writeIndexFile(tmp, index)), path)
    return true
  } finally {
    lock.release()
  }
}
