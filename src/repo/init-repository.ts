import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

import { ConflictError } from '../model/errors.ts'
import { checkBranchName } from '../model/ref-name.ts'
import { syncDirectory, writeFileDurably } from '../store/durable.ts'
import { explainFsError, fsErrorCode } from '../store/fs-errors.ts'
import { formatConfigFile } from './config/config-file.ts'
import { probeFileSystem } from './file-system-probe.ts'
import { FORMAT_VERSION, type Layout, layoutOf, REPOSITORY_FOLDER } from './layout.ts'
import { formatHead } from './refs/head.ts'
import { isRepositoryFolder, openRepository, type OpenRepositoryOptions, type Repository } from './repository.ts'

/** How a new repository is made. */
export interface InitOptions extends OpenRepositoryOptions {
  /** No working tree: the folder itself is the repository. */
  bare?: boolean
  /** Short name of the first branch (default `main`). */
  initialBranch?: string
  /** Stable id (default: a random UUID). */
  id?: string
}

/** A repository that `initRepository` made, or found. */
export interface InitializedRepository extends Repository {
  /** False where there was one already: nothing was changed. */
  created: boolean
}

/**
 * Makes a repository of the folder at `directory`, which is created where it is missing, and probes its file system.
 *
 * The configuration is written last: interrupted before, the folder is no repository yet and the next call completes it.
 * Throws ConflictError `directory-not-empty` for a bare repository in a folder with other things in it, InvalidError
 * `ref-name-invalid`, and what `explainFsError` makes of the file system's errors.
 */
export async function initRepository(directory: string, options: InitOptions = {}): Promise<InitializedRepository> {
  const { bare = false, initialBranch = 'main' } = options
  checkBranchName(initialBranch)
  const path = resolve(directory, bare ? '' : REPOSITORY_FOLDER)
  if (isRepositoryFolder(path)) {
    return Object.assign(await openRepository(path, options), { created: false })
  }
  const layout = layoutOf(path)
  makeFolders(layout, bare)
  const { acquireLock } = await import('../store/lock/lock.ts')
  const lock = await acquireLock(layout.lock, { command: 'jzfs init' })
  try {
    const created = !isRepositoryFolder(path)
    if (created) {
      await writeFileDurably(layout.head, formatHead({ branch: `refs/heads/${initialBranch}` }))
      if (!existsSync(layout.config)) {
        await writeFileDurably(layout.config, formatConfigFile(firstConfig(layout, bare, options.id ?? randomUUID())))
      }
      await syncDirectory(dirname(path))
    }
    return Object.assign(await openRepository(path, options), { created })
  } finally {
    lock.release()
  }
}

function makeFolders(layout: Layout, bare: boolean): void {
  try {
    if (bare && existsSync(layout.directory)) {
      refuseForeignFiles(layout)
    }
    for (const folder of [layout.refs, layout.logs, layout.ops, layout.tmp, layout.packs, layout.loose]) {
      makeFolder(folder)
    }
    makeFolder(join(layout.refs, 'heads'))
  } catch (error) {
    throw explainFsError(error, layout.directory)
  }
}

/** Makes a folder and those above it. Node's own recursion reports a read-only file system as a path that is missing. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    if (fsErrorCode(error) === 'EEXIST' && statSync(path).isDirectory()) return
    if (fsErrorCode(error) !== 'ENOENT' || dirname(path) === path) throw error
    makeFolder(dirname(path))
    mkdirSync(path)
  }
}

/** A bare repository mixes with nothing: a `config.json` or a folder `refs` may be somebody's. */
function refuseForeignFiles(layout: Layout): void {
  const { directory, config, head, refs, logs, ops, tmp, packs, loose, lock } = layout
  const folders = new Set([refs, logs, ops, tmp, packs, loose].map((path) => basename(path)))
  const files = [config, head, lock].map((path) => basename(path))
  const foreign = readdirSync(directory).filter(
    (name) => !folders.has(name) && !files.some((file) => name.startsWith(file)),
  )
  if (foreign.length > 0 || existsSync(config)) {
    throw new ConflictError('directory-not-empty', `the folder is not empty: ${layout.directory}`, {
      hint: 'make a bare repository in a new folder',
      details: { path: layout.directory, names: foreign },
    })
  }
}

function firstConfig(layout: Layout, bare: boolean, id: string): Record<string, string | number | boolean> {
  const traits = probeFileSystem(layout.tmp)
  return {
    'core.format': FORMAT_VERSION,
    'core.id': id,
    'core.bare': bare,
    'core.caseSensitive': traits.caseSensitive,
    'core.executableBit': traits.executableBit,
    'core.normalizationSensitive': traits.normalizationSensitive,
    'core.symlinks': traits.symlinks,
  }
}
