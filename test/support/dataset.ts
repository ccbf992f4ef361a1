import { CID } from 'multiformats/cid'

import { encodeCommit } from '../../src/model/commit/commit.ts'
import { runOperation } from '../../src/repo/operation/operation.ts'
import type { Repository } from '../../src/repo/repository.ts'
import { MemoryBlocks } from './memory-blocks.ts'
import { buildTree, type Leaf } from './memory-tree.ts'
import { ANN, temporaryRepository } from './repository.ts'
import { reachedBy } from './transfer.ts'

/** A repository in a folder that goes when the test ends, with one commit of these leaves on its main branch. */
export async function temporaryDataset(leaves: Readonly<Record<string, Leaf>>): Promise<Repository> {
  const repository = await temporaryRepository()
  await commitTo(repository, leaves)
  return repository
}

/** Commits a tree, given by all its leaves, to a branch (main), and writes its blocks to one pack. */
export async function commitTo(
  repository: Repository,
  leaves: Readonly<Record<string, Leaf>>,
  ref = 'refs/heads/main',
): Promise<CID> {
  const blocks = new MemoryBlocks()
  const tree = buildTree(blocks, leaves)
  const before = await repository.refs.read(ref)
  const commit = encodeCommit({
    tree,
    parents: before === undefined ? [] : [before],
    author: ANN,
    committer: ANN,
    message: 'data',
  })
  const pack = await repository.store.createPack()
  pack.add(commit)
  for (const text of await reachedBy(blocks, [tree])) {
    const cid = CID.parse(text)
    pack.add({ cid, bytes: await blocks.get(cid) })
  }
  await pack.finish()
  const lock = await repository.lock('test')
  const refs = [{ name: ref, before, after: commit.cid, message: 'commit: data' }]
  await runOperation(repository, lock, { command: 'test', person: ANN, refs })
  lock.release()
  return commit.cid
}
