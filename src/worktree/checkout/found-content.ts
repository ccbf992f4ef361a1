import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, readSync, type BigIntStats } from 'node:fs'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import { contentBytes, type EntryContent } from './entry-content.ts'

/** What the file system of the working tree keeps; where it does not, the index' value stands. */
export interface KeptBits {
  executableBit: boolean
  symlinks: boolean
}

/** What lies at a path of the working tree: its stat data, undefined where nothing is. */
export function statAt(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    const explained = explainFsError(error, path)
    // A parent that is no directory: the path itself is not there.
    if (explained instanceof Error && 'code' in explained && explained.code === 'not-a-directory') return undefined
    throw explained
  }
}

/**
 * Whether what lies at a path has the content of an entry: kind, executable bit where it is kept, and every byte.
 * Bytes are compared, not CIDs, so that files of trees which others wrote are recognised too.
 */
export async function hasContent(
  source: BlockSource,
  path: string,
  found: BigIntStats,
  { entry, node }: EntryContent,
  options: AbortOptions & { keeps: KeptBits },
): Promise<boolean> {
  if (node.kind === 'directory') return found.isDirectory()
  if (node.kind === 'symlink' && found.isSymbolicLink()) return readlinkSync(path) === node.target
  if (node.kind === 'symlink' && options.keeps.symlinks) return false
  if (!found.isFile() || found.size !== BigInt(node.size)) return false
  const wantsBit = options.keeps.executableBit && node.kind !== 'symlink'
  if (wantsBit && isExecutable(found) !== (node.kind === 'executable')) return false
  return hasBytes(source, path, { entry, node }, options)
}

/** The one bit of the mode that is kept: whether the owner may execute it. */
export function isExecutable({ mode }: BigIntStats): boolean {
  return (mode & 0o100n) !== 0n
}

async function hasBytes(
  source: BlockSource,
  path: string,
  content: EntryContent,
  options: AbortOptions,
): Promise<boolean> {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    if (!fstatSync(descriptor).isFile()) return false
    // One byte more than there should be tells a longer file.
    const buffer = Buffer.allocUnsafe(Math.min(1 << 20, content.node.size + 1))
    for await (const piece of contentBytes(source, content, options)) {
      if (!nextBytesAre(descriptor, piece, buffer)) return false
    }
    return readSync(descriptor, buffer, 0, 1, null) === 0
  } catch (error) {
    throw explainFsError(error, path)
  } finally {
    closeSync(descriptor)
  }
}

function nextBytesAre(descriptor: number, expected: Uint8Array, buffer: Buffer): boolean {
  for (let at = 0; at < expected.length;) {
    const count = readSync(descriptor, buffer, 0, Math.min(buffer.length, expected.length - at), null)
    if (count === 0 || buffer.compare(expected, at, at + count, 0, count) !== 0) return false
    at += count
  }
  return true
}
