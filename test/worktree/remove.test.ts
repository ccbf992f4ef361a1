import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { beforeEach, expect, onTestFinished, test } from 'vitest'

import type { Repository } from '../../src/repo/repository.ts'
import { openIndex } from '../../src/worktree/index/open-index.ts'
import { parsePathspecs } from '../../src/worktree/pathspec/pathspec.ts'
import { removePaths, type RemoveOptions } from '../../src/worktree/remove.ts'
import { temporaryFolder } from '../support/repository.ts'
import { folderContent } from './support/folder-content.ts'
import { add, commitHere, openTestRepository, PERSON } from './support/repository.ts'

let top: string
let repository: Repository
const write = (path: string, content: string | Uint8Array = path): void => {
  mkdirSync(join(top, path, '..'), { recursive: true })
  writeFileSync(join(top, path), content)
}
const remove = (paths: readonly string[], options: Partial<RemoveOptions> = {}) =>
  removePaths(repository, parsePathspecs(paths, { worktree: top, cwd: top }), {
    command: 'jzfs rm',
    person: PERSON,
    ...options,
  })
const tracked = async (): Promise<string[]> => Array.from((await openIndex(repository)).entries(), ({ path }) => path)

beforeEach(async () => {
  top = temporaryFolder()
  const opened = await openTestRepository(top)
  repository = opened
  onTestFinished(() => opened.close())
  for (const path of ['a', 'd/x', 'd/y', 'e/f/g']) write(path)
  mkdirSync(join(top, 'empty'))
  await add(repository)
  await commitHere(repository)
})

test('removes files from index and disk, and folders that become empty', async () => {
  expect((await remove(['a', 'e/f/g', 'empty'])).removed).toEqual(['a', 'e/f/g', 'empty'])
  expect(await tracked()).toEqual(['d/x', 'd/y'])
  expect(folderContent(top)).toEqual({ 'd/x': '644 d/x', 'd/y': '644 d/y' })
})

test('a folder goes only with -r, and untracked files in it stay', async () => {
  write('d/untracked')
  await expect(remove(['d'])).rejects.toMatchObject({ code: 'recursive-needed' })
  expect((await remove(['d/*'], { dryRun: true })).removed).toEqual(['d/x', 'd/y'])
  await remove(['d'], { recursive: true })
  expect(await tracked()).toEqual(['a', 'e/f/g', 'empty'])
  expect(folderContent(top)).toMatchObject({ 'd/untracked': '644 d/untracked' })
  await remove(['.'], { recursive: true })
  expect(folderContent(top)).toEqual({ 'd/untracked': '644 d/untracked' })
})

test('local and staged changes are refused without -f, and kept with it', async () => {
  write('a', 'changed')
  write('d/x', 'staged')
  await add(repository, ['d/x'])
  await expect(remove(['a'])).rejects.toMatchObject({ code: 'local-changes', details: { modified: ['a'], staged: [] } })
  await expect(remove(['d/x'])).rejects.toMatchObject({ details: { modified: [], staged: ['d/x'] } })
  expect(await tracked()).toHaveLength(5)
  const { discarded } = await remove(['a', 'd/x'], { force: true })
  expect(discarded).toEqual(['a'])
  expect(folderContent(top)).toEqual({ 'd/y': '644 d/y', 'e/f/g': '644 e/f/g', empty: 'empty folder' })
})

test('--cached keeps the file, unless what is staged would be lost', async () => {
  write('a', 'changed')
  write('d/x', 'staged')
  await add(repository, ['d/x'])
  await remove(['a', 'd/x'], { cached: true })
  expect(await tracked()).toEqual(['d/y', 'e/f/g', 'empty'])
  expect(folderContent(top)).toMatchObject({ a: '644 changed', 'd/x': '644 staged' })
  write('d/y', 'staged')
  await add(repository, ['d/y'])
  write('d/y', 'and changed')
  await expect(remove(['d/y'], { cached: true })).rejects.toMatchObject({ code: 'local-changes' })
  await remove(['d/y'], { cached: true, force: true })
  expect(await tracked()).toEqual(['e/f/g', 'empty'])
})

test('a file that is gone already leaves the index; what matches nothing is refused', async () => {
  rmSync(join(top, 'd'), { recursive: true })
  expect((await remove(['d/x'])).removed).toEqual(['d/x'])
  await expect(remove(['nope'])).rejects.toMatchObject({ code: 'pathspec-unmatched' })
  expect((await remove(['nope'], { ignoreUnmatch: true })).removed).toEqual([])
})

test('with -f a file goes that is too large to be kept', async () => {
  await repository.config.set('undo.maxSize', '10', 'repository')
  write('a', 'x'.repeat(20))
  expect(await remove(['a'], { force: true })).toMatchObject({ removed: ['a'], discarded: [], left: [] })
  expect(folderContent(top)).not.toHaveProperty('a')
})
