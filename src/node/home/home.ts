import { mkdirSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'

import { explainFsError } from '../../store/fs-errors.ts'
import type { Lock, LockOptions } from '../../store/lock/lock.ts'
import { type HomeLayout, homeLayoutOf } from './home-layout.ts'
import { createKeyStore, type KeyStore } from './key-store.ts'
import { createRepositoryRegistry, type RepositoryRegistry } from './repository-registry.ts'

/**
 * A node home: the identity, the keys, the names and the publications of one user, as plain files.
 *
 * Files are read when they are asked for and replaced atomically; whoever changes one holds the home's lock. So local
 * commands and the daemon work on one home without telling each other.
 */
export interface Home {
  layout: HomeLayout
  keys: KeyStore
  repositories: RepositoryRegistry
  /** Where the daemon's socket goes when its path in the home is too long: a folder of this user alone. */
  runtimeDirectory: string
  /** Takes the lock that changes need. Throws ConflictError `locked` naming the holder. */
  lock(options: LockOptions): Promise<Lock>
}

export interface HomeOptions {
  /** Default: a folder of this user in the system's folder for temporary files. */
  runtimeDirectory?: string | undefined
}

/** Opens the home in `directory`, whose folders are made (0700) where they are missing. */
export function openHome(directory: string, options: HomeOptions = {}): Home {
  const layout = homeLayoutOf(resolve(directory))
  for (const folder of [layout.directory, layout.keys, layout.names, layout.published]) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw explainFsError(error, folder)
    }
  }
  return {
    layout,
    keys: createKeyStore(layout.keys),
    repositories: createRepositoryRegistry(layout.repositories),
    runtimeDirectory: options.runtimeDirectory ?? join(tmpdir(), `jzfs-${userInfo().uid}`),
    lock: async (lockOptions) => {
      // Loads SQLite, which those who only read do without.
      const { acquireLock } = await import('../../store/lock/lock.ts')
      return acquireLock(layout.lock, lockOptions)
    },
  }
}
