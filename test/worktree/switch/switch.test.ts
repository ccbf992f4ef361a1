import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import type { ConflictError } from '../../../src/model/errors.ts'
import { listOperations } from '../../../src/repo/operation/operation.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { resolveCommit } from '../../../src/repo/revision.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import type { SwitchRequest } from '../../../src/worktree/switch/switch-goal.ts'
import { switchTo, type SwitchOptions } from '../../../src/worktree/switch/switch.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { folderContent } from '../support/folder-content.ts'
import { naiveTree } from '../support/naive-tree.ts'
import { editRandomly } from '../support/random-edits.ts'
import { add, commitHere, openTestRepository, PERSON } from '../support/repository.ts'
import { createSeededRandom } from '../support/seeded-random.ts'

let top: string
let repository: Repository
const write = (path: string, content: string | Uint8Array = path): void => {
  mkdirSync(join(top, path, '..'), { recursive: true })
  writeFileSync(join(top, path), content)
}
const go = (request: SwitchRequest | string, options: Partial<SwitchOptions> = {}) =>
  switchTo(repository, typeof request === 'string' ? { branch: request } : request, {
    command: 'jzfs switch',
    person: PERSON,
    ...options,
  })
const commitAll = async (): Promise<CID> => {
  await add(repository)
  return (await commitHere(repository)).cid
}
const isClean = async (): Promise<boolean> => {
  const { staged, unstaged, untracked } = await readStatus(repository)
  return staged.length + unstaged.length + untracked.length === 0
}
/** Two branches: `main` with `before`, `other` with `after`; main is checked out. */
const branches = async (before: () => void, after: () => void): Promise<void> => {
  before()
  await commitAll()
  await go({ create: 'other' })
  after()
  await commitAll()
  await go('main')
}

beforeEach(async () => {
  top = temporaryFolder()
  const opened = await openTestRepository(top)
  repository = opened
  onTestFinished(() => opened.close())
})

test('goes between any two trees: files, modes, symlinks, empty folders', { timeout: 60_000 }, async () => {
  const random = createSeededRandom(5)
  const contents: Record<string, string>[] = []
  for (let branch = 0; branch < 6; branch++) {
    await go({ create: `branch${branch}` })
    for (let edits = 12; edits > 0; edits--) editRandomly(top, random)
    await commitAll()
    contents.push(folderContent(top))
  }
  for (let step = 0; step < 30; step++) {
    const branch = random.below(6)
    expect((await go(`branch${branch}`)).left).toEqual([])
    expect(folderContent(top), `step ${step}`).toEqual(contents[branch])
    expect(await isClean()).toBe(true)
    const index = await openIndex(repository)
    expect(index.tree?.toString() ?? naiveTree(top).cid.toString()).toBe(naiveTree(top).cid.toString())
  }
  expect(readdirSync(repository.layout.tmp)).toEqual([])
})

