import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { beforeEach, expect, onTestFinished, test } from 'vitest'

import { listOperations } from '../../src/repo/operation/operation.ts'
import type { Repository } from '../../src/repo/repository.ts'
import { verifyReachable } from '../../src/repo/verify.ts'
import { parsePathspecs } from '../../src/worktree/pathspec/pathspec.ts'
import { restorePaths, type RestoreOptions } from '../../src/worktree/restore.ts'
import { readStatus } from '../../src/worktree/status/status.ts'
import { temporaryFolder } from '../support/repository.ts'
import { folderContent, removeEmptyFolders, withoutEmpty } from './support/folder-content.ts'
import { git } from './support/git.ts'
import { editRandomly } from './support/random-edits.ts'
import { add, commitHere, openTestRepository, PERSON } from './support/repository.ts'
import { createSeededRandom } from './support/seeded-random.ts'

let top: string
let repository: Repository
const write = (path: string, content: string | Uint8Array = path): void => {
  mkdirSync(join(top, path, '..'), { recursive: true })
  writeFileSync(join(top, path), content)
}
const restore = (paths: readonly string[], options: Partial<RestoreOptions> = {}) =>
  restorePaths(repository, parsePathspecs(paths, { worktree: top, cwd: top, isHistoric: true }), {
    command: 'jzfs restore',
    person: PERSON,
    staged: false,
    worktree: options.staged !== true,
    ...options,
  })
const short = async (): Promise<string[]> => {
  const { staged, unstaged, untracked } = await readStatus(repository, { renames: false, untracked: 'all' })
  return [...staged.map(({ path }) => `staged ${path}`), ...unstaged.map(({ path }) => `changed ${path}`), ...untracked]
}

beforeEach(async () => {
  top = temporaryFolder()
  const opened = await openTestRepository(top)
  repository = opened
  onTestFinished(() => opened.close())
})

test('brings files back from the index, and keeps what they held', async () => {
  for (const path of ['a', 'd/x', 'd/y', 'e']) write(path)
  await add(repository)
  write('a', 'mine')
  write('d/x', 'my x')
  rmSync(join(top, 'd/y'))
  write('d/new')
  write('e', 'my e')
  const { files, discarded } = await restore(['a', 'd'])
  expect([files, discarded]).toEqual([
    ['a', 'd/x', 'd/y'],
    ['a', 'd/x'],
  ])
  expect(folderContent(top)).toEqual({
    a: '644 a',
    'd/x': '644 d/x',
    'd/y': '644 d/y',
    'd/new': '644 d/new',
    e: '644 my e',
  })
  const [last] = await Array.fromAsync(listOperations(repository))
  expect(last?.discarded.map(({ path }) => path)).toEqual(['a', 'd/x'])
  const kept = last?.discarded[0]?.cid as NonNullable<typeof last>['discarded'][0]['cid']
  expect(Buffer.from(await repository.store.get(kept)).toString()).toBe('mine')
})

test('with nothing to restore it does nothing', async () => {
  write('a')
  await add(repository)
  const count = (await Array.fromAsync(listOperations(repository))).length
  expect(await restore(['.'])).toMatchObject({ files: [], staged: [] })
  expect(await Array.fromAsync(listOperations(repository))).toHaveLength(count)
})

test('--staged takes paths back to the last commit, files stay', async () => {
  write('a')
  write('gone')
  await add(repository)
  await commitHere(repository)
  write('a', 'changed')
  write('new')
  rmSync(join(top, 'gone'))
  await add(repository)
  expect((await restore(['.'], { staged: true })).staged).toEqual(['a', 'gone', 'new'])
  expect(await short()).toEqual(['changed a', 'changed gone', 'new'])
  expect(folderContent(top)).toEqual({ a: '644 changed', new: '644 new' })
})

test('--staged on a branch without commits removes from the index', async () => {
  write('a')
  write('b')
  await add(repository)
  await restore(['a'], { staged: true })
  expect(await short()).toEqual(['staged b', 'a'])
})

