import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { listOperations } from '../../src/repo/operation/operation.ts'
import { openRepository, type Repository } from '../../src/repo/repository.ts'
import { statAt } from '../../src/worktree/checkout/found-content.ts'
import { movePaths as moveFiles } from '../../src/worktree/checkout/move-paths.ts'
import { worktreeStep } from '../../src/worktree/checkout/worktree-step.ts'
import { openIndex } from '../../src/worktree/index/open-index.ts'
import { movePaths, type MoveOptions } from '../../src/worktree/move.ts'
import { plainPath } from '../../src/worktree/pathspec/pathspec.ts'
import { readStatus } from '../../src/worktree/status/status.ts'
import { temporaryFolder } from '../support/repository.ts'
import { folderContent } from './support/folder-content.ts'
import { add, commitHere, openTestRepository, PERSON } from './support/repository.ts'

let top: string
let repository: Repository
const write = (path: string, content: string | Uint8Array = path): void => {
  mkdirSync(join(top, path, '..'), { recursive: true })
  writeFileSync(join(top, path), content)
}
const move = (sources: readonly string[], destination: string, options: Partial<MoveOptions> = {}) =>
  movePaths(repository, sources, destination, { command: 'jzfs mv', person: PERSON, ...options })
const tracked = async (): Promise<string[]> => Array.from((await openIndex(repository)).entries(), ({ path }) => path)

beforeEach(async () => {
  top = temporaryFolder()
  const opened = await openTestRepository(top)
  repository = opened
  onTestFinished(() => opened.close())
  for (const path of ['a', 'b', 'd/x', 'd/deep/y', 'e/z']) write(path)
  await add(repository)
  await commitHere(repository)
})

test('renames a file, and needs no hashing after', async () => {
  await new Promise((resolve) => setTimeout(resolve, 20))
  await readStatus(repository)
  await move(['a'], 'c')
  expect(await tracked()).toEqual(['b', 'c', 'd/deep/y', 'd/x', 'e/z'])
  expect(folderContent(top)).toMatchObject({ c: '644 a' })
  const { staged, unstaged } = await readStatus(repository)
  expect(staged).toMatchObject([{ from: 'a', path: 'c' }])
  expect(unstaged).toEqual([])
})

test('a folder goes with what is untracked in it, into another or to a new name', async () => {
  write('d/untracked')
  await move(['d'], 'e')
  expect(await tracked()).toEqual(['a', 'b', 'e/d/deep/y', 'e/d/x', 'e/z'])
  expect(folderContent(top)).toMatchObject({ 'e/d/untracked': '644 d/untracked' })
  await move(['e'], 'f')
  expect(await tracked()).toEqual(['a', 'b', 'f/d/deep/y', 'f/d/x', 'f/z'])
  expect((await readStatus(repository)).unstaged).toEqual([])
})

test('several go into a folder; local changes go along; a folder that becomes empty goes', async () => {
  write('a', 'changed')
  await move(['a', 'd/deep/y'], 'e')
  expect(folderContent(top)).toEqual({
    b: '644 b',
    'd/x': '644 d/x',
    'e/a': '644 changed',
    'e/y': '644 d/deep/y',
    'e/z': '644 e/z',
  })
  expect((await readStatus(repository)).unstaged).toEqual([{ path: 'e/a', difference: 'modified' }])
})

test('writes over a file only with -f, and keeps what that held', async () => {
  write('b', 'my b')
  await expect(move(['a'], 'b')).rejects.toMatchObject({ code: 'destination-exists' })
  const { discarded } = await move(['a'], 'b', { force: true })
  expect(discarded).toEqual(['b'])
  expect(await tracked()).toEqual(['b', 'd/deep/y', 'd/x', 'e/z'])
  expect(folderContent(top)).toMatchObject({ b: '644 a' })
  const [last] = await Array.fromAsync(listOperations(repository))
  const kept = last?.discarded[0]?.cid as NonNullable<typeof last>['discarded'][0]['cid']
  expect(Buffer.from(await repository.store.get(kept)).toString()).toBe('my b')
  await expect(move(['d'], 'e/z', { force: true })).rejects.toMatchObject({ code: 'destination-exists' })
})