describe('where a switch goes', () => {
  test('a new branch here, at a revision, and one that is moved', async () => {
    write('a', 'one')
    const one = await commitAll()
    write('a', 'two')
    const two = await commitAll()
    expect(await go({ create: 'new' })).toMatchObject({ branch: 'new', after: { head: { branch: 'refs/heads/new' } } })
    await expect(go({ create: 'new' })).rejects.toMatchObject({ code: 'branch-exists' })
    expect(await go({ create: 'new', start: 'HEAD~1', reset: true })).toMatchObject({ branch: 'reset' })
    expect((await repository.refs.read('refs/heads/new'))?.equals(one)).toBe(true)
    expect(folderContent(top)).toEqual({ a: '644 one' })
    await go({ create: 'third', start: 'main' })
    expect((await repository.refs.headCommit())?.equals(two)).toBe(true)
    expect(folderContent(top)).toEqual({ a: '644 two' })
  })

  test('a commit, on no branch, and back', async () => {
    write('a', 'one')
    const one = await commitAll()
    write('a', 'two')
    await commitAll()
    const { after } = await go({ detach: 'HEAD~1' })
    expect('detached' in after.head && after.head.detached.equals(one)).toBe(true)
    expect(folderContent(top)).toEqual({ a: '644 one' })
    expect(await go('-')).toMatchObject({ after: { head: { branch: 'refs/heads/main' } } })
    await go('-')
    expect(await repository.refs.head()).toHaveProperty('detached')
    await go('@{-1}')
    expect((await resolveCommit(repository, '@{-1}')).equals(one)).toBe(true)
  })

  test('the branch that is checked out: nothing is done', async () => {
    write('a')
    await commitAll()
    const before = await Array.fromAsync(listOperations(repository))
    expect((await go('main')).branch).toBe('existing')
    expect(await Array.fromAsync(listOperations(repository))).toHaveLength(before.length)
  })

  test('from a branch without commits, and to one', async () => {
    write('a')
    await add(repository)
    await go({ create: 'first' })
    expect(await repository.refs.head()).toEqual({ branch: 'refs/heads/first' })
    const commit = await commitHere(repository)
    await go({ orphan: 'empty' })
    expect(folderContent(top)).toEqual({})
    expect((await openIndex(repository)).count).toBe(0)
    write('b')
    await go('first')
    expect((await repository.refs.headCommit())?.equals(commit.cid)).toBe(true)
    expect(folderContent(top)).toEqual({ a: '644 a', b: '644 b' })
  })

  test('what is no branch is refused by name', async () => {
    write('a')
    await commitAll()
    await expect(go('mian')).rejects.toMatchObject({ code: 'branch-missing', hint: 'did you mean main?' })
    await expect(go('HEAD~0')).rejects.toMatchObject({ code: 'branch-expected' })
    await expect(go({ create: 'a b' })).rejects.toMatchObject({ code: 'ref-name-invalid' })
    await expect(go({ detach: 'nope' })).rejects.toMatchObject({ code: 'revision-not-found' })
  })
})

describe('what is in the way', () => {
  /** The paths that a switch to `other` names, having changed nothing. */
  const refusedPaths = async (): Promise<unknown> => {
    const before = folderContent(top)
    const error: unknown = await go('other').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'would-overwrite' })
    expect(folderContent(top)).toEqual(before)
    expect(await repository.refs.head()).toEqual({ branch: 'refs/heads/main' })
    return (error as ConflictError).details['paths']
  }

  test('ignored files count as files', async () => {
    await branches(
      () => write('.jzfsignore', '*.log\nbuild/\n'),
      () => {
        rmSync(join(top, '.jzfsignore'))
        write('x.log')
        write('build')
      },
    )
    write('x.log', 'mine')
    write('build/out', 'mine')
    expect(await refusedPaths()).toEqual(['build/out', 'x.log'])
  })

  test('a FIFO, another repository and a .git folder are neither kept nor overwritten', async () => {
    write('.jzfs/info/exclude', '!.git\n')
    await branches(
      () => write('a'),
      () => ['pipe', 'nested', 'sub/.git/config'].forEach((path) => write(path)),
    )
    rmSync(join(top, '.jzfs/info/exclude'))
    execFileSync('mkfifo', [join(top, 'pipe')])
    mkdirSync(join(top, 'nested/.jzfs'), { recursive: true })
    mkdirSync(join(top, 'sub/.git'), { recursive: true })
    write('sub/.git/HEAD')
    await expect(go('other', { discardChanges: true, force: true })).rejects.toMatchObject({ code: 'would-overwrite' })
    unlinkSync(join(top, 'pipe'))
    expect(await refusedPaths()).toEqual(['nested', 'sub/.git'])
  })

  test('an empty folder is not, and one with files is', async () => {
    await branches(
      () => write('a'),
      () => ['file', 'folder/x'].forEach((path) => write(path)),
    )
    mkdirSync(join(top, 'file/deep/deeper'), { recursive: true })
    mkdirSync(join(top, 'folder'))
    await go('other')
    expect(folderContent(top)).toEqual({ a: '644 a', file: '644 file', 'folder/x': '644 folder/x' })
    await go('main')
    expect(folderContent(top)).toEqual({ a: '644 a' })
    write('file/x')
    expect(await refusedPaths()).toEqual(['file/x'])
  })

  test('a symlink where a folder is needed', async () => {
    await branches(
      () => write('a'),
      () => write('d/x'),
    )
    const outside = temporaryFolder()
    symlinkSync(outside, join(top, 'd'))
    expect(await refusedPaths()).toEqual(['d'])
    await go('other', { discardChanges: true })
    expect(readdirSync(outside)).toEqual([])
    expect(folderContent(top)).toEqual({ a: '644 a', 'd/x': '644 d/x' })
  })

  test('content that is not here is missed before anything is changed', async () => {
    await branches(
      () => write('a'),
      () => write('b'),
    )
    for (const name of readdirSync(repository.layout.packs)) rmSync(join(repository.layout.packs, name))
    const before = folderContent(top)
    await expect(go('other')).rejects.toMatchObject({ code: 'block-missing' })
    expect(folderContent(top)).toEqual(before)
    expect(await repository.refs.head()).toEqual({ branch: 'refs/heads/main' })
  })
})

