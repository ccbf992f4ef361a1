import { join } from 'node:path'

import { expect, test } from 'vitest'

import { type Config, openConfig } from '../../../src/repo/config/config.ts'
import {
  checkRemoteName,
  findRemote,
  listRemotes,
  readOwnRemote,
  readRemote,
} from '../../../src/repo/remote/remote-config.ts'
import { upstreamOf } from '../../../src/repo/remote/upstream.ts'
import { temporaryFolder } from '../../support/repository.ts'

async function configured(values: Record<string, string>): Promise<Config> {
  const config = openConfig({ repositoryFile: join(temporaryFolder(), 'config.json') })
  for (const [key, value] of Object.entries(values)) await config.set(key, value, 'repository')
  return config
}

test('a remote is read with what is said of it, and with what holds where nothing is', async () => {
  const config = await configured({ 'remote.origin.url': '/data', 'remote.v1.0/b.url': 'https://example.org/x' })
  await config.add('remote.v1.0/b.fetch', '+refs/heads/main:refs/remotes/v1.0/b/main', 'repository')
  await config.add('remote.v1.0/b.fetch', 'refs/tags/*:refs/tags/*', 'repository')
  await config.set('remote.v1.0/b.prune', 'yes', 'repository')
  await config.set('fetch.prune', 'false', 'repository')
  expect(listRemotes(config)).toEqual([
    {
      name: 'origin',
      url: '/data',
      pushUrl: '/data',
      fetch: [expect.objectContaining({ source: 'refs/heads/*', target: 'refs/remotes/origin/*', force: true })],
      trustedName: undefined,
      peers: [],
      prune: false,
    },
    expect.objectContaining({ name: 'v1.0/b', prune: true, fetch: [expect.anything(), expect.anything()] }),
  ])
  expect(config.list().map(({ key }) => key)).toContain('remote.v1.0/b.url')
})

test('a remote that is not there is named with the nearest ones', async () => {
  const config = await configured({ 'remote.origin.url': '/data' })
  expect(() => readRemote(config, 'orgin')).toThrow(
    expect.objectContaining({ code: 'remote-missing', hint: 'did you mean origin?' }),
  )
  expect(findRemote(config, '/data')).toBeUndefined()
  expect(() => checkRemoteName('a..b')).toThrow(expect.objectContaining({ code: 'remote-name-invalid' }))
})

test('a remote of the user is not changed by a repository', async () => {
  const folder = temporaryFolder()
  const config = openConfig({ repositoryFile: join(folder, 'config.json'), userFile: join(folder, 'user.json') })
  await config.set('remote.mine.url', '/data', 'user')
  expect(readRemote(config, 'mine').url).toBe('/data')
  expect(() => readOwnRemote(config, 'mine')).toThrow(expect.objectContaining({ code: 'remote-elsewhere' }))
})

test('keys of remotes and branches are checked as all others are', async () => {
  const config = await configured({})
  for (const [key, value] of [
    ['remote.o.fetch', 'a:b*'],
    ['branch.main.merge', 'main'],
    ['branch.main.rebase', 'perhaps'],
  ] as const) {
    await expect(config.set(key, value, 'repository')).rejects.toMatchObject({ code: 'config-value-invalid' })
  }
  await expect(config.set('remote.o.ulr', 'x', 'repository')).rejects.toMatchObject({
    code: 'config-key-unknown',
    hint: expect.stringMatching(/^did you mean remote\.o\.url/),
  })
  await expect(config.set('remote.a..b.url', 'x', 'repository')).rejects.toMatchObject({ code: 'config-key-unknown' })
  await expect(config.add('remote.o.url', 'x', 'repository')).rejects.toMatchObject({ code: 'config-key-single' })
})

test('the upstream of a branch is what its remote calls it, and the ref that keeps it here', async () => {
  const config = await configured({
    'remote.o.url': '/data',
    'branch.a.b.remote': 'o',
    'branch.a.b.merge': 'refs/heads/c',
    'branch.local.remote': '.',
    'branch.local.merge': 'refs/heads/a.b',
    'branch.elsewhere.remote': '/other',
    'branch.elsewhere.merge': 'refs/heads/main',
    'branch.half.remote': 'o',
  })
  const upstream = (branch: string) => upstreamOf({ config }, branch)
  expect(upstream('refs/heads/a.b')).toEqual({ remote: 'o', ref: 'refs/heads/c', tracking: 'refs/remotes/o/c' })
  expect(upstream('local')).toEqual({ remote: '.', ref: 'refs/heads/a.b', tracking: 'refs/heads/a.b' })
  expect(upstream('elsewhere')).toMatchObject({ remote: '/other', tracking: undefined })
  expect(upstream('half')).toBeUndefined()
  expect(upstream('none')).toBeUndefined()
})
