import type { CID } from 'multiformats/cid'

import { cidsInText } from '../../repo/gc/cids-in-text.ts'
import { collectGarbage, type CollectedGarbage, type CollectOptions } from '../../repo/gc/collect-garbage.ts'
import type { Marker } from '../../repo/gc/marker.ts'
import { settledIndexPath } from '../../repo/operation/operation.ts'
import type { Repository } from '../../repo/repository.ts'
import { openAddProgress } from '../add/add-progress.ts'
import { noteDocument } from '../index/conflict-notes.ts'
import { knownDirectory, staleDirectory } from '../index/index-directories.ts'
import { FORM_RAW, FORM_SHIFT, KIND_EXECUTABLE, KIND_MASK } from '../index/index-entry.ts'
import { indexFileStamp } from '../index/index-file.ts'
import { readSettledIndex } from '../index/next-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'

/**
 * Removes what nothing refers to, as `collectGarbage`: in a repository with a working tree the index and what interrupted
 * adds have stored are kept as well. `roots` are CIDs that others rely on: heads that are published.
 *
 * Throws also IntegrityError `index-corrupt`: what was staged would be unknown.
 */
export function collectRepository(
  repository: Repository,
  { roots = [], ...options }: Omit<CollectOptions, 'markMore'> & { roots?: readonly CID[] },
): Promise<CollectedGarbage> {
  let marked: string | undefined
  return collectGarbage(repository, {
    ...options,
    markMore: async (marker) => {
      // What was published may be gone by another's doing: that is not ours to find.
      for (const cid of roots) await marker.mark(cid, 'rest')
      const path = settledIndexPath(repository)
      const stamp = indexFileStamp(path)
      const version = stamp && `${stamp.inode} ${stamp.mtimeNs}`
      if (version !== marked) await markIndex(await readSettledIndex(repository), marker)
      marked = version
      markProgress(repository, marker)
    },
  })
}

/** Entries of all stages, directories as far as they are known, and what is noted of conflicts. */
async function markIndex(index: StagingIndex, marker: Marker): Promise<void> {
  const { columns, directories, tree, notes } = index
  // The tree first: it reaches most of the rest. It need not be there any more, and the index does without.
  if (tree !== undefined) await marker.mark(tree, 'rest')
  for (let position = 0; position < index.count; position++) {
    const bits = columns.bits[position] as number
    const digest = columns.digests.subarray(position * 32, position * 32 + 32)
    if (((bits >> FORM_SHIFT) & 0b11) === FORM_RAW) marker.markLeaf(digest)
    else if (!marker.isMarked(digest)) await marker.mark(index.cid(position), 'whole')
    if ((bits & KIND_MASK) === KIND_EXECUTABLE) await marker.mark(index.contentCid(position), 'rest')
  }
  for (let directory = 0; directory < directories.first.length; directory++) {
    const cid = knownDirectory(directories, directory)?.cid ?? staleDirectory(directories, directory)?.cid
    if (cid !== undefined) await marker.mark(cid, 'rest')
  }
  // The sides of conflicts that were settled, which can be brought back, and what artefacts hold.
  for (const cid of cidsInText(JSON.stringify(notes.map(noteDocument)))) await marker.mark(cid, 'rest')
}

function markProgress({ layout, worktree }: Repository, marker: Marker): void {
  if (worktree === undefined) return
  for (const digest of openAddProgress(layout.addProgress, worktree).leaves()) marker.markLeaf(digest)
}
