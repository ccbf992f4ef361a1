import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'

/**
 * Small files changed together, by one writer at a time: the holder of the repository's lock.
 *
 * Each file is replaced atomically and its bytes are durable at once; the folders are synced together by `sync`, so that
 * many changes in one folder cost one fsync of it. Everything is synchronous: the files are tiny, and an fsync through the
 * thread pool costs more than the call itself. Throws what `explainFsError` makes of the file system's errors.
 */
export interface DurableChanges {
  /** Makes the file at `path` hold `text`, creating folders as needed. */
  replace(path: string, text: string): void
  /** Moves a file, over an older one if there is one. */
  rename(before: string, after: string): void
  remove(path: string): void
  /** Counts a change of the file at `path` that was made before, and perhaps not synced. */
  note(path: string): void
  /** Opens for reading and writing, creating it and its folders as needed; the caller syncs and closes. */
  open(path: string): number
  /** Makes durable what was created, renamed and removed since the last call. */
  sync(): void
}

/** Changes whose temporary file lies in `temporaryFolder`, on the file system of what is changed. */
export function createDurableChanges(temporaryFolder: string): DurableChanges {
  const temporary = join(temporaryFolder, 'next')
  const folders = new Set<string>()
  const note = (path: string): void => {
    const folder = dirname(path)
    if (existsSync(folder)) {
      folders.add(folder)
    }
  }
  return {
    replace(path, text) {
      explained(path, () => {
        writeSynced(temporary, text)
        withFolder(path, folders, () => renameSync(temporary, path))
      })
      folders.add(dirname(path))
    },
    rename(before, after) {
      explained(before, () => withFolder(after, folders, () => renameSync(before, after)))
      folders.add(dirname(before)).add(dirname(after))
    },
    remove(path) {
      explained(path, () => rmSync(path, { force: true }))
      note(path)
    },
    note,
    open(path) {
      return explained(path, () => withFolder(path, folders, () => openOrCreate(path, folders)))
    },
    sync() {
      for (const folder of folders) {
        explained(folder, () => syncFolder(folder))
      }
      folders.clear()
    },
  }
}

/** Runs `change`, which needs the folder of `path`; where it is missing, makes it and notes what is then to be synced. */
function withFolder<T>(path: string, folders: Set<string>, change: () => T): T {
  const folder = dirname(path)
  try {
    return change()
  } catch (error) {
    if (fsErrorCode(error) !== 'ENOENT') {
      throw error
    }
    const first = mkdirSync(folder, { recursive: true })
    if (first === undefined) {
      throw error
    }
    for (let made = folder; made !== dirname(first); made = dirname(made)) {
      folders.add(dirname(made))
    }
    return change()
  }
}

function openOrCreate(path: string, folders: Set<string>): number {
  try {
    return openSync(path, 'r+')
  } catch (error) {
    if (fsErrorCode(error) !== 'ENOENT') {
      throw error
    }
    const file = openSync(path, 'wx+')
    folders.add(dirname(path))
    return file
  }
}

function writeSynced(path: string, text: string): void {
  const file = openSync(path, 'w')
  try {
    const bytes = Buffer.from(text)
    for (let written = 0; written < bytes.length;) {
      written += writeSync(file, bytes, written)
    }
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } catch (error) {
    // Some network and FUSE file systems have no fsync for folders: there is nothing more that we could do.
    if (fsErrorCode(error) !== 'EINVAL' && fsErrorCode(error) !== 'ENOTSUP') {
      throw error
    }
  } finally {
    closeSync(folder)
  }
}

function explained<T>(path: string, change: () => T): T {
  try {
    return change()
  } catch (error) {
    throw explainFsError(error, path)
  }
}
