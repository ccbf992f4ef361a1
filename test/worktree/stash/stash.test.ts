import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { beforeEach, expect, onTestFinished, test } from 'vitest'

import { decodeCommit } from '../../../src/model/commit/commit.ts'
import { listOperations } from '../../../src/repo/operation/operation.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { resolveCommit } from '../../../src/repo/revision.ts'
import { verifyReachable } from '../../../src/repo/verify.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { parsePathspecs } from '../../../src/worktree/pathspec/pathspec.ts'
import { pickCommits } from '../../../src/worktree/replay/pick.ts'
import { applyStash, type ApplyStashOptions } from '../../../src/worktree/stash/apply-stash.ts'
import { clearStashes, dropStash } from '../../../src/worktree/stash/drop-stash.ts'
import { pushStash, type PushStashOptions } from '../../../src/worktree/stash/push-stash.ts'
import { listStashes } from '../../../src/worktree/stash/stash-list.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { folderContent } from '../support/folder-content.ts'
import { add, commitHere, openTestRepository, PERSON } from '../support/repository.ts'

let top: string
let repository: Repository
const by = { command: 'jzfs stash', person: PERSON }

const write = (path: string, content: string): void => {
  mkdirSync(join(top, path, '..'), { recursive: true })
  writeFileSync(join(top, path), content)
}
const commitAll = async (): Promise<CID> => {
  await add(repository)
  return (await commitHere(repository)).cid
}
const push = (options: Partial<PushStashOptions> = {}) => pushStash(repository, { ...by, ...options })
const apply = (options: Partial<ApplyStashOptions> = {}) => applyStash(repository, { ...by, ...options })
const pop = (options: Partial<ApplyStashOptions> = {}) => apply({ drop: true, ...options })
const messages = () => Array.fromAsync(listStashes(repository), ({ number, message }) => `${number} ${message}`)
/** All that a user sees of files and index. */
const scene = async () => {
  const index = await openIndex(repository)
  const entries = Array.from(index.entries(), ({ path, stage, cid }) => `${path} ${stage} ${cid.toString()}`)
  const { staged, unstaged, untracked } = await readStatus(repository, { untracked: 'all', renames: false })
  return { files: folderContent(top), entries, staged: staged.map(({ path }) => path), unstaged, untracked }
}

beforeEach(async () => {
  top = temporaryFolder()
  const opened = await openTestRepository(top)
  repository = opened
  onTestFinished(() => opened.close())
})

/** Every sort of local change. */
const changeAll = async (): Promise<void> => {
  write('.jzfsignore', '*.log\n')
  for (const path of ['kept', 'edited', 'staged', 'both', 'gone', 'removed', 'mode', 'd/x', 'file'])
    write(path, `${path}\n`)
  symlinkSync('kept', join(top, 'link'))
  await commitAll()
  write('staged', 'staged change\n')
  write('both', 'staged part\n')
  write('added', 'added\n')
  rmSync(join(top, 'removed'))
  await add(repository)
  write('edited', 'edited here\n')
  write('both', 'and edited\n')
  rmSync(join(top, 'gone'))
  chmodSync(join(top, 'mode'), 0o755)
  rmSync(join(top, 'link'))
  symlinkSync('edited', join(top, 'link'))
  write('untracked', 'untracked\n')
  write('new/deep', 'deep\n')
  write('x.log', 'ignored\n')
}

test('push and pop --index bring back files, index and untracked files exactly', async () => {
  await changeAll()
  const before = await scene()
  await push({ untracked: 'untracked' })
  const { staged, unstaged, untracked } = await scene()
  expect([staged, unstaged, untracked]).toEqual([[], [], []])
  expect(folderContent(top)['x.log']).toBe('644 ignored\n')
  await pop({ restoreIndex: true })
  expect(await scene()).toEqual(before)
  expect([await messages(), await repository.refs.read('refs/stash')]).toEqual([[], undefined])
})

