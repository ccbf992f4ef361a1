import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { encodeCommit } from '../../../src/model/commit/commit.ts'
import { EMPTY_DIRECTORY } from '../../../src/model/directory/directory.ts'
import { initRepository } from '../../../src/repo/init-repository.ts'
import { listOperations } from '../../../src/repo/operation/operation.ts'
import { createBranch, deleteBranch, renameBranch } from '../../../src/repo/refs/branch.ts'
import { createTag, deleteTag } from '../../../src/repo/refs/tag.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { resolveCommit } from '../../../src/repo/revision.ts'
import { updateRef } from '../../../src/repo/update-ref.ts'
import { commitIndex } from '../../../src/worktree/commit.ts'
import { movePaths } from '../../../src/worktree/move.ts'
import { parsePathspecs } from '../../../src/worktree/pathspec/pathspec.ts'
import { removePaths } from '../../../src/worktree/remove.ts'
import { resetTo } from '../../../src/worktree/reset/reset.ts'
import { restorePaths } from '../../../src/worktree/restore.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { redoLast, undoLast, type UndoOptions } from '../../../src/worktree/undo/undo.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { add, commitHere, openTestRepository, PERSON } from '../support/repository.ts'
import { readState } from './repository-state.ts'

let top: string
let repository: Repository
const by = { command: 'jzfs test', person: PERSON }
const write = (path: string, content = path): void => {
  mkdirSync(join(top, path, '..'), { recursive: true })
  writeFileSync(join(top, path), content)
}
const specs = (paths: readonly string[]) => parsePathspecs(paths, { worktree: top, cwd: top })
const undo = (options: Partial<UndoOptions> = {}) => undoLast(repository, { ...by, command: 'jzfs undo', ...options })
const redo = (options: Partial<UndoOptions> = {}) => redoLast(repository, { ...by, command: 'jzfs redo', ...options })
const switchBranch = (request: Parameters<typeof switchTo>[1], options = {}) =>
  switchTo(repository, request, { ...by, ...options })
const head = async () =>
  (await repository.refs.headCommit()) as NonNullable<Awaited<ReturnType<typeof repository.refs.headCommit>>>

beforeEach(async () => {
  top = temporaryFolder()
  const opened = await openTestRepository(top)
  repository = opened
  onTestFinished(() => opened.close())
  write('a')
  write('b/deep/x', 'x')
  write('b/y')
  write('run', '#!/bin/sh')
  chmodSync(join(top, 'run'), 0o755)
  symlinkSync('a', join(top, 'link'))
  mkdirSync(join(top, 'empty'))
  await add(repository)
  await commitHere(repository, 'first')
  await switchBranch({ create: 'other' })
  write('a', 'a of other')
  write('c/new')
  rmSync(join(top, 'b/y'))
  await add(repository)
  await commitHere(repository, 'second')
  await switchBranch({ branch: 'main' })
})

