import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'

import type { AbortOptions } from '../../model/block.ts'
import { cidOf, RAW } from '../../model/cid.ts'
import { CHUNK_SIZE } from '../../model/limits.ts'
import { buildFile } from '../../model/unixfs/file.ts'
import type { BuiltFile, Leaf } from '../../model/unixfs/file.ts'
import { fileStat } from '../scan/scan-worktree.ts'
import type { FileStat } from '../scan/scan.ts'

/** What a file's bytes would be in a tree; nothing is stored. */
export interface HashedFile extends Omit<BuiltFile, 'blocks'> {
  /** From the open descriptor before reading; undefined where the file changed while it was read. */
  stat: FileStat | undefined
}

/** After this many bytes others get their turn, and an abort is noticed. */
const TURN_BYTES = 64 * CHUNK_SIZE

const buffer = Buffer.allocUnsafeSlow(CHUNK_SIZE)

/**
 * Hashes a file of the working tree in this thread: for the few that stat data leave in doubt. Symlinks are not followed.
 *
 * Throws what the file system throws; undefined for what is no regular file.
 */
export async function hashFile(
  path: string,
  options: AbortOptions & { executable: boolean },
): Promise<HashedFile | undefined> {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const before = fstatSync(file, { bigint: true })
    if (!before.isFile()) return undefined
    const leaves: Leaf[] = []
    let sinceTurn = 0
    for (;;) {
      const length = readChunk(file)
      if (length > 0 || leaves.length === 0) {
        leaves.push({ cid: cidOf(RAW, buffer.subarray(0, length)), size: length })
      }
      if (length < CHUNK_SIZE) break
      sinceTurn += length
      if (sinceTurn < TURN_BYTES) continue
      sinceTurn = 0
      await setImmediate()
      options.signal?.throwIfAborted()
    }
    const after = fstatSync(file, { bigint: true })
    const isSame = after.mtimeNs === before.mtimeNs && after.ctimeNs === before.ctimeNs && after.size === before.size
    const { cid, contentCid, size, tsize } = buildFile(leaves, options)
    return { cid, contentCid, size, tsize, stat: isSame ? fileStat(before) : undefined }
  } finally {
    closeSync(file)
  }
}

function readChunk(file: number): number {
  let length = 0
  while (length < CHUNK_SIZE) {
    const read = readSync(file, buffer, length, CHUNK_SIZE - length, null)
    if (read === 0) break
    length += read
  }
  return length
}
