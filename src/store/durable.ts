import { randomUUID } from 'node:crypto'
import { constants, copyFile, link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

import { ConflictError } from '../model/errors.ts'
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
    await writeTemporary(temporary, bytes, options.mode)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw explainFsError(error, path)
  }
  await syncDirectory(dirname(path))
}

/**
 * As `writeFileDurably`, but only where nothing is at `path` yet: ConflictError `file-exists` (details: `path`), and what is
 * there stays as it is.
 */
export async function createFileDurably(
  path: string,
  bytes: Uint8Array | string,
  options: { mode?: number } = {},
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    await writeTemporary(temporary, bytes, options.mode)
    await link(temporary, path).catch((error: unknown) => {
      // A file system without hard links: there a crash may leave a part of the file.
      if (fsErrorCode(error) !== 'EPERM' && fsErrorCode(error) !== 'ENOTSUP') throw error
      return copyFile(temporary, path, constants.COPYFILE_EXCL)
    })
  } catch (error) {
    if (fsErrorCode(error) !== 'EEXIST') throw explainFsError(error, path)
    throw new ConflictError('file-exists', `there is something already at ${path}`, {
      hint: 'choose another name, or move what is there away first',
      cause: error,
      details: { path },
    })
  } finally {
    await rm(temporary, { force: true })
  }
  await syncDirectory(dirname(path))
}

async function writeTemporary(path: string, bytes: Uint8Array | string, mode = 0o666): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
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