/** Every command that is undone, with what it needs. */
const COMMANDS: Record<string, { prepare?: () => unknown; run: () => Promise<unknown> }> = {
  commit: {
    prepare: async () => {
      write('a', 'changed')
      await add(repository)
    },
    run: () => commitHere(repository, 'third'),
  },
  'commit --amend': {
    run: () => commitIndex(repository, { ...by, message: 'better', author: PERSON, committer: PERSON, amend: true }),
  },
  'commit on a detached HEAD': {
    prepare: () => switchBranch({ detach: 'other' }),
    run: () => commitHere(repository),
  },
  switch: { run: () => switchBranch({ branch: 'other' }) },
  'switch with local changes': {
    prepare: async () => {
      write('run', 'mine')
      write('staged')
      await add(repository, ['staged'])
    },
    run: () => switchBranch({ branch: 'other' }),
  },
  'switch with files that are missing': {
    prepare: () => {
      rmSync(join(top, 'a'))
      rmSync(join(top, 'b/y'))
      mkdirSync(join(top, 'b/y'))
    },
    run: () => switchBranch({ branch: 'other' }),
  },
  'switch -c': { run: () => switchBranch({ create: 'new', start: 'other' }) },
  'switch -C': { run: () => switchBranch({ create: 'other', start: 'main', reset: true }) },
  'switch --orphan': { run: () => switchBranch({ orphan: 'nothing' }) },
  'switch --detach': { run: () => switchBranch({ detach: 'other' }) },
  'switch --discard-changes': {
    prepare: () => {
      write('a', 'mine')
      write('c', 'a file in the way')
      chmodSync(join(top, 'b/y'), 0o755)
    },
    run: () => switchBranch({ branch: 'other' }, { discardChanges: true }),
  },
  restore: {
    prepare: () => {
      write('a', 'mine')
      rmSync(join(top, 'b'), { recursive: true })
      rmSync(join(top, 'link'))
      write('link/is/a/folder')
    },
    run: () => restorePaths(repository, specs(['.']), { ...by, staged: false, worktree: true, force: true }),
  },
  'restore --staged': {
    prepare: async () => {
      write('a', 'staged')
      write('new')
      await add(repository)
      write('a', 'and more')
    },
    run: () => restorePaths(repository, specs(['.']), { ...by, staged: true, worktree: false }),
  },
  'restore --source': {
    run: () => restorePaths(repository, specs(['.']), { ...by, staged: true, worktree: true, source: 'other' }),
  },
  rm: { run: () => removePaths(repository, specs(['b', 'run']), { ...by, recursive: true }) },
  'rm -f': {
    prepare: () => write('a', 'changed here'),
    run: () => removePaths(repository, specs(['a', 'link']), { ...by, force: true }),
  },
  'rm --cached': { run: () => removePaths(repository, specs(['a']), { ...by, cached: true }) },
  mv: {
    prepare: () => write('b/untracked'),
    run: () => movePaths(repository, ['b'], 'empty', by),
  },
  'mv to another name': { run: () => movePaths(repository, ['b/deep/x'], 'x', by) },
  'mv -f over a changed file': {
    prepare: () => write('run', 'changed before it was replaced'),
    run: () => movePaths(repository, ['a'], 'run', { ...by, force: true }),
  },
  branch: { run: async () => createBranch(repository, { name: 'new', commit: await head(), from: 'HEAD' }, by) },
  'branch -f': {
    run: async () => createBranch(repository, { name: 'other', commit: await head(), from: 'HEAD', force: true }, by),
  },
  'branch -D': { run: () => deleteBranch(repository, { name: 'other', force: true }, by) },
  'branch -m': { run: () => renameBranch(repository, { before: 'main', after: 'renamed' }, by) },
  'branch -M': { run: () => renameBranch(repository, { before: 'main', after: 'other', force: true }, by) },
  tag: { run: async () => createTag(repository, { name: 'v1', object: await head(), message: 'one' }, by) },
  'tag -d': {
    prepare: async () => createTag(repository, { name: 'v1', object: await head() }, by),
    run: () => deleteTag(repository, 'v1', by),
  },
  'update-ref': {
    run: async () =>
      updateRef(
        repository,
        { name: 'refs/heads/main', after: await resolveCommit(repository, 'other'), message: 'moved' },
        by,
      ),
  },
  'reset --soft': { run: () => resetTo(repository, { ...by, revision: 'other', mode: 'soft' }) },
  'reset --mixed': {
    prepare: async () => {
      write('new')
      await add(repository)
    },
    run: () => resetTo(repository, { ...by, revision: 'other', mode: 'mixed' }),
  },
  'reset --hard': {
    prepare: async () => {
      write('new')
      await add(repository)
      write('a', 'mine')
    },
    run: () => resetTo(repository, { ...by, revision: 'other', mode: 'hard' }),
  },
}

const logOf = async (name: string) =>
  Array.fromAsync(repository.refs.log(name), ({ message, after }) => `${message} ${after?.toString()}`)

describe('refs, HEAD, index and files are as before the command, and after a redo as after it', () => {
  test.for(Object.keys(COMMANDS))('%s', async (name) => {
    const { prepare, run } = COMMANDS[name] as (typeof COMMANDS)[string]
    await prepare?.()
    const before = await readState(repository)
    const logs = await logOf('refs/heads/other')
    await run()
    const after = await readState(repository)
    expect(after).not.toEqual(before)
    expect(await undo()).toMatchObject({ left: [], failed: [], discarded: [], lost: [] })
    expect(await readState(repository)).toEqual(before)
    expect((await logOf('refs/heads/other')).slice(-logs.length)).toEqual(logs)
    expect(await redo()).toMatchObject({ left: [], failed: [], discarded: [], lost: [] })
    expect(await readState(repository)).toEqual(after)
    await expect(redo()).rejects.toMatchObject({ code: 'nothing-to-redo' })
  })
})

test('several undos go back one after the other, to the beginning; a new command makes redo empty', async () => {
  const states = [await readState(repository)]
  write('a', 'two')
  await add(repository, ['a'])
  await commitHere(repository)
  await createBranch(repository, { name: 'new', commit: await head(), from: 'HEAD' }, by)
  await switchBranch({ branch: 'other' })
  states.push(await readState(repository))
  expect((await undo()).files.toSorted()).toEqual(['a', 'b/y', 'c/new'])
  for (let count = 0; count < 2; count++) await undo()
  expect((await readState(repository)).refs).toEqual(states[0]?.refs)
  for (let count = 0; count < 3; count++) await redo()
  expect(await readState(repository)).toEqual(states[1])
  await undo()
  await createBranch(repository, { name: 'another', commit: await head(), from: 'HEAD' }, by)
  await expect(redo()).rejects.toMatchObject({ code: 'nothing-to-redo' })
  for (let count = 0; count < 7; count++) await undo({ force: true })
  await expect(undo()).rejects.toMatchObject({ code: 'nothing-to-undo' })
  expect([await repository.refs.list(), await repository.refs.headCommit()]).toEqual([[], undefined])
})

