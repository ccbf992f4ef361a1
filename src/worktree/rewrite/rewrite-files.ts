import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { JzfsError } from '../../model/errors.ts'
import type { TreeChange } from '../../model/tree/tree-diff.ts'
import type { Layout } from '../../repo/layout.ts'
import type { OperationPlan } from '../../repo/operation/operation-plan.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Lock } from '../../store/lock/lock.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import type { Store } from '../../store/store.ts'
import type { ArrivingFiles } from '../arriving/arriving-files.ts'
import { worktreeStep } from '../checkout/worktree-step.ts'
import { diffIndexes } from '../index/index-diff.ts'
import type { IndexEntry } from '../index/index-entry.ts'
import { writeIndexFile, writeIndexPatch } from '../index/index-file.ts'
import { patchOf } from '../index/index-patch.ts'
import type { NextIndex } from '../index/next-index.ts'
import { openIndex } from '../index/open-index.ts'
import { recordIndex } from '../index/record-index.ts'
import { StagingIndex } from '../index/staging-index.ts'
import { writeTree } from '../index/write-tree.ts'
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
  /** Files that were written as their blocks came: they are put in their places. */
  arriving?: Pick<ArrivingFiles, 'take'> | undefined
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
  const { files, index: _index, tree: _tree, indexBefore, discarded, replacedFiles, ...moves } = rewrite
  const { store, layout } = repository
  const worktree = await writeTrees(store, pack, rewrite)
  const opened = indexBefore ?? (await openIndex(repository, options))
  const before = await recordIndex(opened, pack, store)
  const replaced = replacedFiles && (await writeTree(replacedFiles, (block) => void pack.add(block), store))
  await pack.finish()
  // The indexes tell as much as the trees, which need not be read again.
  const changes = worktree && files && (() => changesOf(store, files, options))
  if (changes !== undefined) await checkContentIsHere(store, changes(), options)
  const touchesFiles = worktree !== undefined || (moves.renames ?? []).length > 0
  const { name, ...next } = writeNextIndex(layout, opened, rewrite, touchesFiles)
  const plan: OperationPlan = {
    ...moves,
    index: { next: name, before },
    worktree,
    replaced,
    discarded: discarded.map(({ path, cid }) => ({ path, cid })),
  }
  let report: RewrittenFiles = { left: [], failed: [] }
  await runOperation(repository, lock, plan, async (entry) => {
    const isThis = entry.index?.next === name
    report = await worktreeStep(entry, repository, {
      signal: undefined,
      arriving: isThis ? options.arriving : undefined,
      ...(isThis ? { index: opened, next } : {}),
      ...(isThis && changes !== undefined ? { changes: changes() } : {}),
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    })
  })
  return report
}

/**
 * Writes the next index, durably, to a file of this name. Where files are rewritten, only what it changes of the present one,
 * if that is less: the whole is written when their stat data is known.
 */
function writeNextIndex(
  { tmp, index: path }: Layout,
  opened: StagingIndex,
  { files, index, tree = index.tree }: FileRewrite,
  touchesFiles: boolean,
): NextIndex & { name: string } {
  const { columns, directories, notes } = index
  const next = new StagingIndex(columns, directories, tree, undefined, notes)
  const isKnown = files?.before === opened && files.after === index
  const changed = isKnown ? files.changes?.map((change) => change.path) : undefined
  const patch = touchesFiles ? patchOf(path, opened, next, changed) : undefined
  if (patch === undefined) return { name: writeIndexFile(tmp, next), index: next, isPatch: false }
  return { name: writeIndexPatch(tmp, patch), index: next, isPatch: true }
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