test.for([
  ['not-tracked', ['new'], 'c'],
  ['path-missing', ['nope'], 'c'],
  ['move-into-itself', ['d'], 'd/deep'],
  ['move-into-itself', ['a'], 'a'],
  ['destination-missing', ['a'], 'no/such'],
  ['not-a-directory', ['a', 'b'], 'c'],
  ['sources-overlap', ['d', 'd/x'], 'e'],
  ['name-reserved', ['a'], '.JZFS'],
] as const)('refuses: %s (%j to %s)', async ([code, sources, destination]) => {
  write('new')
  const before = folderContent(top)
  await expect(move(sources, destination)).rejects.toMatchObject({ code })
  expect(folderContent(top)).toEqual(before)
})

test('-k leaves out what cannot be moved, -n moves nothing', async () => {
  const { moved, errors } = await move(['a', 'nope', 'b'], 'e', { skipErrors: true, dryRun: true })
  expect(moved).toEqual([
    { from: 'a', to: 'e/a' },
    { from: 'b', to: 'e/b' },
  ])
  expect(errors).toMatchObject([{ code: 'path-missing' }])
  expect(await tracked()).toContain('a')
})

test('a path outside the repository or beyond a symlink is none', () => {
  symlinkSync('d', join(top, 'link'))
  const base = { worktree: top, cwd: top }
  expect(() => plainPath('../x', base)).toThrow(expect.objectContaining({ code: 'path-outside-repository' }))
  expect(() => plainPath('link/x', base)).toThrow(expect.objectContaining({ code: 'path-beyond-symlink' }))
})

describe('a move that is done again after a crash', () => {
  const renames = () => [{ from: 'a', to: 'c', inode: statAt(join(top, 'a'))?.ino as bigint }]
  const never = () => false

  test('before the file was moved', () => {
    expect(moveFiles(top, renames(), never).left).toEqual([])
    expect(folderContent(top)).toMatchObject({ c: '644 a' })
  })

  test('after it, with something new at the old path', () => {
    const all = renames()
    renameSync(join(top, 'a'), join(top, 'c'))
    write('a', 'new')
    expect(moveFiles(top, all, never).left).toEqual([])
    expect(folderContent(top)).toMatchObject({ a: '644 new', c: '644 a' })
  })

  test('with something new at the new path', () => {
    write('c', 'new')
    expect(moveFiles(top, renames(), never).left).toEqual(['a'])
    expect(folderContent(top)).toMatchObject({ a: '644 a', c: '644 new' })
  })

  test('after the moved file was edited, or is gone', () => {
    const all = renames()
    renameSync(join(top, 'a'), join(top, 'c'))
    write('c', 'edited')
    expect(moveFiles(top, all, never).left).toEqual([])
    expect(folderContent(top)).toMatchObject({ c: '644 edited' })
    rmSync(join(top, 'c'))
    expect(moveFiles(top, all, never).left).toEqual(['a'])
  })

  test('the whole operation, from its entry', async () => {
    const again = await openRepository(top, {
      worktreeStep: async (entry, opened) => void (await worktreeStep(entry, opened)),
    })
    onTestFinished(() => again.close())
    const before = await openIndex(repository)
    await move(['d'], 'moved')
    const [entry] = await Array.fromAsync(listOperations(repository))
    renameSync(join(top, 'moved'), join(top, 'd'))
    renameSync(join(repository.layout.ops, '0', `${entry?.number}.json`), repository.layout.pending)
    expect(before.find('d/x')).not.toBe(-1)
    ;(await again.lock('test')).release()
    expect(folderContent(top)).toHaveProperty(['moved/x'])
    expect(await tracked()).toContain('moved/x')
  })
})
