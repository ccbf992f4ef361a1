import { renameSync } from 'node:fs'
import { join } from 'node:path'

import { UnavailableError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import { removeIfPossible } from '../../repo/temporary-files.ts'
import { createRealFolders, parentOf } from '../checkout/real-folders.ts'
import { fromByteString } from '../index/byte-string.ts'
import type { RewrittenFiles } from '../rewrite/rewrite-files.ts'
import { worktreeOf } from '../working-tree.ts'

/**
 * Removes files and folders (byte strings) with all that is in them, and the folders that this leaves empty. Each is first moved out of
 * the working tree: it is there as a whole, or not at all. What cannot be moved is reported.
 */
export function removeForGood(repository: Repository, keys: readonly string[]): RewrittenFiles['failed'] {
  const { tmp } = repository.layout
  const top = worktreeOf(repository)
  const folders = createRealFolders(top)
  const failed: RewrittenFiles['failed'] = []
  for (const [number, key] of keys.entries()) {
    const path = fromByteString(key)
    if (!folders.has(parentOf(path))) continue
    const aside = join(tmp, `clean-${process.pid}-${number}`)
    try {
      // A name that is not UTF-8 has no text.
      renameSync(Buffer.from(`${Buffer.from(top).toString('latin1')}/${key}`, 'latin1'), aside)
      removeIfPossible(aside)
    } catch (cause) {
      failed.push({ path, error: cannotBeRemoved(path, cause) })
      continue
    }
    folders.removeEmpty(parentOf(path))
  }
  return failed
}

function cannotBeRemoved(path: string, cause: unknown): UnavailableError {
  const message = `it cannot be removed: ${(cause as Error).message}`
  return new UnavailableError('removal-failed', message, { hint: 'remove it by hand', cause, details: { path } })
}
