import type { BigIntStats } from 'node:fs'
import { join } from 'node:path'

import type { AbortOptions } from '../../model/block.ts'
import { diffTrees, type NodeEntry, type TreeChange } from '../../model/tree/tree-diff.ts'
import type { PathRename } from '../../repo/operation/operation-entry.ts'
import { pendingOperation } from '../../repo/operation/operation.ts'
import type { Repository } from '../../repo/repository.ts'
import { isUnfinished } from '../checkout/checkout-trees.ts'
import { hasContent, statAt } from '../checkout/found-content.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { keepsOf, worktreeOf } from '../working-tree.ts'

/** What an interrupted operation has still to do to the files of a working tree. */
export interface UnfinishedWork {
  /** Whether a path only differs from how it shall be because the operation has not come to it: nobody has changed it. */
  isPending(path: string): Promise<boolean>
  /** What the operation makes of a path; undefined where it leaves it as it is, or moves it. */
  changeAt(path: string): TreeChange | undefined
  /** Paths that it has yet to write, and that the index does not have. */
  untrackedToCome(): AsyncIterable<TreeChange>
}

/**
 * The work of an operation that is pending; undefined where none is, or it is not about files. `index` is as if it were
 * finished.
 */
export async function readUnfinishedWork(
  repository: Repository,
  index: StagingIndex,
  options: AbortOptions = {},
): Promise<UnfinishedWork | undefined> {
  const entry = await pendingOperation(repository)
  if (entry === undefined || (entry.worktree === undefined && entry.renames.length === 0)) return undefined
  const changes = new Map<string, TreeChange>()
  const folders = new Set<string>()
  if (entry.worktree !== undefined) {
    const { before, after } = entry.worktree
    for await (const change of diffTrees(repository.store, before, after, options)) {
      changes.set(change.path, change)
      addFolders(change.path, folders)
    }
  }
  for (const { to } of entry.renames) addFolders(to, folders)
  const top = worktreeOf(repository)
  const artefacts = new Set(index.artefacts().map(({ path }) => path))
  const isPending = async (path: string): Promise<boolean> => {
    const found = statAt(join(top, path))
    const change = changes.get(path)
    if (change !== undefined && (await isAsBefore(repository, path, found, change, options))) return true
    // A folder that was made and not filled, or emptied and not removed.
    if (found?.isDirectory() === true && folders.has(path)) return true
    return entry.renames.some((rename) => isBeingMoved(top, index, rename, path))
  }
  return {
    isPending,
    // A file that is missing already, and gives way to a folder, is none of the changes.
    changeAt: (path) =>
      changes.get(path) ?? (folders.has(path) ? { path, before: undefined, after: undefined } : undefined),
    async *untrackedToCome() {
      for (const change of changes.values()) {
        const { path, after } = change
        if (after === undefined || hasPath(index, path) || artefacts.has(path)) continue
        if (await isPending(path)) yield change
      }
    },
  }
}

/** Whether the index has a path, in conflict or not. */
function hasPath(index: StagingIndex, path: string): boolean {
  const position = index.lowerBound(path)
  return position < index.count && index.path(position) === path
}

function addFolders(path: string, folders: Set<string>): void {
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    folders.add(path.slice(0, slash))
  }
}

async function isAsBefore(
  repository: Repository,
  path: string,
  found: BigIntStats | undefined,
  { before, after }: TreeChange,
  options: AbortOptions,
): Promise<boolean> {
  if (found === undefined) return after !== undefined
  if (isUnfinished(found)) return true
  return before !== undefined && hasEntry(repository, path, found, before, options)
}

function hasEntry(
  repository: Repository,
  path: string,
  found: BigIntStats,
  entry: NodeEntry,
  options: AbortOptions,
): Promise<boolean> {
  const content = { entry, node: entry.node }
  const absolute = join(worktreeOf(repository), path)
  return hasContent(repository.store, absolute, found, content, { ...options, keeps: keepsOf(repository) })
}

/** A tracked path at its old place, or missing at its new one. */
function isBeingMoved(top: string, index: StagingIndex, { from, to, inode }: PathRename, path: string): boolean {
  if (statAt(join(top, from))?.ino !== inode) return false
  if (path === to || path.startsWith(`${to}/`)) return true
  const isInside = path === from || path.startsWith(`${from}/`)
  return isInside && index.find(to + path.slice(from.length)) !== -1
}
