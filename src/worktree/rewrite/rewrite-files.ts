import { lstatSync, renameSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { JzfsError } from '../../model/errors.ts'
import type { NodeEntry, TreeChange } from '../../model/tree/tree-diff.ts'
import type { OperationPlan } from '../../repo/operation/operation-plan.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import { isSameCid } from '../../repo/refs/refs.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Lock } from '../../store/lock/lock.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import type { Store } from '../../store/store.ts'
import { worktreeStep } from '../checkout/worktree-step.ts'
import { stampOf } from '../checkout/write-entry.ts'
import { diffIndexes } from '../index/index-diff.ts'
import type { IndexEntry, StatStamp } from '../index/index-entry.ts'
import { writeIndexFile } from '../index/index-file.ts'
import { openIndex } from '../index/open-index.ts'
import { recordIndex } from '../index/record-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { writeTree } from '../index/write-tree.ts'
import { worktreeOf } from '../working-tree.ts'
import { checkContentIsHere } from './check-content.ts'

/** What a rewrite takes over into its operation as it is. */
type Moves =
  | 'command'
  | 'person'
  | 'begins'
  | 'undo'
  | 'refs'
  | 'head'
  | 'reflogMoves'
  | 'reflogReturns'
  | 'config'
  | 'reflogCuts'
  | 'sequence'
  | 'renames'
  | 'overwritten'

/** A change of files, index and refs that happens as one operation. */
export interface FileRewrite extends Pick<OperationPlan, Moves> {
  /**
   * The files as they are, and as they shall be: the paths that differ are written. `changes` are all of those, in the order
   * of `diffTrees`, where they are known. Undefined: none.
   */
  files?: { before: StagingIndex; after: StagingIndex; changes?: readonly TreeChange[] | undefined }
  /** What the index becomes, and the tree it was read from. */
  index: StagingIndex
  tree: CID | undefined
  /** What the index is as yet; where it is left out, it is read. */
  indexBefore?: StagingIndex | undefined
  /** Content that is lost from the working tree: kept in the store, and named in the operation's entry. */
  discarded: readonly IndexEntry[]
  /** What the renames take the place of: files that they write over, folders that were empty. */
  replacedFiles?: StagingIndex | undefined
}

export interface RewriteOptions extends AbortOptions {
  onProgress?: ((progress: { files: number; bytes: number }) => void) | undefined
}

/** What came of it. */
export interface RewrittenFiles {
  /** Paths that were changed by somebody meanwhile, and left as they are. */
  left: string[]
  /** Paths that cannot be written. */
  failed: { path: string; error: JzfsError }[]
}

/**
 * Finishes the pack, then rewrites files, index and refs in one operation, and gives the index the stat data of the files
 * that were written. The caller holds the lock.
 *
 * Throws, with nothing changed, NotFoundError `content-missing` where a file's content is not here.
 */
export async function rewriteFiles(
  repository: Repository,
  lock: Lock,
  pack: PackWriter,
  rewrite: FileRewrite,
  options: RewriteOptions = {},
): Promise<RewrittenFiles> {
  const { files, index, tree, indexBefore, discarded, replacedFiles, ...moves } = rewrite
  const { store, layout } = repository
  const worktree = await writeTrees(store, pack, rewrite)
  const opened = indexBefore ?? (await openIndex(repository, options))
  const before = await recordIndex(opened, pack, store)
  const replaced = replacedFiles && (await writeTree(replacedFiles, (block) => void pack.add(block), store))
  await pack.finish()
  // The indexes tell as much as the trees, which need not be read again.
  const changes = worktree && files && (() => changesOf(store, files, options))
  if (changes !== undefined) await checkContentIsHere(store, changes(), options)
  const plan: OperationPlan = {
    ...moves,
    index: { next: writeIndexFile(layout.tmp, index, tree), before },
    worktree,
    replaced,
    discarded: discarded.map(({ path, cid }) => ({ path, cid })),
  }
  let refreshed = 0
  const refresh = (path: string, { cid }: NodeEntry, stamp: StatStamp | undefined): void => {
    const position = stamp === undefined ? -1 : index.find(path)
    if (stamp === undefined || position === -1 || !index.hasCid(position, cid)) return
    index.refresh(position, stamp, false)
    refreshed++
  }
  let report: RewrittenFiles = { left: [], failed: [] }
  await runOperation(repository, lock, plan, async (entry) => {
    const isThis =
      isSameCid(entry.worktree?.before, worktree?.before) && isSameCid(entry.worktree?.after, worktree?.after)
    report = await worktreeStep(entry, repository, {
      signal: undefined,
      onPlaced: refresh,
      ...(isThis && changes !== undefined ? { changes: changes(), index: opened } : {}),
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    })
  })
  // An interruption may come anywhere here: without the stat data, status hashes the files once.
  for (const { to } of moves.renames ?? []) if (refreshMoved(worktreeOf(repository), index, to)) refreshed++
  if (refreshed > 0) renameSync(join(layout.tmp, writeIndexFile(layout.tmp, index, tree)), layout.index)
  return report
}

async function* changesOf(
  store: Store,
  { before, after, changes }: NonNullable<FileRewrite['files']>,
  { signal }: AbortOptions,
): AsyncGenerator<TreeChange> {
  if (changes === undefined) yield* diffIndexes(store, before, after, { signal })
  else yield* changes
}

/** The trees of the files before and after; undefined where they are one. */
async function writeTrees(
  store: Store,
  pack: PackWriter,
  { files }: FileRewrite,
): Promise<{ before: CID; after: CID } | undefined> {
  if (files === undefined) return undefined
  const before = await writeTree(files.before, (block) => void pack.add(block), store)
  const after = await writeTree(files.after, (block) => void pack.add(block), store)
  return before.equals(after) ? undefined : { before, after }
}

/** A move changes the ctime of a file, and nothing else: with the same mtime it is the file that it was. */
function refreshMoved(worktree: string, index: StagingIndex, path: string): boolean {
  const position = index.find(path)
  const found = position === -1 ? undefined : lstatSync(join(worktree, path), { bigint: true, throwIfNoEntry: false })
  if (found === undefined || index.isRacy(position)) return false
  const stamp = stampOf(found)
  const { mtimeNs, inode, size } = index.columns
  const isSame =
    stamp.mtimeNs === mtimeNs[position] && stamp.inode === inode[position] && Number(found.size) === size[position]
  if (isSame) index.refresh(position, stamp, false)
  return isSame
}
