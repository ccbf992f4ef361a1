import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import type { BlockSource } from '../../model/block.ts'
import { counted } from '../../model/counted.ts'
import { freePending, repairRecords, type RepairAuthor } from '../../repo/fsck/repair-records.ts'
import type { Repair } from '../../repo/fsck/repair.ts'
import type { Repository } from '../../repo/repository.ts'
import { acquireLock } from '../../store/lock/lock.ts'
import { checkWorkingRepository } from './check-working-repository.ts'
import { repairIndex } from './repair-index.ts'
import { restoreBlocks, type RestoreOptions } from './restore-blocks.ts'

export interface RepairOptions extends RestoreOptions, RepairAuthor {
  /** Blocks of another repository that has what is missing. */
  from?: BlockSource | undefined
}

/**
 * Repairs what can be repaired, and yields what was done: records that cannot be read are set aside or restored from the
 * reflogs; the sound blocks of damaged packs are saved into new ones; blocks that are missing or corrupt are taken from
 * another repository, the index, and the files of the working tree; a damaged index is made anew from HEAD.
 *
 * Nothing is made worse: what is damaged is replaced only when what takes its place is durable, and is kept in `set-aside`;
 * damaged packs are removed from there when nothing is missing any more. Whoever changes the repository, and `gc`, are kept
 * out. Check again after it: what could not be repaired is as it was.
 *
 * Throws ConflictError `locked` while another process changes the repository, and what the file system's errors become.
 */
export async function* repairRepository(repository: Repository, options: RepairOptions): AsyncGenerator<Repair> {
  const { command, person, signal } = options
  const author = { command, person }
  using _alone = await acquireLock(repository.layout.gcLock, { command, signal })
  yield* freePending(repository, author)
  using lock = await repository.lock(command, { signal })
  yield* repairRecords(repository, author)
  yield* repairStore(repository, options)
  yield* restoreBlocks(repository, options)
  yield* repairIndex(repository, lock, author)
  // The index may have blocks that are missing, too.
  yield* restoreBlocks(repository, options)
  const aside = ['packs', 'loose']
    .map((name) => join(repository.layout.setAside, name))
    .filter((path) => existsSync(path))
  if (aside.length === 0 || !(await isWhole(repository, options))) return
  for (const path of aside) rmSync(path, { recursive: true })
  if (readdirSync(repository.layout.setAside).length === 0) rmdirSync(repository.layout.setAside)
  yield { code: 'aside-removed', message: 'nothing is missing any more: the damaged packs and blocks were removed' }
}

/** Reads the whole store, and saves what is sound in damaged files. */
async function* repairStore({ store }: Repository, { signal, onProgress }: RepairOptions): AsyncGenerator<Repair> {
  const damaged = new Set<string>()
  const found = store.verifyPacks({ signal, onProgress: (progress) => onProgress?.({ step: 'packs', ...progress }) })
  for await (const { path } of found) damaged.add(path)
  for await (const { path, blocks, aside } of store.salvage(damaged, { signal })) {
    const what = counted(blocks, 'sound block was', 'sound blocks were')
    yield path.endsWith('.car')
      ? { code: 'pack-salvaged', message: `${what} saved from a damaged pack`, path, aside }
      : { code: 'file-aside', message: 'the damaged file of a block was set aside', path, aside }
  }
}

/** Whether nothing is missing or damaged any more. */
async function isWhole(repository: Repository, { signal }: RepairOptions): Promise<boolean> {
  const check = checkWorkingRepository(repository, { connectivityOnly: true, orphans: 'none', signal })
  for await (const { severity } of check) if (severity === 'error') return false
  return true
}
