import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { CID } from 'multiformats/cid'
import { beforeEach, expect, onTestFinished, test } from 'vitest'

import { listOperations, runOperation } from '../../../src/repo/operation/operation.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { resolveCommit } from '../../../src/repo/revision.ts'
import { readSequence } from '../../../src/repo/sequence/sequence.ts'
import { verifyReachable } from '../../../src/repo/verify.ts'
import { writeIndexFile } from '../../../src/worktree/index/index-file.ts'
import { updateIndex } from '../../../src/worktree/index/index-update.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { parsePathspecs } from '../../../src/worktree/pathspec/pathspec.ts'
import { resetPaths } from '../../../src/worktree/reset/reset-paths.ts'
import { resetTo, type ResetOptions } from '../../../src/worktree/reset/reset.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { folderContent } from '../support/folder-content.ts'
import { add, commitHere, openTestRepository, PERSON } from '../support/repository.ts'

let top: string
let repository: Repository
const options = { command: 'jzfs reset', person: PERSON }
const write = (path: string, content: string = path): void => {
  mkdirSync(join(top, path, '..'), { recursive: true })
  writeFileSync(join(top, path), content)
}
const reset = (mode: ResetOptions['mode'], revision?: string, more: Partial<ResetOptions> = {}) =>
  resetTo(repository, { ...options, mode, revision, ...more })
const commitAll = async (message = 'c'): Promise<CID> => {
  await add(repository)
  return (await commitHere(repository, message)).cid
}
const logOf = (name: string) => Array.fromAsync(repository.refs.log(name), ({ message }) => message)
const newest = async () => (await Array.fromAsync(listOperations(repository)))[0]

beforeEach(async () => {
  top = temporaryFolder()
  const opened = await openTestRepository(top)
  repository = opened
  onTestFinished(() => opened.close())
})

test('the branch moves, ORIG_HEAD is where it was, and the logs say so', async () => {
  write('a', 'one')
  const one = await commitAll()
  write('a', 'two')
  const two = await commitAll()
  const { before, after } = await reset('hard', 'HEAD~1')
  expect([String(before), String(after)]).toEqual([String(two), String(one)])
  expect(folderContent(top)).toEqual({ a: '644 one' })
  expect((await resolveCommit(repository, 'ORIG_HEAD')).equals(two)).toBe(true)
  expect((await resolveCommit(repository, 'main@{1}')).equals(two)).toBe(true)
  expect((await logOf('HEAD'))[0]).toBe('reset: moving to HEAD~1')
  expect((await logOf('refs/heads/main'))[0]).toBe('reset: moving to HEAD~1')
  await reset('hard', 'ORIG_HEAD')
  expect((await repository.refs.headCommit())?.equals(two)).toBe(true)
  await reset('mixed')
  expect((await logOf('HEAD'))[0]).toBe('reset: moving to HEAD')
  expect((await logOf('refs/heads/main'))[0]).toBe('reset: moving to ORIG_HEAD')
  expect((await repository.refs.list()).map(({ name }) => name)).toEqual(['refs/heads/main'])
})

test('a detached HEAD moves itself', async () => {
  write('a', 'one')
  const one = await commitAll()
  write('a', 'two')
  const two = await commitAll()
  await switchTo(repository, { detach: 'HEAD' }, options)
  await reset('mixed', 'HEAD~1')
  const head = await repository.refs.head()
  expect('detached' in head && head.detached.equals(one)).toBe(true)
  expect((await repository.refs.read('refs/heads/main'))?.equals(two)).toBe(true)
  expect((await readStatus(repository)).unstaged).toEqual([{ path: 'a', difference: 'modified' }])
})

test('on a branch without commits what is staged goes, and with --hard its files', async () => {
  write('a')
  await add(repository)
  await expect(reset('mixed', 'HEAD')).rejects.toMatchObject({ code: 'revision-not-found' })
  expect(await reset('mixed')).toMatchObject({ before: undefined, after: undefined })
  expect((await openIndex(repository)).count).toBe(0)
  expect(folderContent(top)).toEqual({ a: '644 a' })
  await add(repository)
  write('b')
  await reset('hard')
  expect(folderContent(top)).toEqual({ b: '644 b' })
  await reset('soft')
})

