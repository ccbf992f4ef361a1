import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { CONFIG_KEYS } from '../../../src/repo/config/config-keys.ts'
import { openConfig } from '../../../src/repo/config/config.ts'
import { temporaryFolder } from '../../support/repository.ts'

function files(): { repositoryFile: string; userFile: string } {
  const folder = temporaryFolder()
  return { repositoryFile: join(folder, 'config.json'), userFile: join(folder, 'home', 'config.json') }
}

test('the strongest layer that has a value wins, and says where it comes from', async () => {
  const sources = files()
  const config = openConfig(sources)
  expect(config.find('color.ui')).toEqual({ key: 'color.ui', value: 'auto', origin: 'default', file: undefined })
  expect(config.find('user.name')).toBeUndefined()
  await config.set('color.ui', 'never', 'user')
  expect(config.find('color.ui')).toMatchObject({ value: 'never', origin: 'user', file: sources.userFile })
  await config.set('color.ui', 'always', 'repository')
  expect(config.find('color.ui')).toMatchObject({ value: 'always', origin: 'repository', file: sources.repositoryFile })
  const environment = openConfig({ ...sources, environment: { 'color.ui': 'never' } })
  expect(environment.find('color.ui')).toMatchObject({ value: 'never', origin: 'environment' })
  const flags = openConfig({ ...sources, environment: { 'color.ui': 'never' }, flags: { 'color.ui': 'auto' } })
  expect(flags.find('color.ui')).toMatchObject({ value: 'auto', origin: 'flag' })
  const origins = flags.list({ all: true }).filter(({ key }) => key === 'color.ui')
  expect(origins.map(({ origin }) => origin)).toEqual(['flag', 'environment', 'repository', 'user', 'default'])
  expect(flags.list().filter(({ key }) => key === 'color.ui')).toHaveLength(1)
})

test('a value that is removed uncovers the layer below', async () => {
  const config = openConfig(files())
  await config.set('lock.waitMs', '5', 'user')
  await config.set('lock.waitMs', '7', 'repository')
  expect(config.get('lock.waitMs')).toBe(7)
  expect(await config.unset('lock.waitMs', 'repository')).toBe(true)
  expect(config.get('lock.waitMs')).toBe(5)
  expect(await config.unset('lock.waitMs', 'repository')).toBe(false)
})

test('values are checked against the type of their key, wherever they come from', async () => {
  const sources = files()
  const config = openConfig(sources)
  await config.set('undo.maxSize', '2GiB', 'user')
  expect(config.get('undo.maxSize')).toBe(2 * 1024 ** 3)
  expect(readFileSync(sources.userFile, 'utf8')).toBe('{\n  "undo.maxSize": "2GiB"\n}\n')
  for (const [key, value] of [
    ['color.ui', 'purple'],
    ['lock.waitMs', '-1'],
    ['lock.waitMs', '1.5'],
    ['lock.waitMs', '1k'],
    ['lock.waitMs', ''],
    ['undo.maxSize', 'much'],
    ['core.symlinks', 'maybe'],
  ] as const) {
    await expect(config.set(key, value, 'user')).rejects.toMatchObject({
      code: 'config-value-invalid',
      details: { key },
    })
  }
  writeFileSync(sources.repositoryFile, '{"network.profile": "everywhere", "user.name": 7}')
  const read = openConfig(sources)
  expect(() => read.get('network.profile')).toThrow(sources.repositoryFile)
  expect(() => read.get('user.name')).toThrow(expect.objectContaining({ code: 'config-value-invalid' }))
  expect(() => openConfig({ environment: { 'add.workers': 'x' } }).get('add.workers')).toThrow('environment')
})

test('truth can be written in several ways', () => {
  const read = (text: string): boolean => openConfig({ flags: { 'core.symlinks': text } }).get('core.symlinks')
  expect(['true', 'Yes', 'on', '1'].map(read)).toEqual([true, true, true, true])
  expect(['false', 'no', 'OFF', '0'].map(read)).toEqual([false, false, false, false])
})

test('a key that does not exist is answered with the nearest ones', async () => {
  const config = openConfig(files())
  for (const use of [
    async () => config.find('user.nam'),
    () => config.set('user.nam', 'x', 'user'),
    () => config.unset('user.nam', 'user'),
  ]) {
    await expect(use()).rejects.toMatchObject({
      code: 'config-key-unknown',
      hint: 'did you mean user.name?',
      details: { nearest: ['user.name'] },
    })
  }
  expect(() => config.find('constructor')).toThrow(expect.objectContaining({ code: 'config-key-unknown' }))
})

test('what another version of jzfs has written stays', async () => {
  const sources = files()
  writeFileSync(sources.repositoryFile, '{"future.key": [1], "user.name": "Ann"}')
  const config = openConfig(sources)
  expect(config.get('user.name')).toBe('Ann')
  await config.set('user.email', 'ann@example.org', 'repository')
  expect(JSON.parse(readFileSync(sources.repositoryFile, 'utf8'))).toEqual({
    'future.key': [1],
    'user.name': 'Ann',
    'user.email': 'ann@example.org',
  })
})

test('a damaged file is named with the line, and is not written over', async () => {
  const sources = files()
  for (const [text, line] of [
    ['{\n  "user.name": "Ann",\n  "user.email" "x"\n}', 3],
    ['{\n  "user.name": "Ann"', 2],
    ['7', 1],
  ] as const) {
    writeFileSync(sources.repositoryFile, text)
    const config = openConfig(sources)
    const details = { path: sources.repositoryFile, line }
    expect(() => config.get('user.name')).toThrow(expect.objectContaining({ code: 'config-corrupt', details }))
    await expect(config.set('user.name', 'x', 'repository')).rejects.toMatchObject({ code: 'config-corrupt' })
    expect(readFileSync(sources.repositoryFile, 'utf8')).toBe(text)
  }
})

test('what init has written cannot be changed, and a layer that is not there cannot be written', async () => {
  const config = openConfig(files())
  await expect(config.set('core.id', 'x', 'repository')).rejects.toMatchObject({ code: 'config-key-fixed' })
  await expect(openConfig({}).set('user.name', 'x', 'repository')).rejects.toMatchObject({
    code: 'config-scope-missing',
  })
})

test('every key has a line of documentation, and a default of its own type', () => {
  for (const [key, { doc }] of Object.entries(CONFIG_KEYS)) {
    expect(doc).toMatch(/^[^A-Z\n][^\n]*[^.]$/)
    expect(() => openConfig({}).find(key)).not.toThrow()
  }
})