test('a file that was changed since is refused by name; --force keeps it', async () => {
  await switchBranch({ branch: 'other' })
  write('a', 'my work')
  write('b/y', 'mine too')
  write('c/new', 'c/new')
  const before = await readState(repository)
  await expect(undo()).rejects.toMatchObject({ code: 'would-overwrite', details: { paths: ['a', 'b/y'] } })
  await expect(undo({ dryRun: true })).rejects.toMatchObject({ code: 'would-overwrite' })
  expect(await readState(repository)).toEqual(before)
  expect((await undo({ force: true })).discarded).toEqual(['a', 'b/y'])
  expect(readFileSync(join(top, 'a'), 'utf8')).toBe('a')
  await redo()
  expect(await readState(repository)).toEqual(before)
})

test('what somebody put where files are to come back is refused, too', async () => {
  await switchBranch({ branch: 'other' })
  rmSync(join(top, 'b'), { recursive: true })
  write('b', 'a file now')
  await expect(undo()).rejects.toMatchObject({ code: 'would-overwrite', details: { paths: ['b'] } })
  await undo({ force: true })
  expect(readFileSync(join(top, 'b/y'), 'utf8')).toBe('b/y')
})

test('an undo with --dry-run says what it would do, and does nothing', async () => {
  await switchBranch({ branch: 'other' })
  const before = await readState(repository)
  const count = (await Array.fromAsync(listOperations(repository))).length
  expect(await undo({ dryRun: true })).toMatchObject({ index: true, command: { command: 'jzfs test' } })
  expect(await readState(repository)).toEqual(before)
  expect(await Array.fromAsync(listOperations(repository))).toHaveLength(count)
})

test('a ref that moved since by something that is not undone is named', async () => {
  await createBranch(repository, { name: 'new', commit: await head(), from: 'HEAD' }, by)
  writeFileSync(
    join(repository.layout.refs, 'heads/new.ref'),
    `${(await resolveCommit(repository, 'other')).toString()}\n`,
  )
  await expect(undo()).rejects.toMatchObject({ code: 'ref-changed', details: { ref: 'refs/heads/new' } })
})

test('what was too much to be kept is not brought back, and said', async () => {
  await repository.config.set('undo.maxSize', '3', 'repository')
  write('a', 'too long')
  write('b/y', 'too long as well')
  await restorePaths(repository, specs(['.']), { ...by, staged: false, worktree: true, force: true })
  await expect(undo()).rejects.toMatchObject({
    code: 'cannot-be-undone',
    details: { reason: 'not-kept', paths: ['a', 'b/y'] },
  })
})

test('where the entry has expired it says so', async () => {
  await switchBranch({ branch: 'other' })
  for (const number of [1, 2, 3, 4, 5, 6]) rmSync(join(repository.layout.ops, '0', `${number}.json`), { force: true })
  await undo()
  await expect(undo()).rejects.toMatchObject({ code: 'cannot-be-undone', details: { reason: 'expired', operation: 6 } })
})

test('after an undo nothing looks changed, and no file is hashed again', async () => {
  await switchBranch({ branch: 'other' })
  await undo()
  const { staged, unstaged, untracked } = await readStatus(repository)
  expect([staged, unstaged, untracked]).toEqual([[], [], []])
})

test('an undo of what changed nothing is an undo, too: the next goes further back', async () => {
  await switchBranch({ branch: 'other' })
  await resetTo(repository, { ...by, command: 'jzfs reset', mode: 'hard' })
  expect((await undo()).command).toMatchObject({ command: 'jzfs reset' })
  expect((await undo()).head?.after).toEqual({ branch: 'refs/heads/main' })
  expect((await redo()).head?.after).toEqual({ branch: 'refs/heads/other' })
  expect((await redo()).command).toMatchObject({ command: 'jzfs reset' })
})

test('what was removed, or put back, since a command is as somebody left it after undo and redo', async () => {
  await switchBranch({ branch: 'other' })
  rmSync(join(top, 'c'), { recursive: true })
  write('b/y')
  const before = await readState(repository)
  expect((await undo()).files.toSorted()).toEqual(['a'])
  await redo()
  expect(await readState(repository)).toEqual(before)
})

test('in a bare repository refs go back', async () => {
  const bare = await initRepository(temporaryFolder(), { bare: true })
  onTestFinished(() => bare.close())
  const commit = encodeCommit({
    tree: EMPTY_DIRECTORY.cid,
    parents: [],
    author: PERSON,
    committer: PERSON,
    message: '',
  })
  const pack = await bare.store.createPack()
  pack.add(EMPTY_DIRECTORY)
  pack.add(commit)
  await pack.finish()
  await updateRef(bare, { name: 'refs/heads/main', after: commit.cid, message: 'first' }, by)
  await createBranch(bare, { name: 'new', commit: commit.cid, from: 'main' }, by)
  expect(await undoLast(bare, by)).toMatchObject({ files: [], index: false, refs: [{ name: 'refs/heads/new' }] })
  expect((await bare.refs.list()).map(({ name }) => name)).toEqual(['refs/heads/main'])
  await redoLast(bare, by)
  expect((await bare.refs.list()).map(({ name }) => name)).toEqual(['refs/heads/main', 'refs/heads/new'])
})
