import type { AbortOptions } from '../../model/block.ts'
import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import { diffTrees, type TreeChange } from '../../model/tree/tree-diff.ts'
import type { Repository } from '../../repo/repository.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { fromByteString } from '../index/byte-string.ts'
import { emptyFolderEntry, KIND_DIRECTORY } from '../index/index-entry.ts'
import { indexEntry } from '../index/index-of-tree.ts'
import { updateIndex, type IndexChange } from '../index/index-update.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import type { FileRewrite } from '../rewrite/rewrite-files.ts'
import { isEmptyFolder, scanInTheWay, type ScanInTheWay } from '../rewrite/scan-in-the-way.ts'
import { wouldOverwrite } from '../rewrite/would-overwrite.ts'
import { CANDIDATE, NOT_SCANNED, type FoundPath } from '../scan/scan.ts'
import { compareFile } from '../status/compare-file.ts'
import { keepsOf, worktreeOf } from '../working-tree.ts'
import type { SwitchTrees } from './switch.ts'

/**
 * The change of index and files from one tree to another that keeps all local changes: git's two-way merge. Throws
 * ConflictError `would-overwrite` where it cannot be.
 */
export async function carryLocalChanges(
  repository: Repository,
  { index, ...trees }: SwitchTrees,
  pack: PackWriter,
  options: AbortOptions,
): Promise<Pick<FileRewrite, 'files' | 'index' | 'discarded'>> {
  const changes: TreeChange[] = []
  const staged: string[] = []
  for await (const change of diffTrees(repository.store, trees.before, trees.after, options)) {
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
    throw wouldOverwrite(
      'local changes would be lost',
      [...staged, ...local],
      'commit them, move untracked files away, or throw them away with --discard-changes',
    )
  }
  const next = updateIndex(index, changes.map(indexChange))
  const files = filesOf(index, next, found.untracked, changes)
  // Empty folders in the way are in the tree before.
  if (files.before !== index) pack.add(EMPTY_DIRECTORY)
  return { files, index: next, discarded: [] }
}

function indexChange({ path, after }: TreeChange): IndexChange {
  return { path, entries: after === undefined ? [] : [indexEntry(path, after)] }
}

function isAt(index: StagingIndex, path: string, side: TreeChange['after']): boolean {
  const position = index.find(path)
  return position === -1 || side === undefined
    ? position === -1 && side === undefined
    : index.hasCid(position, side.cid)
}

/** What is staged, changed or untracked where something is to be written or removed. */
async function findLocalWork(
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

/** The files before and after: an empty folder in the way is part of them, so that it goes where a file comes. */
function filesOf(
  index: StagingIndex,
  next: StagingIndex,
  untracked: readonly FoundPath[],
  changes: readonly TreeChange[],
): NonNullable<FileRewrite['files']> {
  const removed = new Set(changes.filter(({ after }) => after === undefined).map(({ path }) => path))
  const folders = untracked.filter(isEmptyFolder).map(({ key }) => fromByteString(key))
  const inTheWay = folders.filter((path) => !removed.has(path))
  if (inTheWay.length === 0) return { before: index, after: next }
  const before = updateIndex(
    index,
    inTheWay.map((path) => ({ path, entries: [emptyFolderEntry(path)] })),
  )
  return {
    before,
    after: updateIndex(before, [...inTheWay.map((path) => ({ path, entries: [] })), ...changes.map(indexChange)]),
  }
}
