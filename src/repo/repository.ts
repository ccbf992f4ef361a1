import { realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

import type { AbortOptions } from '../model/block.ts'
import { IntegrityError, InvalidError, JzfsError, NotFoundError } from '../model/errors.ts'
import { quoteName } from '../model/quote-name.ts'
import { explainFsError, fsErrorCode } from '../store/fs-errors.ts'
import type { Lock } from '../store/lock/lock.ts'
import { openStore, type Store } from '../store/store.ts'
import type { ConfigChange } from './config/config-change.ts'
import { type Config, type ConfigSources, openConfig } from './config/config.ts'
import { type Layout, FORMAT_VERSION, layoutOf, REPOSITORY_FOLDER } from './layout.ts'
import { readPending } from './operation/operation-log.ts'
import { type FinishedOperation, finishInterruptedOperation, type WorktreeStep } from './operation/operation.ts'
import { createRefs, type Refs } from './refs/refs.ts'
import { removeLeftovers } from './temporary-files.ts'

/** An open repository: immutable blocks in `store`, names for them in `refs`. */
export interface Repository {
  /** Stable random id. */
  id: string
  /** The `.jzfs` folder, or the folder of a bare repository: absolute. */
  path: string
  layout: Layout
  /** The working tree: the folder that holds `.jzfs`; undefined for a bare repository. */
  worktree: string | undefined
  bare: boolean
  store: Store
  refs: Refs
  config: Config
  /** All its operations belong to one command, and are undone together; else those under one lock do. */
  oneCommand: boolean
  /**
   * Takes the lock that every change needs, finishes an interrupted operation and removes what a dead process left. Throws ConflictError `locked` naming the
   * holder, and what `finishInterruptedOperation` throws.
   */
  lock(command: string, options?: LockRepositoryOptions): Promise<Lock>
  close(): Promise<void>
}

export interface LockRepositoryOptions extends AbortOptions {
  /** How long to wait for another holder (default: `lock.waitMs` of the configuration). */
  waitMs?: number
}

export interface OpenRepositoryOptions {
  /** The command line of this process, for those who have to wait for it. */
  command?: string
  /** See `Repository`: this process runs one command, whatever locks it takes. */
  oneCommand?: boolean
  /** The other layers of configuration: the repository's own is added. */
  config?: Omit<ConfigSources, 'repositoryFile'>
  /** How to finish an interrupted operation that rewrites files, once the lock is taken. */
  worktreeStep?: WorktreeStep
  /** Told of an interrupted operation that was finished. */
  onFinished?: (operation: FinishedOperation) => void
}

/**
 * Opens the repository at `path`: a folder with `.jzfs` in it, that `.jzfs` itself, or a bare repository.
 *
 * Throws NotFoundError `not-a-repository` (details: `path`), InvalidError `repository-format-newer`, IntegrityError
 * `config-corrupt` and `head-missing`, and UnavailableError `permission-denied`.
 */
export async function openRepository(path: string, options: OpenRepositoryOptions = {}): Promise<Repository> {
  const directory = [join(path, REPOSITORY_FOLDER), path].map((each) => resolve(each)).find(isWholeRepository)
  if (directory === undefined) {
    throw notARepository(path, `not a repository: ${quoteName(path)}`)
  }
  return openAt(directory, options)
}

/** Where to look for a repository. */
export interface DiscoverOptions extends OpenRepositoryOptions {
  /** The folder to open instead of looking for one (`JZFS_DIR`). */
  jzfsDir?: string | undefined
}

/**
 * Opens the repository that `cwd` is in: the nearest folder upwards, symlinks resolved, that has a `.jzfs` or is a bare
 * repository. Throws what `openRepository` throws.
 */
export async function discoverRepository(cwd: string, options: DiscoverOptions = {}): Promise<Repository> {
  if (options.jzfsDir !== undefined) {
    return openRepository(resolve(cwd, options.jzfsDir), options).catch((error: unknown) => {
      throw isNotARepository(error) ? misled(error) : error
    })
  }
  for (let folder = realFolder(cwd), above = ''; folder !== above; folder = dirname(folder)) {
    const directory = [join(folder, REPOSITORY_FOLDER), folder].find(isWholeRepository)
    if (directory !== undefined) {
      return openAt(directory, options)
    }
    above = folder
  }
  throw notARepository(cwd, `neither this folder nor one above it is a repository: ${quoteName(cwd)}`)
}

/**
 * Whether `directory` is a complete `.jzfs` folder or a bare repository. An init that was interrupted left none yet. Throws
 * UnavailableError `permission-denied` where that cannot be seen.
 */
export function isRepositoryFolder(directory: string): boolean {
  const { config, head, ops } = layoutOf(directory)
  return isThere(ops) && isThere(head) && isThere(config)
}

/** The same; IntegrityError `head-missing` for a `.jzfs` folder of which only HEAD is lost. */
function isWholeRepository(directory: string): boolean {
  if (isRepositoryFolder(directory)) return true
  const { config, head, refs, ops } = layoutOf(directory)
  if (basename(directory) !== REPOSITORY_FOLDER || ![config, refs, ops].every(isThere)) return false
  throw new IntegrityError('head-missing', `the repository has lost its HEAD: ${quoteName(head)}`, {
    hint: 'run `jzfs init -b BRANCH` with the branch you were on (the last line of logs/HEAD.log tells): it only writes HEAD anew',
    details: { path: head },
  })
}

function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    if (fsErrorCode(error) === 'ENOTDIR') return false
    throw explainFsError(error, path)
  }
}

