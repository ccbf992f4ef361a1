import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../model/block.ts'
import { decodeCommit } from '../model/commit/commit.ts'
import type { OperationPlan } from '../repo/operation/operation-plan.ts'
import type { Repository } from '../repo/repository.ts'
import type { Lock } from '../store/lock/lock.ts'
import type { ArrivingFiles } from './arriving/arriving-files.ts'
import { rebuildIndex } from './index/index-rebuild.ts'
import { emptyIndex } from './index/index-update.ts'
import { refuseNameCollisions } from './rewrite/name-collisions.ts'
import { rewriteFiles, type RewrittenFiles } from './rewrite/rewrite-files.ts'

/** A clone whose blocks are there, and the refs that it gets. */
export interface FreshClone {
  repository: Repository
  lock: Lock
  commit: CID
  plan: OperationPlan
  /** Files of it that were written as their blocks came. */
  arriving?: Pick<ArrivingFiles, 'take'> | undefined
}

interface CheckoutCloneOptions extends AbortOptions {
  onProgress?: ((progress: { files: number; totalFiles: number; bytes: number }) => void) | undefined
}

/**
 * Makes the refs and writes the files of a fresh clone, in one operation.
 *
 * The trees are taken as they are, also those that we would have written otherwise. Throws ConflictError `names-collide`
 * before anything is written, and what `rewriteFiles` throws. What could not be written is in the result.
 */
export async function checkoutClone(clone: FreshClone, options: CheckoutCloneOptions = {}): Promise<RewrittenFiles> {
  const { repository, lock, commit, plan, arriving } = clone
  const { store } = repository
  const { tree } = decodeCommit(commit, await store.get(commit, options))
  await refuseNameCollisions(repository, tree, options)
  const index = await rebuildIndex(store, tree, options)
  const pack = await store.createPack(options)
  try {
    const files = { before: emptyIndex(), after: index }
    const onProgress = (done: { files: number; bytes: number }): void =>
      options.onProgress?.({ ...done, totalFiles: index.count })
    return await rewriteFiles(
      repository,
      lock,
      pack,
      { ...plan, files, indexBefore: emptyIndex(), index, tree, discarded: [] },
      { signal: options.signal, onProgress, arriving },
    )
  } finally {
    pack.abort()
  }
}
