import type { CID } from 'multiformats/cid'

import { decodeCommit } from '../model/commit.ts'
import type { OperationPlan } from '../repo/operation-plan.ts'
import type { Repository } from '../repo/repository.ts'
import type { Lock } from '../store/lock.ts'
import { rebuildIndex } from './index-rebuild.ts'
import { emptyIndex } from './index-update.ts'
import { rewriteFiles, type RewriteOptions } from './rewrite-files.ts'

/** A clone whose blocks are there, and the refs that it gets. */
export interface FreshClone {
  repository: Repository
  lock: Lock
  commit: CID
  plan: OperationPlan
}

/**
 * Makes the refs and writes the files of a fresh clone, in one operation.
 *
 * The trees are taken as they are, also those that we would have written otherwise.
 */
export async function checkoutClone(clone: FreshClone, options: RewriteOptions = {}): Promise<void> {
  const { repository, lock, commit, plan } = clone
  const { store } = repository
  const { tree } = decodeCommit(commit, await store.get(commit, options))
  const index = await rebuildIndex(store, tree, options)
  const pack = await store.createPack(options)
  try {
    const files = { before: emptyIndex(), after: index }
    await rewriteFiles(repository, lock, pack, { ...plan, files, index, tree, discarded: [] }, options)
  } finally {
    pack.abort()
  }
}
