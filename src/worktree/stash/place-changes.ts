import type { AbortOptions } from '../../model/block.ts'
import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import type { Repository } from '../../repo/repository.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import type { IndexEntry } from '../index/index-entry.ts'
import { updateIndex } from '../index/index-update.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { filesInPlace } from '../rewrite/files-in-place.ts'
import { findLocalWork } from '../rewrite/find-local-work.ts'
import type { FileRewrite } from '../rewrite/rewrite-files.ts'
import { scanInTheWay } from '../rewrite/scan-in-the-way.ts'
import { withoutDeleted } from '../rewrite/without-deleted.ts'
import { wouldOverwrite } from '../rewrite/would-overwrite.ts'

/** What a path becomes: one entry, or none where it goes. */
export interface PlacedChange {
  path: string
  entries: IndexEntry[]
}

/**
 * The files before and after changes of what the index has. Throws ConflictError `would-overwrite` (details: `paths`) where
 * local changes or untracked files are in the way.
 */
export async function placeChanges(
  repository: Repository,
  pack: PackWriter,
  { index, changes }: { index: StagingIndex; changes: readonly PlacedChange[] },
  options: AbortOptions,
): Promise<NonNullable<FileRewrite['files']>> {
  const found = scanInTheWay(
    repository,
    index,
    changes.map(({ path, entries }) => ({ path, after: entries[0]?.kind })),
  )
  const local = await findLocalWork(repository, index, found, options)
  if (local.length > 0) {
    const hint = 'commit or put aside what is changed, and move untracked files away'
    throw wouldOverwrite('local changes or untracked files would be overwritten', local, hint)
  }
  const files = filesInPlace(
    withoutDeleted(index, changes, found),
    updateIndex(index, changes),
    found.untracked,
    changes,
  )
  if (files.before !== index) pack.add(EMPTY_DIRECTORY)
  return files
}
