import type { AbortOptions } from '../../model/block.ts'
import type { Repository } from '../../repo/repository.ts'
import { fromByteString } from '../index/byte-string.ts'
import { KIND_DIRECTORY } from '../index/index-entry.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { CANDIDATE, NOT_SCANNED } from '../scan/scan.ts'
import { compareFile } from '../status/compare-file.ts'
import { keepsOf, worktreeOf } from '../working-tree.ts'
import { isEmptyFolder, type ScanInTheWay } from './scan-in-the-way.ts'

/** What is staged, changed or untracked where something is to be written or removed: paths that must not be touched. */
export async function findLocalWork(
  repository: Repository,
  index: StagingIndex,
  { scan, paths, untracked, untouchable }: ScanInTheWay,
  options: AbortOptions,
): Promise<string[]> {
  const context = { worktree: worktreeOf(repository), source: repository.store, index, keeps: keepsOf(repository) }
  const local = [
    ...untouchable,
    ...untracked.filter((each) => !isEmptyFolder(each)).map(({ key }) => fromByteString(key)),
  ]
  for (let position = 0; position < index.count; position++) {
    const state = scan.states[position]
    if (state === NOT_SCANNED) continue
    if (!paths.isChanged(index.key(position))) {
      // Staged, and neither commit has it; a folder is nothing that could be lost.
      if (index.kindBits(position) !== KIND_DIRECTORY) local.push(index.path(position))
      continue
    }
    const stat = state === CANDIDATE ? scan.stats.get(position) : undefined
    if (stat === undefined) continue
    const { difference } = await compareFile(context, position, stat, options)
    if (difference !== undefined && difference !== 'deleted') local.push(index.path(position))
  }
  return local
}
