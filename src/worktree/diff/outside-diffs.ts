import { lstatSync, readdirSync, type Stats } from 'node:fs'
import { basename, join } from 'node:path'

import { InvalidError, NotFoundError } from '../../model/errors.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import { type DiffSide, type FileDiff, workingSide } from './file-diff.ts'
import type { DiffOptions } from './find-diffs.ts'
import { orderDiffs } from './order-diffs.ts'

/** Two files or folders to be compared, as the user named them from the folder `cwd`. */
export interface OutsidePaths {
  cwd: string
  before: string
  after: string
}

/**
 * How two files or two folders of the file system differ, wherever they are: git's `diff --no-index`. A file is compared with
 * the one of its name in a folder. Empty folders are no difference.
 *
 * Throws NotFoundError `path-missing` (details: `path`) where there is nothing, and InvalidError `path-kind-unsupported` (details: `path`)
 * for a device, a socket or a pipe.
 */
export async function diffOutside(
  { cwd, before, after }: OutsidePaths,
  options: DiffOptions = {},
): Promise<FileDiff[]> {
  const kinds = { before: kindAt(cwd, before), after: kindAt(cwd, after) }
  const pair = {
    before: kinds.before === 'folder' && kinds.after === 'file' ? join(before, basename(after)) : before,
    after: kinds.after === 'folder' && kinds.before === 'file' ? join(after, basename(before)) : after,
  }
  kindAt(cwd, pair.before)
  kindAt(cwd, pair.after)
  const diffs: FileDiff[] = []
  await compare(cwd, pair, diffs, options)
  return orderDiffs(diffs, options)
}

/** What is compared; undefined on a side that has nothing there. */
interface Pair {
  before: string | undefined
  after: string | undefined
}

async function compare(cwd: string, { before, after }: Pair, diffs: FileDiff[], options: DiffOptions): Promise<void> {
  options.signal?.throwIfAborted()
  const [old, fresh] = [before && namesAt(cwd, before), after && namesAt(cwd, after)]
  const folders = { before: old || undefined, after: fresh || undefined }
  for (const name of new Set([...(folders.before ?? []), ...(folders.after ?? [])])) {
    const below = (path: string | undefined, names: string[] | undefined) =>
      path !== undefined && names?.includes(name) === true ? join(path, name) : undefined
    const pair = { before: below(before, folders.before), after: below(after, folders.after) }
    await compare(cwd, pair, diffs, options)
  }
  const sides = {
    before: folders.before === undefined ? await sideAt(cwd, before, options) : undefined,
    after: folders.after === undefined ? await sideAt(cwd, after, options) : undefined,
  }
  if (isSame(sides.before, sides.after)) return
  const path = (sides.after === undefined ? before : after) as string
  const isElsewhere = sides.before !== undefined && sides.after !== undefined && before !== after
  diffs.push({ path, ...(isElsewhere && { beforePath: before as string }), ...sides })
}

function isSame(before: DiffSide | undefined, after: DiffSide | undefined): boolean {
  if (before === undefined || after === undefined) return before === after
  return before.kind === after.kind && before.contentCid.equals(after.contentCid)
}

function sideAt(cwd: string, path: string | undefined, options: DiffOptions): Promise<DiffSide | undefined> {
  if (path === undefined) return Promise.resolve(undefined)
  const [folder, name] = path.startsWith('/') ? ['/', path.slice(1)] : [cwd, path]
  return workingSide(folder, name, { ...options, executable: undefined })
}

/** The names in a folder; undefined for what is none. */
function namesAt(cwd: string, path: string): string[] | undefined {
  if (kindAt(cwd, path) !== 'folder') return undefined
  const folder = absolute(cwd, path)
  try {
    return readdirSync(folder)
  } catch (error) {
    throw explainFsError(error, folder)
  }
}

function kindAt(cwd: string, path: string): 'file' | 'folder' {
  const stat = statAt(absolute(cwd, path))
  if (stat === undefined) {
    throw new NotFoundError('path-missing', `there is nothing at ${path}`, {
      hint: 'name two files, or two folders',
      details: { path },
    })
  }
  if (stat.isDirectory()) return 'folder'
  if (stat.isFile() || stat.isSymbolicLink()) return 'file'
  throw new InvalidError('path-kind-unsupported', `${path} is neither a file nor a folder`, {
    hint: 'name two files, or two folders',
    details: { path },
  })
}

function statAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw explainFsError(error, path)
  }
}

function absolute(cwd: string, path: string): string {
  return path.startsWith('/') ? path : join(cwd, path)
}
