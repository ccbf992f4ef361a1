import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { initRepository } from '../../src/repo/init-repository.ts'
import { openRepository } from '../../src/repo/repository.ts'
import { temporaryFolder } from '../support/repository.ts'

test('a folder becomes a repository with an unborn branch, an id, and what its file system can do', async () => {
  const folder = join(temporaryFolder(), 'not', 'there yet')
  const repository = await initRepository(folder)
  expect(repository).toMatchObject({ created: true, bare: false, worktree: folder, path: join(folder, '.jzfs') })
  expect(repository.id).toMatch(/^[0-9a-f-]{36}$/)
  expect(await repository.refs.head()).toEqual({ branch: 'refs/heads/main' })
  expect(await repository.refs.headCommit()).toBeUndefined()
  expect(readdirSync(repository.layout.tmp)).toEqual([])
  const config = JSON.parse(readFileSync(repository.layout.config, 'utf8')) as Record<string, unknown>
  expect(config).toMatchObject({ 'core.format': 1, 'core.bare': false })
  for (const trait of ['caseSensitive', 'executableBit', 'normalizationSensitive', 'symlinks']) {
    expect(config[`core.${trait}`]).toBeTypeOf('boolean')
  }
  await repository.close()
})

test('what init finds out about the file system is so', async () => {
  const folder = temporaryFolder()
  const { config, close } = await initRepository(folder)
  writeFileSync(join(folder, 'probe'), '')
  expect(config.get('core.caseSensitive')).toBe(!existsSync(join(folder, 'PROBE')))
  await close()
})

test('a second init changes nothing and says so', async () => {
  const folder = temporaryFolder()
  const first = await initRepository(folder, { initialBranch: 'trunk', id: 'chosen' })
  const second = await initRepository(folder, { initialBranch: 'other' })
  expect(second).toMatchObject({ created: false, id: 'chosen' })
  expect(await second.refs.head()).toEqual({ branch: 'refs/heads/trunk' })
  await first.close()
  await second.close()
})

test('an init that was interrupted left no repository, and the next one completes it', async () => {
  const folder = temporaryFolder()
  const whole = await initRepository(folder, { id: 'first' })
  await whole.close()
  const { config, head, ops } = whole.layout
  for (const missing of [[config], [config, head], [config, head, ops]]) {
    for (const path of missing) {
      rmSync(path, { recursive: true })
    }
    await expect(openRepository(folder)).rejects.toMatchObject({ code: 'not-a-repository' })
    const repository = await initRepository(folder, { id: 'again' })
    expect(repository).toMatchObject({ created: true, id: 'again' })
    await repository.close()
  }
})

test('a repository that lost its HEAD keeps its id when it is initialised again', async () => {
  const folder = temporaryFolder()
  const whole = await initRepository(folder, { id: 'first' })
  await whole.close()
  rmSync(whole.layout.head)
  const repository = await initRepository(folder)
  expect(repository).toMatchObject({ created: true, id: 'first' })
  await repository.close()
})

test('many at once make one repository', async () => {
  const folder = temporaryFolder()
  const all = await Promise.all(Array.from({ length: 8 }, () => initRepository(folder)))
  expect(new Set(all.map(({ id }) => id)).size).toBe(1)
  expect(all.filter(({ created }) => created)).toHaveLength(1)
  await Promise.all(all.map((repository) => repository.close()))
})

test('a bare repository lies in its folder, and in no folder with other things', async () => {
  const folder = temporaryFolder()
  const repository = await initRepository(folder, { bare: true })
  expect(repository).toMatchObject({ bare: true, worktree: undefined, path: folder })
  await repository.close()
  const again = await initRepository(folder, { bare: true })
  expect(again.created).toBe(false)
  await again.close()
  for (const name of ['config.json', 'data.csv']) {
    const other = temporaryFolder()
    writeFileSync(join(other, name), '{}')
    await expect(initRepository(other, { bare: true })).rejects.toMatchObject({ code: 'directory-not-empty' })
    expect(readdirSync(other)).toEqual([name])
  }
})

test('a bad branch name makes no repository', async () => {
  const folder = temporaryFolder()
  await expect(initRepository(folder, { initialBranch: 'a..b' })).rejects.toMatchObject({ code: 'ref-name-invalid' })
  expect(readdirSync(folder)).toEqual([])
})

test('a folder that cannot be written to is named', ({ skip }) => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'closed'), { mode: 0o555 })
  skip(process.getuid?.() !== 0, 'needs root to become somebody else')
  const program = `
    process.setuid(65534)
    const { initRepository } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/repo/init-repository.ts'))})
    const { message, code } = await initRepository(${JSON.stringify(join(folder, 'closed'))}).catch((error) => error)
    console.log(JSON.stringify({ message, code }))`
  chmodSync(folder, 0o755)
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  expect(stderr).toBe('')
  const { message, code } = JSON.parse(stdout) as { message: string; code: string }
  expect(code).toBe('permission-denied')
  expect(message).toContain(join(folder, 'closed'))
})
