import type { AbortOptions } from '../../model/block.ts'
import { decodeCommit } from '../../model/commit/commit.ts'
import { IntegrityError } from '../../model/errors.ts'
import { settledIndexPath } from '../../repo/operation/operation.ts'
import type { Repository } from '../../repo/repository.ts'
import { indexFileStamp } from './index-file.ts'
import { rebuildIndex } from './index-rebuild.ts'
import { readSettledIndex } from './next-index.ts'
import { StagingIndex } from './staging-index.ts'

export interface OpenIndexOptions extends AbortOptions {
  /** Told that the index was damaged and is made anew from HEAD: what was staged since is lost. */
  onRebuilt?: ((error: IntegrityError) => void) | undefined
}

/**
 * The index of a repository, as if an interrupted operation were finished. A damaged one is made anew from HEAD's tree: in
 * memory, until the next command writes it.
 */
export async function openIndex(repository: Repository, options: OpenIndexOptions = {}): Promise<StagingIndex> {
  try {
    return await readSettledIndex(repository)
  } catch (error) {
    if (!(error instanceof IntegrityError) || error.code !== 'index-corrupt') throw error
    const { columns, directories, tree } = await rebuildIndex(repository.store, await headTree(repository), options)
    options.onRebuilt?.(error)
    // It stands for the damaged file, and may replace it.
    return new StagingIndex(columns, directories, tree, indexFileStamp(settledIndexPath(repository)))
  }
}

/** The tree of the commit that HEAD leads to, undefined on an unborn branch. */
export async function headTree(repository: Repository, options: AbortOptions = {}) {
  const head = await repository.refs.headCommit()
  return head === undefined ? undefined : decodeCommit(head, await repository.store.get(head, options)).tree
}
