import { renameSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../model/block.ts'
import { InvalidError } from '../model/errors.ts'
import type { NodeEntry } from '../model/tree-diff.ts'
import type { OperationPlan } from '../repo/operation-plan.ts'
import { runOperation } from '../repo/operation.ts'
import type { Repository } from '../repo/repository.ts'
import type { Lock } from '../store/lock.ts'
import type { PackWriter } from '../store/pack-writer.ts'
import { worktreeStep } from './checkout/worktree-step.ts'
import type { IndexEntry, StatStamp } from './index-entry.ts'
import { writeIndexFile } from './index-file.ts'
import type { StagingIndex } from './staging-index.ts'
import { writeTree } from './write-tree.ts'

/** A change of files, index and refs that happens as one operation. */
export interface FileRewrite extends Pick<OperationPlan, 'command' | 'person' | 'refs' | 'head'> {
  /** The files as they are, and as they shall be: the paths that differ are written. */
  files: { before: StagingIndex; after: StagingIndex }
  /** What the index becomes, and the tree it was read from. */
  index: StagingIndex
  tree: CID | undefined
  /** Content that is lost from the working tree: kept in the store, and named in the operation's entry. */
  discarded: readonly IndexEntry[]
}

export interface RewriteOptions extends AbortOptions {
  onProgress?: ((progress: { files: number; bytes: number }) => void) | undefined
}

/** What came of it. */
export interface RewrittenFiles {
  /** Paths that were changed by somebody meanwhile, and left as they are. */
  left: string[]
}

/**
 * Finishes the pack, then rewrites files, index and refs in one operation, and gives the index the stat data of the files
 * that were written. The caller holds the lock.
 */
export async function rewriteFiles(
  repository: Repository,
  lock: Lock,
  pack: PackWriter,
  rewrite: FileRewrite,
  options: RewriteOptions = {},
): Promise<RewrittenFiles> {
  const { command, person, refs, head, index, discarded } = rewrite
  const before = await writeTree(rewrite.files.before, (block) => void pack.add(block), repository.store)
  const after = await writeTree(rewrite.files.after, (block) => void pack.add(block), repository.store)
  await pack.finish()
  const plan: OperationPlan = {
    command,
    person,
    ...(refs === undefined ? {} : { refs }),
    ...(head === undefined ? {} : { head }),
    index: { next: writeIndexFile(repository.layout.tmp, index, rewrite.tree) },
    worktree: { before, after },
    discarded: discarded.map(({ path, cid }) => ({ path, cid })),
  }
  const placed: { path: string; entry: NodeEntry; stamp: StatStamp }[] = []
  let left: string[] = []
  await runOperation(repository, lock, plan, async (entry) => {
    const report = await worktreeStep(entry, repository, {
      signal: undefined,
      onPlaced: (path, node, stamp) => stamp !== undefined && placed.push({ path, entry: node, stamp }),
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    })
    left = report.left
  })
  refreshIndex(repository, index, rewrite.tree, placed)
  return { left }
}

/**
 * Refuses to discard more than can be kept for undo: InvalidError `cannot-be-undone` (details: `sizeBytes`, `maxBytes`).
 */
export function checkDiscarded(repository: Repository, discarded: readonly IndexEntry[], force: boolean): void {
  const sizeBytes = discarded.reduce((sum, { size }) => sum + size, 0)
  const maxBytes = repository.config.get('undo.maxSize')
  if (force || sizeBytes <= maxBytes) return
  throw new InvalidError(
    'cannot-be-undone',
    `this discards ${sizeBytes} bytes, more than is kept for undo (undo.maxSize)`,
    {
      hint: 'use --force to discard them for good, or raise undo.maxSize',
      details: { sizeBytes, maxBytes },
    },
  )
}

/** An interruption may come anywhere here: without the stat data, status hashes the files once. */
function refreshIndex(
  { layout }: Repository,
  index: StagingIndex,
  tree: CID | undefined,
  placed: { path: string; entry: NodeEntry; stamp: StatStamp }[],
): void {
  if (placed.length === 0) return
  for (const { path, entry, stamp } of placed) {
    const position = index.find(path)
    if (position !== -1 && index.hasCid(position, entry.cid)) index.refresh(position, stamp, false)
  }
  renameSync(join(layout.tmp, writeIndexFile(layout.tmp, index, tree)), layout.index)
}
