import type { AbortOptions } from '../../model/block.ts'
import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import { diffTrees, type DirectoryChange, type TreeChange } from '../../model/tree/tree-diff.ts'
import type { Repository } from '../../repo/repository.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { adoptDirectories } from '../index/adopt-directories.ts'
import { indexEntry } from '../index/index-of-tree.ts'
import { updateIndex, type IndexChange } from '../index/index-update.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { filesInPlace } from '../rewrite/files-in-place.ts'
import { findLocalWork } from '../rewrite/find-local-work.ts'
import type { FileRewrite } from '../rewrite/rewrite-files.ts'
import { scanInTheWay } from '../rewrite/scan-in-the-way.ts'
import { withoutDeleted } from '../rewrite/without-deleted.ts'
import { wouldOverwrite } from '../rewrite/would-overwrite.ts'
import type { SwitchTrees } from './switch.ts'

/**
 * The change of index and files from one tree to another that keeps all local changes: git's two-way merge. Throws
 * ConflictError `would-overwrite`, with the hint, where it cannot be.
 */
export async function carryLocalChanges(
  repository: Repository,
  { index, ...trees }: SwitchTrees,
  pack: PackWriter,
  options: AbortOptions & { hint: string },
): Promise<Pick<FileRewrite, 'files' | 'index' | 'discarded'>> {
  const changes: TreeChange[] = []
  const staged: string[] = []
  const directories: DirectoryChange[] = []
  const onDirectory = (change: DirectoryChange) => void directories.push(change)
  const { signal } = options
  for await (const change of diffTrees(repository.store, trees.before, trees.after, { signal, onDirectory })) {
    if (isAt(index, change.path, change.after)) continue
    if (isAt(index, change.path, change.before)) changes.push(change)
    else staged.push(change.path)
  }
  const found = scanInTheWay(
    repository,
    index,
    changes.map(({ path, after }) => ({ path, after: after?.node.kind })),
  )
  const local = await findLocalWork(repository, index, found, options)
  if (staged.length + local.length > 0) {
    throw wouldOverwrite('local changes would be lost', [...staged, ...local], options.hint)
  }
  const entries = changes.map(indexChange)
  const next = updateIndex(index, entries)
  adoptDirectories(index, next, directories)
  const files = filesInPlace(withoutDeleted(index, changes, found), next, found.untracked, entries, changes)
  // Empty folders in the way are in the tree before.
  if (files.before !== index) pack.add(EMPTY_DIRECTORY)
  return { files, index: next, discarded: [] }
}

function indexChange({ path, after }: TreeChange): Extract<IndexChange, { entries: unknown }> {
  return { path, entries: after === undefined ? [] : [indexEntry(path, after)] }
}

function isAt(index: StagingIndex, path: string, side: TreeChange['after']): boolean {
  const position = index.find(path)
  return position === -1 || side === undefined
    ? position === -1 && side === undefined
    : index.hasCid(position, side.cid)
}
