import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

import { explainFsError, fsErrorCode } from './fs-errors.ts'

/**
 * Replaces or creates the file at `path` so that it holds, whatever happens, its old bytes or these, and holds these
 * once the promise is fulfilled: a temporary file beside it, fsync, rename, fsync of the folder.
 *
 * `mode` is that of a new file before umask (default 0o666). Throws what `explainFsError` makes of the file system's
 * errors; then the temporary file is gone and the old file untouched.
 */
export async function writeFileDurably(
  path: string,
  bytes: Uint8Array | string,
  options: { mode?: number } = {},
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    const file = await open(temporary, 'wx', options.mode ?? 0o666)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw explainFsError(error, path)
  }
  await syncDirectory(dirname(path))
}

/** Makes what was created, renamed or removed in a folder durable (fsync of the folder). */
export async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(path, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  } catch (error) {
    // Some network and FUSE file systems have no fsync for folders: there is nothing more that we could do.
    if (fsErrorCode(error) === 'EINVAL' || fsErrorCode(error) === 'ENOTSUP') return
    throw explainFsError(error, path)
  }
}