test('without untracked files they stay; without --index only new files are staged', async () => {
  await changeAll()
  const before = await scene()
  const operations = (await Array.fromAsync(listOperations(repository))).length
  await push()
  expect((await scene()).untracked).toEqual(['new/deep', 'untracked'])
  await pop()
  const after = await scene()
  expect(after.files).toEqual(before.files)
  expect(after.staged).toEqual(['added'])
  expect(await Array.fromAsync(listOperations(repository))).toHaveLength(operations + 2)
})

test('a stash is stored as git does, is found as a revision, and lacks nothing', async () => {
  await changeAll()
  const head = (await repository.refs.headCommit()) as CID
  const { cid, message } = (await push({ untracked: 'all', message: 'my work' })) as { cid: CID; message: string }
  expect(message).toBe('On main: my work')
  const read = async (revision: string) => {
    const found = await resolveCommit(repository, revision)
    return decodeCommit(found, await repository.store.get(found))
  }
  const work = await read('stash@{0}')
  expect([work.message, String(work.parents[0]), work.parents.length]).toEqual(['On main: my work\n', String(head), 3])
  expect((await read('stash^2')).message).toMatch(/^index on main: baguqeer\w+ test\n$/)
  expect((await read('stash^3')).parents).toEqual([])
  expect(await Array.fromAsync(verifyReachable(repository.store, [{ cid, revision: 'stash' }]))).toEqual([])
  expect(folderContent(top)).not.toHaveProperty(['x.log'])
  expect(String(await resolveCommit(repository, 'stash'))).toBe(String(cid))
})

test('the list: dropped from anywhere, cleared, and applied by number', async () => {
  write('a', 'one\n')
  await commitAll()
  for (const number of [1, 2, 3, 4]) {
    write('a', `change ${number}\n`)
    await push({ message: `number ${number}` })
  }
  expect(await messages()).toEqual([
    '0 On main: number 4',
    '1 On main: number 3',
    '2 On main: number 2',
    '3 On main: number 1',
  ])
  await dropStash(repository, 'stash@{1}', by)
  expect(await messages()).toEqual(['0 On main: number 4', '1 On main: number 2', '2 On main: number 1'])
  await dropStash(repository, undefined, by)
  expect(await messages()).toEqual(['0 On main: number 2', '1 On main: number 1'])
  await apply({ stash: '1' })
  expect(folderContent(top)).toEqual({ a: '644 change 1\n' })
  write('a', 'one\n')
  await pop({ stash: 'stash@{1}' })
  expect(await messages()).toEqual(['0 On main: number 2'])
  await expect(dropStash(repository, 'stash@{7}', by)).rejects.toMatchObject({ code: 'stash-missing' })
  await expect(dropStash(repository, 'main', by)).rejects.toMatchObject({ code: 'not-a-stash' })
  await expect(apply({ stash: 'main' })).rejects.toMatchObject({ code: 'not-a-stash' })
  expect(await clearStashes(repository, by)).toBeDefined()
  expect(await clearStashes(repository, by)).toBeUndefined()
  await expect(apply()).rejects.toMatchObject({ code: 'stash-missing' })
})

test('a conflict keeps the stash, and is marked; then another stash is refused and loses nothing', async () => {
  write('a', 'base\n')
  await commitAll()
  write('a', 'stashed\n')
  write('untracked', 'untracked\n')
  await push({ untracked: 'untracked' })
  write('a', 'committed\n')
  await commitAll()
  const { conflicts, dropped } = await pop()
  expect([conflicts.map(({ path }) => path), dropped]).toEqual([['a'], false])
  expect(await messages()).toHaveLength(1)
  const files = folderContent(top)
  expect(files['a']).toBe('644 <<<<<<< Updated upstream\ncommitted\n=======\nstashed\n>>>>>>> Stashed changes\n')
  expect(files['untracked']).toBe('644 untracked\n')
  const before = await scene()
  await expect(push()).rejects.toMatchObject({ code: 'index-unmerged' })
  await expect(apply()).rejects.toMatchObject({ code: 'index-unmerged' })
  expect(await scene()).toEqual(before)
})