async function openAt(directory: string, options: OpenRepositoryOptions): Promise<Repository> {
  const layout = layoutOf(directory)
  const config = openConfig({
    ...options.config,
    repositoryFile: layout.config,
    pendingChanges: () => pendingChanges(layout),
  })
  checkFormat(layout, config)
  const id = config.get('core.id')
  if (id === undefined) {
    throw new IntegrityError('config-corrupt', `the repository has lost its id (core.id): ${layout.config}`, {
      hint: 'take it from a backup of the file, or clone the repository anew',
      details: { path: layout.config },
    })
  }
  const bare = config.get('core.bare')
  const store = await openStore(directory, options.command === undefined ? {} : { command: options.command })
  const repository: Repository = {
    id,
    path: directory,
    layout,
    worktree: bare ? undefined : dirname(directory),
    bare,
    store,
    refs: createRefs(layout),
    config,
    oneCommand: options.oneCommand ?? false,
    lock: (command, lockOptions) => lockRepository(repository, command, options, lockOptions),
    close: () => store.close(),
  }
  return repository
}

/** What an unfinished operation changes in the configuration. One that cannot be read is told of by whoever takes the lock. */
function pendingChanges(layout: Layout): readonly ConfigChange[] {
  try {
    return readPending(layout)?.config ?? []
  } catch (error) {
    if (!(error instanceof JzfsError)) throw error
    return []
  }
}

async function lockRepository(
  repository: Repository,
  command: string,
  { worktreeStep, onFinished }: OpenRepositoryOptions,
  { waitMs = repository.config.get('lock.waitMs'), signal }: LockRepositoryOptions = {},
): Promise<Lock> {
  // Loads SQLite, which commands that only read do without.
  const { acquireLock } = await import('../store/lock/lock.ts')
  const lock = await acquireLock(repository.layout.lock, { command, waitMs, signal })
  // What was seen before may have been swept, or changed, by whoever kept us waiting.
  repository.store.refresh()
  repository.config.refresh()
  try {
    const finished = await finishInterruptedOperation(repository, lock, worktreeStep)
    removeLeftovers(repository.layout)
    if (finished !== undefined) {
      onFinished?.(finished)
    }
    return lock
  } catch (error) {
    lock.release()
    throw error
  }
}

function checkFormat(layout: Layout, config: Config): void {
  const format = config.get('core.format') ?? 0
  if (format > FORMAT_VERSION) {
    throw new InvalidError(
      'repository-format-newer',
      `the repository has format ${format}, this jzfs knows up to ${FORMAT_VERSION}: ${layout.directory}`,
      { hint: 'upgrade jzfs', details: { path: layout.directory, format, known: FORMAT_VERSION } },
    )
  }
}

function realFolder(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    throw explainFsError(error, path)
  }
}

function notARepository(path: string, message: string): NotFoundError {
  const folder = basename(path) === REPOSITORY_FOLDER ? dirname(path) : path
  return new NotFoundError('not-a-repository', message, {
    hint: `run \`jzfs init ${quoteName(folder)}\` to make it one`,
    details: { path },
  })
}

function isNotARepository(error: unknown): error is NotFoundError {
  return error instanceof NotFoundError && error.code === 'not-a-repository'
}

function misled({ code, message, details }: NotFoundError): NotFoundError {
  return new NotFoundError(code, message, { hint: 'correct JZFS_DIR, which leads there, or unset it', details })
}