test('--source takes what another commit has, and removes what it has not', async () => {
  write('a', 'old')
  write('only-old')
  await add(repository)
  await commitHere(repository)
  write('a', 'new')
  write('only-new')
  rmSync(join(top, 'only-old'))
  await add(repository)
  await commitHere(repository)
  write('untracked')
  await restore(['.'], { source: 'HEAD~1' })
  expect(folderContent(top)).toEqual({ a: '644 old', 'only-old': '644 only-old', untracked: '644 untracked' })
  expect(await short()).toEqual(['changed a', 'changed only-new', 'only-old', 'untracked'])
  write('only-old', 'mine')
  await expect(restore(['.'], { staged: true, worktree: true, source: 'HEAD~1' })).rejects.toMatchObject({
    code: 'would-overwrite',
    details: { paths: ['only-old'] },
  })
  await restore(['.'], { staged: true, worktree: true, source: 'HEAD~1', force: true })
  expect(await short()).toEqual(['staged a', 'staged only-new', 'staged only-old', 'untracked'])
})

test('untracked files in the way go only with --force, and are kept', async () => {
  write('a')
  write('d/x')
  await add(repository)
  rmSync(join(top, 'a'))
  rmSync(join(top, 'd'), { recursive: true })
  write('a/mine')
  mkdirSync(join(top, 'a/empty'))
  symlinkSync('/nowhere', join(top, 'd'))
  const before = folderContent(top)
  await expect(restore(['.'])).rejects.toMatchObject({ code: 'would-overwrite', details: { paths: ['a/mine', 'd'] } })
  expect(folderContent(top)).toEqual(before)
  expect((await restore(['.'], { force: true })).discarded).toEqual(['a/mine', 'd'])
  expect(folderContent(top)).toEqual({ a: '644 a', 'd/x': '644 d/x' })
})

test('an untracked file that is what it shall be is not in the way', async () => {
  write('a')
  await add(repository)
  await commitHere(repository)
  await restore(['a'], { source: 'HEAD~0' })
  rmSync(join(top, 'a'))
  await add(repository)
  write('a')
  expect(await restore(['a'], { staged: true, worktree: true })).toMatchObject({
    staged: ['a'],
    files: [],
    discarded: [],
  })
  expect(await short()).toEqual([])
})

test('what is named must be there, and what is discarded must fit', async () => {
  write('a', 'small')
  await add(repository)
  await expect(restore(['b'])).rejects.toMatchObject({ code: 'pathspec-unmatched' })
  await expect(restore(['a'], { source: 'nope' })).rejects.toMatchObject({ code: 'revision-not-found' })
  await repository.config.set('undo.maxSize', '10', 'repository')
  write('a', 'x'.repeat(11))
  await expect(restore(['a'])).rejects.toMatchObject({ code: 'cannot-be-undone' })
  await restore(['a'], { force: true })
  expect(folderContent(top)).toEqual({ a: '644 small' })
  expect(existsSync(repository.layout.pending)).toBe(false)
})

test('restores what git restores, through random edits', { timeout: 60_000 }, async () => {
  let restored = 0
  for (let seed = 1; seed <= 15; seed++) {
    const theirs = temporaryFolder()
    const ours = temporaryFolder()
    await using opened = await openTestRepository(ours)
    ;[top, repository] = [ours, opened]
    git(theirs, ['init', '-q'])
    for (let step = 0; step < 3; step++) {
      for (const folder of [ours, theirs]) {
        const random = createSeededRandom(seed * 10 + step)
        for (let edits = 8; edits > 0; edits--) editRandomly(folder, random)
        removeEmptyFolders(folder)
      }
      if (step === 2) break
      git(theirs, ['add', '-A'])
      git(theirs, ['commit', '-q', '--allow-empty', '-m', 'c'])
      await add(repository)
      await commitHere(repository)
    }
    const source = seed % 2 === 0 ? 'HEAD~1' : undefined
    const both = seed % 3 === 0
    const flags = [...(source === undefined ? [] : ['--source', source]), ...(both ? ['--staged', '--worktree'] : [])]
    const result = await restore(['.'], { source, staged: both, worktree: true, force: true })
    git(theirs, ['restore', ...flags, '.'])
    restored += result.files.length
    expect(withoutEmpty(folderContent(ours)), `seed ${seed}`).toEqual(folderContent(theirs))
  }
  expect(restored).toBeGreaterThan(30)
})

test('what is committed after staged entries were restored is stored whole', async () => {
  for (const path of ['a/x', 'b/y']) write(path, 'one')
  await add(repository)
  await commitHere(repository)
  for (const path of ['a/x', 'b/y']) write(path, 'two')
  await add(repository)
  await restore(['b/y'], { staged: true })
  const { cid } = await commitHere(repository)
  expect(await Array.fromAsync(verifyReachable(repository.store, [{ cid, revision: 'HEAD' }]))).toEqual([])
})
