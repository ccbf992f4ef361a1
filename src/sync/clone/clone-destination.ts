import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { ConflictError } from '../../model/errors.ts'
import { type Layout, layoutOf, REPOSITORY_FOLDER } from '../../repo/layout.ts'
import { syncDirectory, writeFileDurably } from '../../store/durable.ts'
import { explainFsError } from '../../store/fs-errors.ts'

/** The folder of a clone that is being made. `tmp/clone.json` in the repository marks it until it is done. */
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
 * Takes a folder for a clone: one that is missing or empty, or that the same clone left unfinished. `source` tells
 * clones apart. Throws ConflictError `destination-not-empty` or `clone-unfinished` (details: `path`), and what the file
 * system throws.
 */
export async function takeDestination(
  directory: string,
  { bare, source }: { bare: boolean; source: string },
): Promise<CloneDestination> {
  const path = resolve(directory)
  const layout = layoutOf(bare ? path : join(path, REPOSITORY_FOLDER))
  const mark = join(layout.tmp, 'clone.json')
  try {
    const wasThere = existsSync(path)
    const isResumed = existsSync(mark)
    if (isResumed) checkSameClone(path, mark, source)
    else if (wasThere && readdirSync(path).length > 0) throw notEmpty(path)
    mkdirSync(layout.tmp, { recursive: true })
    await writeFileDurably(mark, `${JSON.stringify({ source })}\n`)
    return openDestination(path, layout, mark, { isResumed, wasThere })
  } catch (error) {
    throw explainFsError(error, path)
  }
}

function openDestination(
  directory: string,
  layout: Layout,
  mark: string,
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
      if (!wasThere) rmSync(directory, { recursive: true, force: true })
      // Of a folder that was there and was empty, or held an earlier try, nothing else is ours.
      else if (layout.directory !== directory) rmSync(layout.directory, { recursive: true, force: true })
      else for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true, force: true })
    },
  }
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
