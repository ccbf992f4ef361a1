import type { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'

import { cidOf, DAG_PB } from '../../../src/model/cid.ts'
import { encodeCommit } from '../../../src/model/commit/commit.ts'
import { pendingOperation, runOperation } from '../../../src/repo/operation/operation.ts'
import { branchRef, createBranch, deleteBranch, renameBranch } from '../../../src/repo/refs/branch.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { ANN, temporaryRepository } from '../../support/repository.ts'

const author = { command: 'jzfs branch', person: ANN }

async function commit(repository: Repository, message: string, ...parents: CID[]): Promise<CID> {
  const tree = cidOf(DAG_PB, Buffer.from('a tree that nobody opens'))
  const block = encodeCommit({ tree, parents, author: ANN, committer: ANN, message })
  await repository.store.put(block)
  return block.cid
}

/** A repository on `main` with two commits; returns the older one too. */
async function repositoryWithHistory(): Promise<{ repository: Repository; first: CID; second: CID }> {
  const repository = await temporaryRepository()
  const first = await commit(repository, 'first')
  const second = await commit(repository, 'second', first)
  using lock = await repository.lock('test')
  const main = { name: 'refs/heads/main', before: undefined, after: second, message: 'commit: second' }
  await runOperation(repository, lock, { command: 'test', person: ANN, refs: [main] })
  return { repository, first, second }
}

async function branches(repository: Repository): Promise<string[]> {
  return (await repository.refs.list('refs/heads')).map(({ name }) => name.slice('refs/heads/'.length))
}

async function messages(repository: Repository, name: string): Promise<string[]> {
  return Array.fromAsync(repository.refs.log(name), ({ message }) => message)
}

test('a branch is made at a commit, beside others of almost the same name', async () => {
  const { repository, first } = await repositoryWithHistory()
  for (const name of ['Main', 'main/sub', 'a', 'a/b', '🦆']) {
    expect(await createBranch(repository, { name, commit: first, from: 'HEAD~1' }, author)).toBeUndefined()
  }
  expect(await branches(repository)).toEqual(['Main', 'a', 'a/b', 'main', 'main/sub', '🦆'])
  expect(await messages(repository, branchRef('a/b'))).toEqual(['branch: created from HEAD~1'])
})

test('an existing branch is moved by force only, and never where it is checked out', async () => {
  const { repository, first, second } = await repositoryWithHistory()
  const topic = { name: 'topic', commit: first, from: 'HEAD~1' }
  await createBranch(repository, topic, author)
  await expect(createBranch(repository, topic, author)).rejects.toMatchObject({ code: 'branch-exists' })
  const before = await createBranch(repository, { ...topic, commit: second, force: true }, author)
  expect(before?.equals(first)).toBe(true)
  const main = { name: 'main', commit: first, from: 'HEAD~1', force: true }
  await expect(createBranch(repository, main, author)).rejects.toMatchObject({ code: 'branch-checked-out' })
  expect((await repository.refs.headCommit())?.equals(second)).toBe(true)
})

test('a branch is deleted when HEAD contains it, or by force', async () => {
  const { repository, first } = await repositoryWithHistory()
  const elsewhere = await commit(repository, 'elsewhere', first)
  await createBranch(repository, { name: 'old', commit: first, from: 'HEAD~1' }, author)
  await createBranch(repository, { name: 'new', commit: elsewhere, from: 'x' }, author)
  expect((await deleteBranch(repository, { name: 'old' }, author)).commit.equals(first)).toBe(true)
  await expect(deleteBranch(repository, { name: 'new' }, author)).rejects.toMatchObject({ code: 'branch-not-merged' })
  await deleteBranch(repository, { name: 'new', force: true }, author)
  await expect(deleteBranch(repository, { name: 'main', force: true }, author)).rejects.toMatchObject({
    code: 'branch-checked-out',
  })
  expect(await branches(repository)).toEqual(['main'])
  await expect(deleteBranch(repository, { name: 'mian' }, author)).rejects.toMatchObject({
    code: 'branch-missing',
    hint: 'did you mean main?',
  })
})

test('a renamed branch keeps its log, and HEAD follows it', async () => {
  const { repository, first, second } = await repositoryWithHistory()
  await renameBranch(repository, { before: 'main', after: 'main/sub' }, author)
  expect(await repository.refs.head()).toEqual({ branch: 'refs/heads/main/sub' })
  expect((await repository.refs.headCommit())?.equals(second)).toBe(true)
  const renamed = 'branch: renamed refs/heads/main to refs/heads/main/sub'
  expect(await messages(repository, 'refs/heads/main/sub')).toEqual([renamed, 'commit: second'])
  expect(await messages(repository, 'HEAD')).toEqual([renamed, 'commit: second'])
  await createBranch(repository, { name: 'topic', commit: first, from: 'x' }, author)
  const onto = { before: 'topic', after: 'main/sub' }
  await expect(renameBranch(repository, onto, author)).rejects.toMatchObject({ code: 'branch-exists' })
  await expect(renameBranch(repository, { ...onto, force: true }, author)).rejects.toMatchObject({
    code: 'branch-checked-out',
  })
  await createBranch(repository, { name: 'third', commit: second, from: 'y' }, author)
  await renameBranch(repository, { before: 'topic', after: 'third', force: true }, author)
  expect((await repository.refs.read('refs/heads/third'))?.equals(first)).toBe(true)
  expect(await messages(repository, 'refs/heads/third')).toEqual([
    'branch: renamed refs/heads/topic to refs/heads/third',
    'branch: created from x',
  ])
  await expect(renameBranch(repository, { before: 'topic', after: 'x' }, author)).rejects.toMatchObject({
    code: 'branch-missing',
  })
})

test('an unborn branch is renamed by HEAD alone', async () => {
  const repository = await temporaryRepository()
  await renameBranch(repository, { before: 'main', after: 'trunk' }, author)
  expect(await repository.refs.head()).toEqual({ branch: 'refs/heads/trunk' })
  expect(await branches(repository)).toEqual([])
  expect(await pendingOperation(repository)).toBeUndefined()
})

test('names that no branch can have are refused', async () => {
  const { repository, first } = await repositoryWithHistory()
  for (const name of ['-x', 'HEAD', 'a..b', '', 'a b', '@{u}']) {
    const made = createBranch(repository, { name, commit: first, from: 'x' }, author)
    await expect(made).rejects.toMatchObject({ code: 'ref-name-invalid' })
  }
})