test('what is in the way is not overwritten, and nothing is changed', async () => {
  write('a', 'base\n')
  await commitAll()
  write('a', 'stashed\n')
  write('u', 'stashed\n')
  await push({ untracked: 'untracked' })
  write('a', 'local\n')
  const local = await scene()
  await expect(pop()).rejects.toMatchObject({ code: 'would-overwrite', details: { paths: ['a'] } })
  expect(await scene()).toEqual(local)
  write('a', 'base\n')
  write('u', 'local\n')
  const untracked = await scene()
  await expect(pop()).rejects.toMatchObject({ code: 'would-overwrite', details: { paths: ['u'] } })
  expect(await scene()).toEqual(untracked)
  rmSync(join(top, 'a'))
  rmSync(join(top, 'u'))
  mkdirSync(join(top, 'a'))
  write('a/inside', 'would be lost\n')
  await expect(push()).rejects.toMatchObject({ code: 'would-overwrite', details: { paths: ['a/inside'] } })
  await push({ untracked: 'untracked' })
  expect(folderContent(top)).toEqual({ a: '644 base\n' })
})

test('--keep-index leaves what is staged; --staged takes just that', async () => {
  await changeAll()
  await push({ keepIndex: true })
  const kept = await scene()
  expect([kept.staged, kept.unstaged]).toEqual([['added', 'both', 'removed', 'staged'], []])
  expect(kept.files['both']).toBe('644 staged part\n')
  await dropStash(repository, undefined, by)
  write('edited', 'edited\n')
  await push({ stagedOnly: true })
  const rest = await scene()
  expect([rest.staged, rest.unstaged]).toEqual([[], []])
  await pop({ restoreIndex: true })
  expect((await scene()).staged).toEqual(['added', 'both', 'removed', 'staged'])
  write('both', 'changed since\n')
  await expect(push({ stagedOnly: true })).rejects.toMatchObject({
    code: 'would-overwrite',
    details: { paths: ['both'] },
  })
})

test('pathspecs take what they match, and nothing else', async () => {
  await changeAll()
  const pathspecs = parsePathspecs(['both', 'edited', 'untracked'], { worktree: top, cwd: top, isHistoric: true })
  const before = await scene()
  await push({ pathspecs, untracked: 'untracked' })
  const after = await scene()
  expect(after.staged).toEqual(['added', 'removed', 'staged'])
  expect(after.unstaged.map(({ path }) => path)).toEqual(['gone', 'link', 'mode'])
  expect(after.untracked).toEqual(['new/deep'])
  await pop()
  expect((await scene()).files).toEqual(before.files)
  const nothing = parsePathspecs(['nowhere'], { worktree: top, cwd: top })
  await expect(push({ pathspecs: nothing })).rejects.toMatchObject({ code: 'pathspec-unmatched' })
})

test('there may be nothing to put aside, or nothing to put it on', async () => {
  write('a', 'one\n')
  await expect(push({ untracked: 'untracked' })).rejects.toMatchObject({ code: 'nothing-to-stash-on' })
  await commitAll()
  write('u', 'untracked\n')
  expect(await push()).toBeUndefined()
  expect(await push({ stagedOnly: true })).toBeUndefined()
})

test('in the middle of something else it is refused, but for a rebase', async () => {
  write('a', 'base\n')
  const base = await commitAll()
  await switchTo(repository, { create: 'topic' }, by)
  write('a', 'theirs\n')
  await commitAll()
  await switchTo(repository, { create: 'ours', start: base.toString() }, by)
  write('a', 'ours\n')
  write('b', 'b\n')
  await commitAll()
  const { mainline, favour } = { mainline: undefined, favour: undefined }
  const options = { noCommit: false, recordsOrigin: false, empty: 'stop', redundant: 'stop', mainline, favour } as const
  await pickCommits(repository, 'cherry-pick', ['topic'], {
    ...options,
    command: 'pick',
    author: PERSON,
    committer: PERSON,
  })
  await expect(push()).rejects.toMatchObject({ code: 'index-unmerged' })
  write('a', 'both\n')
  await add(repository)
  await expect(push()).rejects.toMatchObject({ code: 'sequence-in-progress' })
})
