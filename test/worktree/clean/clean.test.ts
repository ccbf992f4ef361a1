import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { beforeEach, expect, onTestFinished, test } from 'vitest'

import { listOperations } from '../../../src/repo/operation/operation.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { cleanWorktree, type CleanOptions } from '../../../src/worktree/clean/clean.ts'
import { undoLast } from '../../../src/worktree/undo/undo.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { folderContent } from '../support/folder-content.ts'
import { add, commitHere, openTestRepository, PERSON } from '../support/repository.ts'

let top: string
let repository: Repository

const write = (path: string, content = path): void => {
  mkdirSync(join(top, path, '..'), { recursive: true })
  writeFileSync(join(top, path), content)
}
const clean = (options: Partial<CleanOptions> = {}) =>
  cleanWorktree(repository, {
    command: 'clean',
    person: PERSON,
    pathspecs: [],
    directories: true,
    ignored: 'keep',
    exclude: [],
    ...options,
  })
const undo = () => undoLast(repository, { command: 'undo', person: PERSON })

beforeEach(async () => {
  top = temporaryFolder()
  const opened = await openTestRepository(top)
  repository = opened
  onTestFinished(() => opened.close())
  write('tracked/file')
  await add(repository)
  await commitHere(repository)
})

test('files, executables, symlinks and empty folders go, and come back', async () => {
  write('new/run', '#!/bin/sh')
  chmodSync(join(top, 'new/run'), 0o755)
  symlinkSync('../tracked', join(top, 'new/link'))
  mkdirSync(join(top, 'tracked/empty/deep'), { recursive: true })
  write('tracked/other')
  const before = folderContent(top)
  const cleaned = await clean()
  expect(cleaned).toMatchObject({ removed: ['new/', 'tracked/empty/', 'tracked/other'], files: 3, isKept: true })
  expect(folderContent(top)).toEqual({ 'tracked/file': before['tracked/file'] })
  await undo()
  expect(folderContent(top)).toEqual(before)
})

test('a folder with tracked files stays, also where it becomes empty', async () => {
  write('tracked/deep/new')
  rmSync(join(top, 'tracked/file'))
  write('tracked/other')
  const before = folderContent(top)
  expect((await clean()).removed).toEqual(['tracked/deep/', 'tracked/other'])
  expect(folderContent(top)).toEqual({ tracked: 'empty folder' })
  await undo()
  expect(folderContent(top)).toEqual(before)
})

test('the folder that the user stands in stays', async () => {
  write('new/deep/file')
  mkdirSync(join(top, 'empty'))
  expect((await clean({ standing: 'empty' })).removed).toEqual(['new/'])
  await undo()
  expect((await clean({ standing: 'new/deep' })).removed).toEqual(['empty/', 'new/deep/file'])
  expect(folderContent(top)).toMatchObject({ 'new/deep': 'empty folder' })
})

test('repositories and special files stay, and go for good with force', async () => {
  write('new/git/.git/HEAD')
  write('new/git/file')
  write('new/ours/.jzfs/HEAD')
  write('new/ours/file')
  write('.git/HEAD')
  write('tracked/.git/HEAD')
  execFileSync('mkfifo', [join(top, 'new/pipe')])
  execFileSync('bash', ['-c', `echo > '${top}/new/'$'\\xff'`])
  write('new/file')
  const { removed, skipped } = await clean()
  expect(removed).toEqual(['new/file'])
  expect(skipped.map(({ path }) => path).sort()).toEqual(['new/git', 'new/ours', 'new/pipe', 'new/\ufffd'])
  expect(existsSync(join(top, 'new/git/file'))).toBe(true)
  expect(await clean({ force: true })).toMatchObject({ removed: ['new/'], skipped: [], failed: [], files: 0 })
  expect(existsSync(join(top, 'new'))).toBe(false)
  expect([existsSync(join(top, '.git/HEAD')), existsSync(join(top, 'tracked/.git/HEAD'))]).toEqual([true, true])
})

test('more than undo.maxSize is refused before anything is removed, and goes for good with force', async () => {
  await repository.config.set('undo.maxSize', '3', 'repository')
  write('new/big', '1234')
  write('new/small', '1')
  const before = folderContent(top)
  await expect(clean()).rejects.toMatchObject({ code: 'cannot-be-undone', details: { sizeBytes: 5, maxBytes: 3 } })
  expect(await clean({ dryRun: true })).toMatchObject({ removed: ['new/'], isKept: false })
  expect(folderContent(top)).toEqual(before)
  expect(await clean({ force: true })).toMatchObject({ removed: ['new/'], isKept: false, failed: [], left: [] })
  expect(existsSync(join(top, 'new'))).toBe(false)
  await expect(undo()).rejects.toMatchObject({ code: 'cannot-be-undone', details: { reason: 'not-kept' } })
})

test('without folders only what lies beside tracked files goes; a folder in which all is ignored is ignored', async () => {
  write('.jzfs/info/exclude', '*.o\nbuild/\n')
  for (const path of ['a.o', 'top', 'tracked/new', 'new/file', 'new/b.o', 'build/c', 'tracked/build/d']) write(path)
  const plan = async (options: Partial<CleanOptions>) => (await clean({ dryRun: true, ...options })).removed
  expect(await plan({ directories: false })).toEqual(['top', 'tracked/new'])
  expect(await plan({})).toEqual(['new/file', 'top', 'tracked/new'])
  expect(await plan({ directories: false, ignored: 'too' })).toEqual(['a.o', 'top', 'tracked/new'])
  expect(await plan({ ignored: 'too' })).toEqual(['a.o', 'build/', 'new/', 'top', 'tracked/build/', 'tracked/new'])
  expect(await plan({ directories: false, ignored: 'only' })).toEqual(['a.o', 'new/b.o'])
  expect(await plan({ ignored: 'only' })).toEqual(['a.o', 'build/', 'new/b.o', 'tracked/build/'])
  expect(await plan({ exclude: ['/new', 'to?'] })).toEqual(['tracked/new'])
})

test('nothing to remove is no operation, and a dry run takes no lock', async () => {
  const count = async () => (await Array.fromAsync(listOperations(repository))).length
  const before = await count()
  expect((await clean()).removed).toEqual([])
  write('new')
  const { mtimeMs } = statSync(join(top, 'new'))
  using _lock = await repository.lock('another')
  expect((await clean({ dryRun: true })).removed).toEqual(['new'])
  expect(statSync(join(top, 'new')).mtimeMs).toBe(mtimeMs)
  expect(readFileSync(join(top, 'new'), 'utf8')).toBe('new')
  expect(await count()).toBe(before)
})
