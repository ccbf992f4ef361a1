import { accessSync, constants, lstatSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { basename, dirname, join } from 'node:path'

import { isReservedName } from '../model/directory/entry-name.ts'
import { ConflictError, InvalidError, JzfsError, NotFoundError } from '../model/errors.ts'
import { explainFsError } from '../store/fs-errors.ts'
import { statAt } from './checkout/found-content.ts'
import type { StagingIndex } from './index/staging-index.ts'

/** A file or folder to be moved, checked. Paths from the top of the working tree. */
export interface PlannedMove {
  from: string
  to: string
  inode: bigint
  /** What the move writes over. */
  replaced: BigIntStats | undefined
}

export interface MovePlanOptions {
  /** Write over files. */
  force: boolean
  /** Leave out what cannot be moved, and return the reasons (`-k`). */
  skipErrors: boolean
}

/**
 * Works out the moves of tracked `sources` to a destination: into it where it is a folder.
 *
 * Throws NotFoundError `path-missing`, `destination-missing`; InvalidError `not-tracked`, `move-into-itself`,
 * `name-reserved`, `sources-overlap`, `not-a-directory`, `different-file-system`; ConflictError `destination-exists`,
 * `path-in-conflict`; and what the file system says of folders that may not be written to.
 */
export function planMoves(
  worktree: string,
  index: StagingIndex,
  sources: readonly string[],
  destination: string,
  options: MovePlanOptions,
): { moves: PlannedMove[]; errors: JzfsError[] } {
  const isFolder = destination === '' || statAt(join(worktree, destination))?.isDirectory() === true
  const isRename = sources.length === 1 && isSameFolder(worktree, sources[0] as string, destination)
  const isInto = isFolder && !isRename
  if (sources.length > 1 && !isInto) {
    throw new InvalidError('not-a-directory', `several things can only be moved into a folder: ${destination}`, {
      hint: 'make the folder first',
      details: { path: destination },
    })
  }
  const moves: PlannedMove[] = []
  const errors: JzfsError[] = []
  for (const from of sources) {
    const to = isInto ? join(destination, basename(from)) : destination
    try {
      moves.push(planMove(worktree, index, from, to, moves, options))
    } catch (error) {
      if (!options.skipErrors || !(error instanceof JzfsError)) throw error
      errors.push(error)
    }
  }
  return { moves, errors }
}

/** Another spelling of one folder's name, where the file system does not tell them apart. */
function isSameFolder(worktree: string, from: string, to: string): boolean {
  if (from === to) return false
  const [a, b] = [statAt(join(worktree, from)), statAt(join(worktree, to))]
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev && a.isDirectory()
}

function planMove(
  worktree: string,
  index: StagingIndex,
  from: string,
  to: string,
  earlier: readonly PlannedMove[],
  { force }: MovePlanOptions,
): PlannedMove {
  const found = statAt(join(worktree, from))
  if (found === undefined) throw missing(from)
  for (const path of [from, to]) refuseConflicts(index, path)
  refuseUntracked(index, from)
  if (to === from || to.startsWith(`${from}/`)) {
    throw new InvalidError('move-into-itself', `it cannot be moved into itself: ${from}`, {
      hint: 'choose another destination',
      details: { path: from },
    })
  }
  if (to.split('/').some(isReservedName)) {
    throw new InvalidError('name-reserved', `the name means the folder of the repository itself: ${to}`, {
      hint: 'choose another name',
      details: { path: to },
    })
  }
  const other = earlier.find((each) => each.to === to || overlap(each.from, from) || overlap(each.to, from))
  if (other !== undefined) {
    throw new InvalidError('sources-overlap', `${other.from} and ${from} cannot both be moved`, {
      hint: 'move one after the other',
      details: { paths: [other.from, from] },
    })
  }
  checkFolders(worktree, from, to, found)
  return { from, to, inode: found.ino, replaced: replacedBy(worktree, found, to, force) }
}

/** The stages of a conflict belong to one path. */
function refuseConflicts(index: StagingIndex, path: string): void {
  const [from, to] = index.rangeBelow(path)
  const own = index.lowerBound(path)
  const positions = [own, ...Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at)]
  const found = positions.find(
    (at) => at < index.count && index.stage(at) !== 0 && (at !== own || index.path(at) === path),
  )
  if (found === undefined) return
  throw new ConflictError('path-in-conflict', `it is in conflict: ${index.path(found)}`, {
    hint: 'settle it and take it with `jzfs add PATH` or `jzfs rm PATH` first',
    details: { path: index.path(found) },
  })
}

function overlap(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)
}

function missing(path: string): NotFoundError {
  return new NotFoundError('path-missing', `there is no such file or folder: ${path}`, {
    hint: 'where it was moved already, `jzfs add` both paths',
    details: { path },
  })
}

function refuseUntracked(index: StagingIndex, path: string): void {
  const [from, to] = index.rangeBelow(path)
  if (index.find(path) !== -1 || from < to) return
  throw new InvalidError('not-tracked', `it is not tracked: ${path}`, {
    hint: 'move it with `mv`, or add it first',
    details: { path },
  })
}

/** What would fail half-way must fail now. */
function checkFolders(worktree: string, from: string, to: string, found: BigIntStats): void {
  const [source, target] = [dirname(join(worktree, from)), dirname(join(worktree, to))]
  const folder = lstatSync(target, { bigint: true, throwIfNoEntry: false })
  if (folder?.isDirectory() !== true) {
    throw new NotFoundError('destination-missing', `there is no such folder: ${dirname(to)}`, {
      hint: 'make it first',
      details: { path: dirname(to) },
    })
  }
  if (folder.dev !== found.dev) {
    throw new InvalidError('different-file-system', `it lies on another file system: ${from}`, {
      hint: 'copy it, and add the copy',
      details: { from, to },
    })
  }
  for (const path of [source, target]) {
    try {
      accessSync(path, constants.W_OK)
    } catch (error) {
      throw explainFsError(error, path)
    }
  }
}

function replacedBy(worktree: string, found: BigIntStats, to: string, force: boolean): BigIntStats | undefined {
  const there = statAt(join(worktree, to))
  if (there === undefined || (there.ino === found.ino && there.dev === found.dev)) return undefined
  const isReplaceable = !there.isDirectory() && !found.isDirectory() && (there.isFile() || there.isSymbolicLink())
  if (force && isReplaceable) return there
  throw new ConflictError('destination-exists', `there is something already: ${to}`, {
    hint: isReplaceable ? 'write over it with -f' : 'move it away first',
    details: { path: to },
  })
}
