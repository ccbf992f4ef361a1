import { CID } from 'multiformats/cid'

import { encodeCommit } from '../../../src/model/commit/commit.ts'
import type { Person } from '../../../src/model/commit/person.ts'
import { initRepository } from '../../../src/repo/init-repository.ts'
import { runOperation } from '../../../src/repo/operation/operation.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { addPaths } from '../../../src/worktree/add/add.ts'
import type { AddOptions, AddResult } from '../../../src/worktree/add/add.ts'
import { commitIndex, type MadeCommit } from '../../../src/worktree/commit.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { writeTree } from '../../../src/worktree/index/write-tree.ts'
import { parsePathspecs } from '../../../src/worktree/pathspec/pathspec.ts'

export const PERSON: Person = { name: 'A', email: 'a@example.org', date: '2026-01-02T03:04:05+01:00' }

/** A new repository in a directory, closed when the scope ends (`await using`). */
export async function openTestRepository(directory: string): Promise<Repository & AsyncDisposable> {
  const repository = await initRepository(directory)
  return Object.assign(repository, { [Symbol.asyncDispose]: () => repository.close() })
}

/** Adds by pathspecs as written at the top of the working tree; none: everything. */
export function add(
  repository: Repository,
  pathspecs: readonly string[] = [],
  options: Partial<AddOptions> = {},
): Promise<AddResult> {
  const worktree = repository.worktree as string
  const specs = parsePathspecs(pathspecs, { worktree, cwd: worktree })
  return addPaths(repository, specs, { command: 'add', person: PERSON, ...options })
}

/** Makes the index the tree of a new commit on `refs/heads/main`. */
export async function commit(repository: Repository): Promise<CID> {
  const index = await openIndex(repository)
  const pack = await repository.store.createPack()
  const tree = await writeTree(index, (block) => pack.add(block))
  const before = await repository.refs.headCommit()
  const parents = before === undefined ? [] : [before]
  const block = encodeCommit({ tree, parents, author: PERSON, committer: PERSON, message: 'test' })
  pack.add(block)
  await pack.finish()
  using lock = await repository.lock('commit')
  const refs = [{ name: 'refs/heads/main', before, after: block.cid, message: 'commit' }]
  await runOperation(repository, lock, { command: 'commit', person: PERSON, refs })
  return tree
}

/** Commits the index to the branch of HEAD. */
export function commitHere(repository: Repository, message = 'test'): Promise<MadeCommit> {
  return commitIndex(repository, { command: 'commit', message, author: PERSON, committer: PERSON, allowEmpty: true })
}