test('what --hard throws away is kept, up to undo.maxSize, and what is untracked stays', async () => {
  write('a', 'one')
  write('d/x', 'x')
  await commitAll()
  write('a', 'local work')
  write('d/untracked')
  const { discarded } = await reset('hard')
  expect(discarded).toEqual(['a'])
  expect(folderContent(top)).toEqual({ a: '644 one', 'd/untracked': '644 d/untracked', 'd/x': '644 x' })
  const [kept] = (await newest())?.discarded ?? []
  expect(Buffer.from(await repository.store.get(kept?.cid as CID)).toString()).toBe('local work')
  await repository.config.set('undo.maxSize', '5', 'repository')
  write('a', 'too much')
  await expect(reset('hard')).rejects.toMatchObject({ code: 'cannot-be-undone' })
  await reset('hard', 'HEAD', { force: true })
  expect(folderContent(top)['a']).toBe('644 one')
})

test('what is untracked and in the way gives way, and is kept', async () => {
  write('a')
  await commitAll()
  write('new/x', 'theirs')
  write('file', 'theirs')
  await commitAll()
  await reset('hard', 'HEAD~1')
  write('new', 'mine')
  write('file/inside', 'mine')
  const { discarded } = await reset('hard', 'ORIG_HEAD')
  expect(discarded).toEqual(['file/inside', 'new'])
  expect(folderContent(top)).toEqual({ a: '644 a', file: '644 theirs', 'new/x': '644 theirs' })
})

test('the stat data of what stays are kept: nothing is hashed again', async () => {
  for (let number = 0; number < 20; number++) write(`d${number % 3}/${number}`)
  await commitAll()
  write('d1/1', 'changed')
  await commitAll()
  await readStatus(repository)
  await reset('mixed', 'HEAD~1')
  const index = await openIndex(repository)
  const unknown = Array.from(index.entries()).filter(({ inode }) => inode === 0n)
  expect(unknown.map(({ path }) => path)).toEqual(['d1/1'])
})

test('what is committed after a reset is stored whole', async () => {
  for (const path of ['a/x', 'b/y', 'c/z']) write(path, 'one')
  await commitAll()
  for (const path of ['a/x', 'b/y']) write(path, 'two')
  await add(repository)
  await resetPaths(repository, parsePathspecs(['b'], { worktree: top, cwd: top }), options)
  const { cid } = await commitHere(repository)
  await reset('mixed', 'HEAD~1')
  await add(repository, ['a'])
  const second = (await commitHere(repository)).cid
  const starts = [cid, second].map((each) => ({ cid: each, revision: 'x' }))
  expect(await Array.fromAsync(verifyReachable(repository.store, starts))).toEqual([])
})

test('a merge in progress ends, its conflicts go; --soft is refused', async () => {
  write('a', 'base')
  write('b', 'base')
  const base = await commitAll()
  await makeConflict(base)
  await expect(reset('soft')).rejects.toMatchObject({ code: 'reset-in-the-middle' })
  await reset('mixed')
  expect([readSequence(repository), (await openIndex(repository)).isUnmerged()]).toEqual([undefined, false])
  await reset('soft')
  await makeConflict(base)
  const { discarded } = await reset('hard')
  expect(discarded).toEqual(['a'])
  expect([readSequence(repository), (await openIndex(repository)).isUnmerged()]).toEqual([undefined, false])
  expect(folderContent(top)).toEqual({ a: '644 base', b: '644 base' })
})

/** A merge that waits, with `a` in conflict. */
async function makeConflict(commit: CID): Promise<void> {
  write('a', '<<<<<<< ours')
  const index = await openIndex(repository)
  const entry = index.entry(index.find('b'))
  const stages = ([1, 2, 3] as const).map((stage) => ({ ...entry, path: 'a', stage }))
  using lock = await repository.lock('test')
  const next = writeIndexFile(repository.layout.tmp, updateIndex(index, [{ path: 'a', entries: stages }]))
  const merge = { kind: 'merge' as const, before: commit, theirs: [commit], message: 'm\n', squash: false }
  const sequence = { before: undefined, after: merge }
  await runOperation(repository, lock, { command: 'test', person: PERSON, index: { next }, sequence })
}
