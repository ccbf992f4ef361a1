import type { BigIntStats } from 'node:fs'

import type { KeptBits } from '../checkout/found-content.ts'
import { KIND_DIRECTORY, KIND_EXECUTABLE, KIND_SYMLINK } from '../index/index-entry.ts'
import type { StagingIndex } from '../index/staging-index.ts'

const TYPE_MASK = 0o170000
const TYPE_FILE = 0o100000
const TYPE_SYMLINK = 0o120000
const OWNER_EXECUTES = 0o100

/** Whether stat data prove that a file or symlink is as the index has it, in what the file system keeps. */
export function isStatUnchanged(index: StagingIndex, position: number, stat: BigIntStats, keeps: KeptBits): boolean {
  const { columns } = index
  if (columns.mtimeNs[position] !== stat.mtimeNs || columns.ctimeNs[position] !== stat.ctimeNs) return false
  if (columns.inode[position] !== BigInt.asIntN(64, stat.ino)) return false
  if (columns.size[position] !== Number(stat.size)) return false
  const mode = Number(stat.mode)
  const type = mode & TYPE_MASK
  const kind = index.kindBits(position)
  if (kind === KIND_DIRECTORY) return false
  if (kind === KIND_SYMLINK) {
    if (type !== TYPE_SYMLINK && keeps.symlinks) return false
  } else if (type !== TYPE_FILE) {
    return false
  } else if (keeps.executableBit && ((mode & OWNER_EXECUTES) !== 0) !== (kind === KIND_EXECUTABLE)) {
    return false
  }
  return index.stage(position) === 0 && !index.isRacy(position)
}
