import { join } from 'node:path'

import type { AbortOptions } from '../../model/block.ts'
import { readNode } from '../../model/unixfs/node.ts'
import type { Repository } from '../../repo/repository.ts'
import { hasContent, statAt } from '../checkout/found-content.ts'
import { createRealFolders, parentOf } from '../checkout/real-folders.ts'
import { isUnchangedSince } from '../checkout/worktree-step.ts'
import { fromByteString, toByteString } from '../index/byte-string.ts'
import type { IndexEntry } from '../index/index-entry.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { isEmptyFolder, scanInTheWay } from '../rewrite/scan-in-the-way.ts'
import { fileStat } from '../scan/scan-worktree.ts'
import { DELETED, NOT_SCANNED, type FoundPath } from '../scan/scan.ts'
import { keepsOf, worktreeOf } from '../working-tree.ts'
import type { FileChange } from './file-change.ts'

/** What stands against taking files back. */
export interface ChangedSince {
  /** Files and symlinks that somebody changed or made since, where something is to be written or removed. */
  files: FoundPath[]
  /** Folders with nothing in them where a file is to be. */
  folders: string[]
  /** Paths of changes where nothing is any more. */
  gone: string[]
  /** Paths that are as they shall be already. */
  settled: string[]
  /** What can neither be kept nor overwritten: other repositories, special files. */
  untouchable: string[]
}

/**
 * Looks whether files are as a command left them, before any is touched. A file that is as it shall be already, or gone, is
 * nothing to complain of.
 */
export async function findChangedSince(
  repository: Repository,
  index: StagingIndex,
  changes: ReadonlyMap<string, FileChange>,
  options: AbortOptions = {},
): Promise<ChangedSince> {
  const top = worktreeOf(repository)
  const real = createRealFolders(top)
  const files = new Map<string, FoundPath>()
  const gone: string[] = []
  const settled: string[] = []
  for (const { path, now, goal } of changes.values()) {
    const found = real.has(parentOf(path)) ? statAt(join(top, path)) : undefined
    if (found === undefined) gone.push(path)
    if (found === undefined || found.isDirectory()) continue
    if (now !== undefined && isUnchangedSince(index, path, now.cid, found)) continue
    if (await isAt(repository, path, found, now, options)) continue
    if (await isAt(repository, path, found, goal, options)) settled.push(path)
    else files.set(path, { key: toByteString(path), stat: fileStat(found) })
  }
  const placed = Array.from(changes.values(), ({ path, goal }) => ({ path, after: goal?.kind }))
  const { scan, untracked, untouchable } = scanInTheWay(repository, index, placed)
  const folders: string[] = []
  for (const each of untracked) {
    const path = fromByteString(each.key)
    if (changes.has(path)) continue
    if (isEmptyFolder(each)) folders.push(path)
    else files.set(path, each)
  }
  for (let position = 0; position < index.count; position++) {
    const state = scan.states[position]
    if (state === NOT_SCANNED || state === DELETED || changes.has(index.path(position))) continue
    const found = statAt(join(top, index.path(position)))
    if (found === undefined) continue
    if (found.isDirectory()) folders.push(index.path(position))
    else files.set(index.path(position), { key: index.key(position), stat: fileStat(found) })
  }
  return { files: [...files.values()], folders, gone, settled, untouchable }
}

async function isAt(
  repository: Repository,
  path: string,
  found: NonNullable<ReturnType<typeof statAt>>,
  side: IndexEntry | undefined,
  options: AbortOptions,
): Promise<boolean> {
  if (side === undefined || side.kind === 'directory') return false
  const { store } = repository
  const { cid } = side
  const node = await readNode(store, { cid }, options)
  const content = { entry: { cid }, node }
  return hasContent(store, join(worktreeOf(repository), path), found, content, {
    ...options,
    keeps: keepsOf(repository),
  })
}
