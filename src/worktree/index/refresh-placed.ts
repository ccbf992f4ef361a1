import { lstatSync } from 'node:fs'
import { join } from 'node:path'

import type { NodeEntry } from '../../model/tree/tree-diff.ts'
import { stampOf } from '../checkout/write-entry.ts'
import type { StatStamp } from './index-entry.ts'
import type { StagingIndex } from './staging-index.ts'

/** Takes the stat data of a file that was placed, where the index has the path with this content. Whether it does. */
export function refreshPlaced(
  index: StagingIndex,
  path: string,
  { cid }: NodeEntry,
  stamp: StatStamp | undefined,
): boolean {
  const position = stamp === undefined ? -1 : index.find(path)
  if (stamp === undefined || position === -1 || !index.hasCid(position, cid)) return false
  index.refresh(position, stamp, false)
  return true
}

/** A move changes the ctime of a file, and nothing else: with the same mtime it is the file that it was. Whether it is. */
export function refreshMoved(worktree: string, index: StagingIndex, path: string): boolean {
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