describe('--discard-changes', () => {
  test('keeps what it throws away in the store, and names it', async () => {
    await branches(
      () => ['a', 'same', 'gone'].forEach((path) => write(path)),
      () => ['a', 'new'].forEach((path) => write(path, 'other')),
    )
    write('a', 'my a')
    write('same', 'my same')
    write('new', 'my new')
    rmSync(join(top, 'gone'))
    write('untracked')
    const { discarded } = await go('other', { discardChanges: true })
    expect(discarded.toSorted()).toEqual(['a', 'new', 'same'])
    expect(folderContent(top)).toEqual({
      a: '644 other',
      same: '644 same',
      new: '644 other',
      gone: '644 gone',
      untracked: '644 untracked',
    })
    const [last] = await Array.fromAsync(listOperations(repository))
    const kept = await Promise.all(
      (last?.discarded ?? []).map(async ({ path, cid }) => [
        path,
        Buffer.from(await repository.store.get(cid)).toString(),
      ]),
    )
    expect(Object.fromEntries(kept)).toEqual({ a: 'my a', new: 'my new', same: 'my same' })
  })

  test('more than is kept for undo is refused before anything is done, and goes with --force', async () => {
    await branches(
      () => write('big', 'small'),
      () => write('d', 'a file'),
    )
    await repository.config.set('undo.maxSize', '1000', 'repository')
    write('big', 'x'.repeat(600))
    write('d/big', 'y'.repeat(600))
    const before = folderContent(top)
    await expect(go('other', { discardChanges: true })).rejects.toMatchObject({
      code: 'cannot-be-undone',
      details: { sizeBytes: 1200, maxBytes: 1000 },
    })
    expect(folderContent(top)).toEqual(before)
    const { discarded, left } = await go('other', { discardChanges: true, force: true })
    expect([discarded, left]).toEqual([[], []])
    expect(folderContent(top)).toEqual({ big: '644 small', d: '644 a file' })
    expect(await isClean()).toBe(true)
  })
})

test('a folder that may not be written to does not keep the rest from being switched', async (context) => {
  if (process.getuid?.() !== 0) context.skip('only root can act as another user')
  await branches(
    () => ['a', 'locked/x', 'z'].forEach((path) => write(path)),
    () => ['a', 'locked/x', 'z'].forEach((path) => write(path, 'other')),
  )
  execFileSync('chown', ['-R', '65534:65534', top])
  chmodSync(join(top, 'locked'), 0o500)
  const source = join(import.meta.dirname, '../../../src')
  const script = `
    import { openRepository } from ${JSON.stringify(join(source, 'repo/repository.ts'))}
    import { switchTo } from ${JSON.stringify(join(source, 'worktree/switch/switch.ts'))}
    const repository = await openRepository(process.cwd())
    const { failed } = await switchTo(repository, { branch: 'other' }, { command: 'switch', person: ${JSON.stringify(PERSON)} })
    console.log(failed.map(({ path, error }) => path + ' ' + error.code).join())
    await repository.close()`
  const output = execFileSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
    cwd: top,
    uid: 65534,
    gid: 65534,
  })
  expect(output.toString()).toBe('locked/x permission-denied\n')
  expect(folderContent(top)).toEqual({ a: '644 other', 'locked/x': '644 locked/x', z: '644 other' })
  expect((await readStatus(repository)).unstaged).toEqual([{ path: 'locked/x', difference: 'modified' }])
  expect(existsSync(repository.layout.pending)).toBe(false)
})
