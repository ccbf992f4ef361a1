import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'

import type { AbortOptions } from '../../model/block.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'

/** Bigger files are read in pieces of this size. */
const PIECE_BYTES = 1 << 20

/**
 * The bytes of a file of the working tree, in pieces; nothing where there is none any more, or no regular file. Symlinks are
 * not followed. Throws what `explainFsError` makes of other failures.
 */
export async function* readWorkingFile(
  worktree: string,
  path: string,
  { signal }: AbortOptions = {},
): AsyncGenerator<Uint8Array> {
  const absolute = join(worktree, path)
  const file = openThere(absolute)
  if (file === undefined) return
  try {
    const stat = fstatSync(file)
    if (!stat.isFile()) return
    for (let at = 0; ; at += PIECE_BYTES) {
      // One byte more than there should be shows the end.
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, Math.max(stat.size - at, 0) + 1))
      const length = readWhole(file, piece)
      if (length > 0) yield piece.subarray(0, length)
      if (length < piece.length) return
      await setImmediate()
      signal?.throwIfAborted()
    }
  } catch (error) {
    throw explainFsError(error, absolute)
  } finally {
    closeSync(file)
  }
}

function openThere(absolute: string): number | undefined {
  try {
    return openSync(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (ABSENT.has(fsErrorCode(error) ?? '')) return undefined
    throw explainFsError(error, absolute)
  }
}

/** Nothing is there, or a symlink (ELOOP), or a socket (ENXIO). */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'])

function readWhole(file: number, piece: Buffer): number {
  let length = 0
  while (length < piece.length) {
    const read = readSync(file, piece, length, piece.length - length, null)
    if (read === 0) break
    length += read
  }
  return length
}
