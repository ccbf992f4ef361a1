import type { CID } from 'multiformats/cid'

import type { Block } from '../../src/model/block.ts'
import { encodeCommit } from '../../src/model/commit/commit.ts'
import type { Repository } from '../../src/repo/repository.ts'
import { updateRef } from '../../src/repo/update-ref.ts'
import { putTree, type TreeSketch } from './put-tree.ts'
import { ANN } from './repository.ts'
import { person } from './revision-repository.ts'

/** One commit to be made: parents are positions of earlier ones. */
export interface SketchedCommit {
  parents?: number[]
  message: string
  entries: Record<string, TreeSketch>
}

/**
 * Stores commits in a pack and lets `main` name the last one. Blocks that `leaveOut` picks are not stored: it is asked with
 * the block, and the position of the commit that it is, or -1.
 */
export async function storeHistory(
  repository: Repository,
  sketches: readonly SketchedCommit[],
  leaveOut: (block: Block, position: number) => boolean = () => false,
): Promise<CID[]> {
  const pack = await repository.store.createPack()
  const put = (block: Block, position = -1) => {
    if (!leaveOut(block, position)) pack.add(block)
  }
  const cids: CID[] = []
  for (const [at, { parents = at === 0 ? [] : [at - 1], message, entries }] of sketches.entries()) {
    const by = { ...person(1_767_225_600 + at * 3600), name: 'Ann', email: 'ann@example.org' }
    const commit = encodeCommit({
      tree: putTree({ put }, { entries }).cid,
      parents: parents.map((parent) => cids[parent] as CID),
      author: by,
      committer: by,
      message,
    })
    put(commit, at)
    cids.push(commit.cid)
  }
  await pack.finish()
  const change = { name: 'HEAD', after: cids.at(-1), message: 'stored' }
  await updateRef(repository, change, { command: 'test', person: ANN })
  return cids
}
