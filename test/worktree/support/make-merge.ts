import type { CID } from 'multiformats/cid'

import { encodeCommit } from '../../../src/model/commit/commit.ts'
import { runOperation } from '../../../src/repo/operation/operation.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { writeTree } from '../../../src/worktree/index/write-tree.ts'
import { PERSON } from './repository.ts'

/** Commits the index to `refs/heads/main` as a merge of its parents. */
export async function makeMerge(repository: Repository, parents: CID[]): Promise<CID> {
  const index = await openIndex(repository)
  const pack = await repository.store.createPack()
  const tree = await writeTree(index, (block) => pack.add(block))
  const block = encodeCommit({ tree, parents, author: PERSON, committer: PERSON, message: 'merge\n' })
  pack.add(block)
  await pack.finish()
  using lock = await repository.lock('merge')
  const refs = [{ name: 'refs/heads/main', before: parents[0], after: block.cid, message: 'merge' }]
  await runOperation(repository, lock, { command: 'merge', person: PERSON, refs })
  return block.cid
}
