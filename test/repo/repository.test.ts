import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { initRepository } from '../../src/repo/init-repository.ts'
import { discoverRepository, openRepository } from '../../src/repo/repository.ts'
import { temporaryFolder, temporaryRepository } from '../support/repository.ts'

async function pathFound(...[cwd, options]: Parameters<typeof discoverRepository>): Promise<string> {
  const repository = await discoverRepository(cwd, options)
  await repository.close()
  return repository.path
}

test('a repository is found from any folder in it, also through a symlink', async () => {
  const { worktree, path } = await temporaryRepository()
  const deep = join(worktree!, 'a', 'b', 'c')
  mkdirSync(deep, { recursive: true })
  expect(await pathFound(worktree!)).toBe(path)
  expect(await pathFound(deep)).toBe(path)
  expect(await pathFound(path)).toBe(path)
  const link = join(temporaryFolder(), 'link')
  symlinkSync(deep, link)
  expect(await pathFound(link)).toBe(path)
})

test('the nearest repository is found, and an init that was interrupted is passed over', async () => {
  const { worktree, path } = await temporaryRepository()
  const inner = join(worktree!, 'inner')
  mkdirSync(join(inner, '.jzfs', 'refs'), { recursive: true })
  expect(await pathFound(inner)).toBe(path)
  await (await initRepository(inner)).close()
  expect(await pathFound(inner)).toBe(join(inner, '.jzfs'))
  const bare = join(worktree!, 'bare')
  await (await initRepository(bare, { bare: true })).close()
  expect(await pathFound(join(bare, 'refs', 'heads'))).toBe(bare)
})

test('a folder that was given is opened, whatever lies around', async () => {
  const outer = await temporaryRepository()
  const { worktree, path } = await temporaryRepository()
  for (const jzfsDir of [worktree, path]) {
    expect(await pathFound(outer.worktree!, { jzfsDir })).toBe(path)
  }
  await expect(discoverRepository(outer.worktree!, { jzfsDir: 'nothing' })).rejects.toMatchObject({
    code: 'not-a-repository',
  })
})

test('where there is no repository, the folder is named and init is the hint', async () => {
  const folder = temporaryFolder()
  await expect(discoverRepository(folder)).rejects.toMatchObject({
    code: 'not-a-repository',
    message: expect.stringContaining(folder),
    hint: expect.stringContaining(`jzfs init`),
    details: { path: folder },
  })
  await expect(openRepository(join(folder, '.jzfs'))).rejects.toMatchObject({ code: 'not-a-repository' })
  await expect(discoverRepository(join(folder, 'missing'))).rejects.toMatchObject({ code: 'path-missing' })
})

test('a repository of a newer format is refused', async () => {
  const { worktree, layout } = await temporaryRepository()
  const config = JSON.parse(readFileSync(layout.config, 'utf8')) as Record<string, unknown>
  writeFileSync(layout.config, JSON.stringify({ ...config, 'core.format': 2 }))
  await expect(openRepository(worktree!)).rejects.toMatchObject({
    code: 'repository-format-newer',
    message: expect.stringContaining(layout.directory),
    hint: 'upgrade jzfs',
  })
})

test('a repository whose configuration is damaged is refused', async () => {
  const { worktree, layout } = await temporaryRepository()
  for (const text of ['', '{', '[]', '{}']) {
    writeFileSync(layout.config, text)
    await expect(openRepository(worktree!)).rejects.toMatchObject({
      code: 'config-corrupt',
      details: { path: layout.config },
    })
  }
})

test('who comes second is told who holds the lock', async () => {
  const repository = await temporaryRepository()
  const other = await openRepository(repository.path)
  using _lock = await repository.lock('jzfs commit -m first')
  await expect(other.lock('jzfs add .', { waitMs: 0 })).rejects.toMatchObject({
    code: 'locked',
    message: expect.stringContaining('jzfs commit -m first'),
  })
  await other.close()
})

test('a lock is waited for, as long as the configuration says', async () => {
  const repository = await temporaryRepository()
  const other = await openRepository(repository.path, { config: { flags: { 'lock.waitMs': '20000' } } })
  const lock = await repository.lock('first')
  const second = other.lock('second')
  lock.release()
  ;(await second).release()
  const impatient = await openRepository(repository.path, { config: { flags: { 'lock.waitMs': '0' } } })
  using _lock = await repository.lock('first')
  await expect(impatient.lock('second')).rejects.toMatchObject({ code: 'locked' })
  await Promise.all([other.close(), impatient.close()])
})
