import { IntegrityError, NotFoundError } from '../../model/errors.ts'
import type { RepairAuthor } from '../../repo/fsck/repair-records.ts'
import type { Repair } from '../../repo/fsck/repair.ts'
import { copyAside } from '../../repo/fsck/set-aside.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Lock } from '../../store/lock/lock.ts'
import { readIndexFile, writeIndexFile } from '../index/index-file.ts'
import { rebuildIndex } from '../index/index-rebuild.ts'
import { headTree } from '../index/open-index.ts'

/** Makes a damaged index anew from HEAD, if HEAD's tree is whole; the old file is kept aside. */
export async function* repairIndex(repository: Repository, lock: Lock, author: RepairAuthor): AsyncGenerator<Repair> {
  const { layout, store } = repository
  const path = layout.index
  try {
    readIndexFile(path)
    return
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error
  }
  try {
    const tree = await headTree(repository)
    const index = await rebuildIndex(store, tree)
    const aside = await copyAside(layout, path)
    await runOperation(repository, lock, { ...author, index: { next: writeIndexFile(layout.tmp, index, tree) } })
    const message = 'the index was made anew from HEAD: what was staged since the last commit is not staged any more'
    yield { code: 'index-rebuilt', message, path, aside }
  } catch (error) {
    // What HEAD needs is lost: that is reported by the check.
    if (!(error instanceof IntegrityError || error instanceof NotFoundError)) throw error
  }
}
