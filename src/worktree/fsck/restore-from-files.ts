import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

import type { AbortOptions } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import { buildSymlink } from '../../model/unixfs/symlink.ts'
import { REPOSITORY_FOLDER } from '../../repo/layout.ts'
import type { IngestRequest } from '../../store/ingest/ingest-request.ts'
import { ingestFiles } from '../../store/ingest/ingest.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { findDirectories } from '../index/index-directories.ts'
import { withoutConflicts } from '../index/record-index.ts'
import { StagingIndex } from '../index/staging-index.ts'
import { writeTree } from '../index/write-tree.ts'

/** Builds all directories of an index anew, as if none were known: a pack that wants only some blocks takes those. */
export async function restoreDirectories(pack: PackWriter, index: StagingIndex): Promise<void> {
  const { columns } = withoutConflicts(index)
  const anew = new StagingIndex(columns, findDirectories(columns), undefined)
  try {
    await writeTree(anew, (block) => void pack.add(block))
  } catch (error) {
    // Entries that no directory can have: then they are not what the block is of.
    if (!(error instanceof JzfsError)) throw error
  }
}

/** Reads files and symlinks of the working tree again; what they hold of the blocks that the pack wants, it takes. */
export async function restoreContent(
  pack: PackWriter,
  top: string,
  paths: Iterable<string>,
  options: AbortOptions = {},
): Promise<void> {
  // A file that cannot be read, or changes, is only of no help.
  for await (const _result of ingestFiles(pack, requestsOf(pack, top, paths), options));
}

function* requestsOf(pack: PackWriter, top: string, paths: Iterable<string>): Generator<IngestRequest> {
  for (const name of paths) {
    const path = join(top, name)
    const stat = statIfThere(path)
    if (stat?.isSymbolicLink() === true) addSymlink(pack, path)
    if (stat?.isFile() !== true) continue
    const executable = (stat.mode & 0o100) !== 0
    yield { path, size: stat.size, executable }
  }
}

function addSymlink(pack: PackWriter, path: string): void {
  try {
    pack.add(buildSymlink(readlinkSync(path)).block)
  } catch (error) {
    if (!(error instanceof JzfsError)) throw error
  }
}

/** All files and symlinks of a working tree, ignored ones too, without what belongs to repositories in it. */
export function* allPaths(top: string, folder = ''): Generator<string> {
  for (const entry of readdirSync(join(top, folder), { withFileTypes: true })) {
    if (entry.name === REPOSITORY_FOLDER) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* allPaths(top, path)
    else yield path
  }
}

function statIfThere(path: string) {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    // A file where a folder was.
    return undefined
  }
}
