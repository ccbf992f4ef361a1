import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { listOperations } from '../../../src/repo/operation/operation.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { UNFINISHED_MODE } from '../../../src/worktree/checkout/write-entry.ts'
import { movePaths } from '../../../src/worktree/move.ts'
import { applyStash } from '../../../src/worktree/stash/apply-stash.ts'
import { pushStash } from '../../../src/worktree/stash/push-stash.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { add, commitHere, openTestRepository, PERSON } from '../support/repository.ts'

let top: string
let repository: Repository
const options = { command: 'switch', person: PERSON }
const write = (path: string, content: string | Uint8Array = path): void => {
  mkdirSync(join(top, path, '..'), { recursive: true })
  writeFileSync(join(top, path), content)
}

/** As if the last operation had died before its index was in place: what it did to the files is undone by `undo`. */
const interrupt = async (undo: () => void): Promise<void> => {
  const [entry] = await Array.fromAsync(listOperations(repository))
  const { layout } = repository
  renameSync(layout.index, join(layout.tmp, entry?.index?.next as string))
  undo()
  renameSync(join(layout.ops, '0', `${entry?.number}.json`), layout.pending)
}
const seen = async (): Promise<string[]> => {
  const { staged, unstaged, untracked } = await readStatus(repository)
  return [...staged.map(({ path }) => `staged ${path}`), ...unstaged.map(({ path }) => `changed ${path}`), ...untracked]
}

beforeEach(async () => {
  top = temporaryFolder()
  const opened = await openTestRepository(top)
  repository = opened
  onTestFinished(() => opened.close())
})

describe('where a switch was interrupted, status', () => {
  beforeEach(async () => {
    for (const path of ['changed', 'half', 'mine', 'gone', 'd/x', 'file', 'stays']) write(path, 'before')
    await add(repository)
    await commitHere(repository)
    await switchTo(repository, { create: 'other' }, options)
    for (const path of ['changed', 'half', 'mine', 'new']) write(path, 'after')
    for (const path of ['gone', 'd', 'file']) rmSync(join(top, path), { recursive: true })
    write('d', 'a file now')
    write('file/inside')
    await add(repository)
    await commitHere(repository)
    await switchTo(repository, { branch: 'main' }, options)
    await switchTo(repository, { branch: 'other' }, options)
  })

  test('shows nothing of what is still to be done, and all that somebody did since', async () => {
    await interrupt(() => {
      write('changed', 'before')
      write('half', 'aft')
      chmodSync(join(top, 'half'), UNFINISHED_MODE)
      write('gone', 'before')
      rmSync(join(top, 'new'))
      rmSync(join(top, 'd'))
      write('d/x', 'before')
      rmSync(join(top, 'file/inside'))
      write('mine', 'edited after the kill')
      write('untracked')
    })
    expect(await seen()).toEqual(['changed mine', 'untracked'])
    expect((await readStatus(repository, { untracked: 'none' })).untracked).toEqual([])
  })

  test('does not read a half-written file, which nobody may', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can act as another user')
    await interrupt(() => chmodSync(join(top, 'half'), UNFINISHED_MODE))
    const past = new Date(Date.now() - 60_000)
    utimesSync(join(top, 'half'), past, past)
    execFileSync('chown', ['-R', '65534:65534', top])
    const source = join(import.meta.dirname, '../../../src')
    const script = `
      import { openRepository } from ${JSON.stringify(join(source, 'repo/repository.ts'))}
      import { readStatus } from ${JSON.stringify(join(source, 'worktree/status/status.ts'))}
      const repository = await openRepository(process.cwd())
      const { staged, unstaged, untracked } = await readStatus(repository)
      console.log(JSON.stringify([staged, unstaged, untracked]))
      await repository.close()`
    const options = { cwd: top, uid: 65534, gid: 65534, encoding: 'utf8' } as const
    const output = execFileSync(process.execPath, ['--input-type=module-typescript', '-e', script], options)
    expect(output).toBe('[[],[],[]]\n')
  })

  test('shows what is at a path that neither side has', async () => {
    await interrupt(() => {
      write('gone', 'mine')
      write('d2/x')
    })
    expect(await seen()).toEqual(['d2/x', 'gone'])
  })
})

test('where a stash was being brought back, status shows what will be changed and untracked', async () => {
  for (const path of ['changed', 'gone', 'file', 'done']) write(path, 'before')
  await add(repository)
  await commitHere(repository)
  for (const path of ['changed', 'done', 'new/x']) write(path, 'after')
  for (const path of ['gone', 'file']) rmSync(join(top, path))
  write('file/inside')
  await pushStash(repository, { command: 'stash', person: PERSON, untracked: 'untracked' })
  await applyStash(repository, { command: 'stash', person: PERSON, drop: true })
  const done = await seen()
  await interrupt(() => {
    write('changed', 'before')
    write('gone', 'before')
    rmSync(join(top, 'new'), { recursive: true })
    rmSync(join(top, 'file/inside'))
  })
  expect(done).toEqual(['changed changed', 'changed done', 'changed file', 'changed gone', 'file/', 'new/'])
  expect(await seen()).toEqual([...done.slice(0, 4), 'file/inside', 'new/x'])
  expect((await readStatus(repository, { untracked: 'none' })).untracked).toEqual([])
})

test('where a move was interrupted, status shows it as done', async () => {
  for (const path of ['d/x', 'd/y', 'e/z']) write(path)
  await add(repository)
  await commitHere(repository)
  write('d/untracked')
  await movePaths(repository, ['d'], 'e', options)
  const done = await seen()
  await interrupt(() => renameSync(join(top, 'e/d'), join(top, 'd')))
  expect(done).toEqual(['staged e/d/x', 'staged e/d/y', 'e/d/untracked'])
  expect(await seen()).toEqual(['staged e/d/x', 'staged e/d/y', 'd/untracked'])
})
