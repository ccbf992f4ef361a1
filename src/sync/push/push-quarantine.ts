import { hash } from 'node:crypto'
import { mkdirSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Repository } from '../../repo/repository.ts'
import { syncDirectory } from '../../store/durable.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import { type Lock, tryLock } from '../../store/lock/lock.ts'
import { openStore, type Store } from '../../store/store.ts'

/**
 * Where the blocks of a push lie until all of them are there: a store of its own in the repository's `tmp`.
 *
 * Only what a pusher sent itself is there. So no push is finished with blocks that its pusher merely knows the CIDs of,
 * and nobody learns from a push what else the repository holds.
 */
export interface PushQuarantine {
  store: Store
  /** Bytes of the packs that are kept there. */
  sizeBytes(): number
  /** Removes what is kept. */
  clear(): Promise<void>
  /** Moves its packs into the repository's, durably. The caller holds a lease there. */
  adopt(): Promise<void>
  /** What is kept stays for the next push of the same pusher. */
  close(): Promise<void>
}

/** How long an interrupted push is kept: as long as `gc` keeps blocks without a ref. */
const KEPT_MS = 14 * 24 * 3_600_000

const PREFIX = 'push-'

/**
 * Opens the quarantine of a pusher, with what an interrupted push of it left. Undefined where another push of the same
 * pusher is at work in it. Removes the quarantines that others have left for long. Throws what the file system throws.
 */
export async function openQuarantine(repository: Repository, pusher: string): Promise<PushQuarantine | undefined> {
  const { tmp } = repository.layout
  const name = PREFIX + hash('sha256', pusher).slice(0, 32)
  try {
    await removeOld(tmp, name)
    const directory = join(tmp, name)
    mkdirSync(directory, { recursive: true })
    const lock = tryLock(join(directory, 'lock.db'), 'push')
    return lock === undefined ? undefined : await openLocked(repository, directory, lock)
  } catch (error) {
    throw explainFsError(error, tmp)
  }
}

async function openLocked(repository: Repository, directory: string, lock: Lock): Promise<PushQuarantine> {
  const now = new Date()
  utimesSync(directory, now, now)
  const store = await openStore(directory, { command: 'push' })
  const packs = join(directory, 'packs')
  return {
    store,
    sizeBytes: () => packsIn(packs).reduce((sum, name) => sum + statSync(join(packs, name)).size, 0),
    async clear() {
      await rm(packs, { recursive: true, force: true })
      store.refresh()
    },
    async adopt() {
      const { layout } = repository
      try {
        mkdirSync(layout.packs, { recursive: true })
        for (const name of packsIn(packs)) await rename(join(packs, name), join(layout.packs, name))
        await syncDirectory(layout.packs)
      } catch (error) {
        throw explainFsError(error, layout.packs)
      }
      repository.store.refresh()
    },
    async close() {
      await store.close()
      lock.release()
    },
  }
}

function packsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

async function removeOld(tmp: string, own: string): Promise<void> {
  for (const name of packsIn(tmp)) {
    if (!name.startsWith(PREFIX) || name === own) continue
    const directory = join(tmp, name)
    const modified = statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    if (Date.now() - modified < KEPT_MS) continue
    using lock = tryLock(join(directory, 'lock.db'), 'push')
    if (lock !== undefined) await rm(directory, { recursive: true, force: true })
  }
}
