import { type Dirent, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { ConflictError } from '../../model/errors.ts'
import { type Layout, layoutOf, REPOSITORY_FOLDER } from '../../repo/layout.ts'
import { syncDirectory, writeFileDurably } from '../../store/durable.ts'
import { explainFsError } from '../../store/fs-errors.ts'

/**
 * The folder of a clone that is being made. `tmp/clone.json` in the repository marks it until it is done, `tmp/clone.removed`
 * until it is gone.
 */
export interface CloneDestination {
  /** The working tree, or the bare repository. */
  directory: string
  /** Whether the mark of an earlier try was found. */
  isResumed: boolean
  /** Takes the mark away, durably: from here on it is an ordinary repository. */
  complete(): Promise<void>
  /** Whether blocks are there that a later try goes on with. */
  hasBlocks(): boolean
  /** Removes what was made: the folder too, unless it was there before. */
  remove(): void
}

/**
 * Takes a folder for a clone: one that is missing or empty, or that the same clone left unfinished, at whatever moment it
 * died. `source` tells clones apart. Throws ConflictError `destination-not-empty` or `clone-unfinished` (details: `path`),
 * and what the file system throws; then a folder that was taken anew is as it was.
 */
export async function takeDestination(
  directory: string,
  { bare, source }: { bare: boolean; source: string },
): Promise<CloneDestination> {
  const path = resolve(directory)
  const layout = layoutOf(bare ? path : join(path, REPOSITORY_FOLDER))
  const marks = { mark: join(layout.tmp, 'clone.json'), removed: join(layout.tmp, 'clone.removed') }
  const { mark, removed } = marks
  try {
    const wasThere = existsSync(path)
    // An earlier try gave up, and died while it removed what it had made.
    if (existsSync(removed)) {
      checkSameClone(path, removed, source)
      clear(layout, removed)
    }
    const isResumed = existsSync(mark)
    if (isResumed) checkSameClone(path, mark, source)
    else if (wasThere && !isFree(path, layout, mark)) throw notEmpty(path)
    const destination = openDestination(path, layout, marks, { isResumed, wasThere })
    try {
      mkdirSync(layout.tmp, { recursive: true })
      await writeFileDurably(mark, `${JSON.stringify({ source })}\n`)
    } catch (error) {
      if (!isResumed) destination.remove()
      throw error
    }
    return destination
  } catch (error) {
    throw explainFsError(error, path)
  }
}

interface Marks {
  mark: string
  removed: string
}

function openDestination(
  directory: string,
  layout: Layout,
  { mark, removed }: Marks,
  { isResumed, wasThere }: { isResumed: boolean; wasThere: boolean },
): CloneDestination {
  return {
    directory,
    isResumed,
    async complete() {
      rmSync(mark, { force: true })
      await syncDirectory(layout.tmp)
    },
    hasBlocks: () => existsSync(layout.packs) && readdirSync(layout.packs).length > 0,
    remove() {
      // From here on nobody goes on with it, whatever is left of it.
      if (existsSync(mark)) renameSync(mark, removed)
      // Of a folder that was there and was empty, or held an earlier try, nothing else is ours.
      clear(layout, removed)
      if (!wasThere) rmSync(directory, { recursive: true, force: true })
      else if (layout.directory !== directory) rmSync(layout.directory, { recursive: true, force: true })
    },
  }
}

/** Empties the folder of a repository; `last` goes last, so that a later try finishes it where this one dies. */
function clear({ directory, tmp }: Layout, last: string): void {
  for (const folder of [directory, tmp]) {
    if (!existsSync(folder)) continue
    for (const path of readdirSync(folder).map((name) => join(folder, name))) {
      if (path !== tmp && path !== last) rmSync(path, { recursive: true, force: true })
    }
  }
  rmSync(last, { force: true })
  rmSync(tmp, { recursive: true, force: true })
}

/** Whether nothing is in a folder but what `takeDestination` makes before its mark is there: an earlier try died just then. */
function isFree(path: string, { directory, tmp }: Layout, mark: string): boolean {
  const isOurs = (entry: Dirent): boolean => {
    const full = join(entry.parentPath, entry.name)
    return entry.isDirectory() ? full === directory || full === tmp : full.startsWith(`${mark}.`)
  }
  return [path, directory, tmp].every(
    (folder) => !existsSync(folder) || readdirSync(folder, { withFileTypes: true }).every(isOurs),
  )
}

function checkSameClone(path: string, mark: string, source: string): void {
  let before: unknown
  try {
    before = (JSON.parse(readFileSync(mark, 'utf8')) as { source?: unknown }).source
  } catch {
    before = 'something that cannot be read'
  }
  if (before === source) return
  throw new ConflictError('clone-unfinished', `an unfinished clone of ${String(before)} is there: ${path}`, {
    hint: 'finish it with the same command, or remove the folder',
    details: { path, source: before },
  })
}

function notEmpty(path: string): ConflictError {
  return new ConflictError('destination-not-empty', `the folder is not empty: ${path}`, {
    hint: 'clone into a new or empty folder',
    details: { path },
  })
}
