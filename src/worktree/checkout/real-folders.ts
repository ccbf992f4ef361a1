import { lstatSync, mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'

import { ConflictError } from '../../model/errors.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'

/**
 * The folders of a working tree, each checked once to be a real directory: Node has no `openat`, so without this a
 * symlink that was put in the way would lead a write outside.
 */
export interface RealFolders {
  /** Makes the folder (a path from the top, '' for the top) and its parents where they are missing. */
  make(path: string): void
  /** Whether the folder is there, and a directory all the way down. */
  has(path: string): boolean
  /** Removes the folder if it is there and empty, then its parents that are empty now; none that is to stay. */
  removeEmpty(path: string): void
}

/**
 * The folders below `top`; those of `staying` are never removed. `make` throws ConflictError `path-in-the-way` (details: `path`) where something that is no
 * directory stands where one has to be.
 */
export function createRealFolders(top: string, staying: ReadonlySet<string> = new Set()): RealFolders {
  const real = new Set<string>([''])
  const has = (path: string): boolean => {
    if (real.has(path)) return true
    if (!has(parentOf(path)) || !isDirectory(join(top, path))) return false
    real.add(path)
    return true
  }
  const make = (path: string): void => {
    if (has(path)) return
    make(parentOf(path))
    makeOne(top, path)
    real.add(path)
  }
  const removeEmpty = (path: string): void => {
    for (let folder = path; folder !== ''; folder = parentOf(folder)) {
      // One that is gone may have been removed just before a crash, and its parent is left to do.
      if (!has(folder)) continue
      if (staying.has(folder)) return
      if (!removeIfEmpty(join(top, folder))) return
      real.delete(folder)
    }
  }
  return { make, has, removeEmpty }
}

/** The path of the folder that holds a path; '' for what lies at the top. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function makeOne(top: string, path: string): void {
  try {
    mkdirSync(join(top, path))
  } catch (error) {
    if (fsErrorCode(error) !== 'EEXIST') throw explainFsError(error, join(top, path))
    if (isDirectory(join(top, path))) return
    throw new ConflictError('path-in-the-way', `a folder has to be where something else is: ${path}`, {
      hint: 'move it away and run the command again',
      cause: error,
      details: { path },
    })
  }
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function removeIfEmpty(path: string): boolean {
  try {
    rmdirSync(path)
    return true
  } catch (error) {
    if (fsErrorCode(error) === 'ENOTEMPTY' || fsErrorCode(error) === 'EEXIST') return false
    throw explainFsError(error, path)
  }
}
