import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { openRemoteScene } from './remote-scene.ts'

test('remotes are added, listed, moved and asked for as in git', async () => {
  const scene = await openRemoteScene()
  await scene.both(['remote', 'add', 'origin', '/data/one'])
  await scene.both(['remote', 'add', '-t', 'main', '-t', 'next', 'v1.0/b', 'https://example.org/x'])
  for (const args of [['remote'], ['remote', '-v'], ['remote', 'get-url', 'origin']]) await scene.same(args)
  await scene.both(['remote', 'set-url', '--push', 'origin', '/data/two'])
  await scene.both(['remote', 'set-url', 'v1.0/b', '/data/three'])
  for (const args of [
    ['remote', '-v'],
    ['remote', 'get-url', '--push', 'origin'],
  ])
    await scene.same(args)
  expect(JSON.parse(await scene.jzfs(['remote', 'get-url', '--json', 'origin']))).toEqual({
    remote: 'origin',
    url: '/data/one',
    pushUrl: '/data/two',
  })
  await scene.same(['config', '--get-all', 'remote.v1.0/b.fetch'], ['config', 'remote.v1.0/b.fetch'])
  expect(await scene.fails(['remote', 'add', 'origin', '/data/one'])).toContain('remote origin already exists')
  expect(await scene.fails(['remote', 'add', 'origin/x', '/data/one'])).toContain('would mix its refs')
  expect(await scene.fails(['remote', 'get-url', 'orign'])).toContain('did you mean origin?')
  expect(await scene.fails(['remote', 'frobnicate'])).toContain('no subcommand')
})

test('renaming takes refs, logs and what branches follow along, in one operation that undo takes back', async () => {
  const scene = await openRemoteScene()
  await scene.tracked('origin', ['main', 'topic/a'])
  await scene.both(['branch', '--set-upstream-to=origin/main', 'main'])
  const before = await scene.state()
  await scene.both(['remote', 'rename', 'origin', 'up'])
  await scene.sameRefs()
  await scene.same(['config', 'branch.main.remote'])
  await scene.same(['config', 'remote.up.fetch'])
  expect(before.settings).toContain('remote.origin.url=/data/origin')
  expect((await scene.state()).settings).not.toContain('remote.origin')
  const log = readFileSync(join(scene.tops.ours, '.jzfs', 'logs', 'refs', 'remotes', 'up', 'main.log'), 'utf8')
  expect(log).toContain('remote: renamed refs/remotes/origin/main to refs/remotes/up/main')
  await scene.jzfs(['undo'])
  expect(await scene.state()).toEqual(before)
  await scene.jzfs(['redo'])
  await scene.sameRefs()
  expect(await scene.fails(['remote', 'rename', 'nothing', 'x'])).toContain('there is no remote "nothing"')
})

test('removing takes refs and what follows them away, and undo brings all of it back', async () => {
  const scene = await openRemoteScene()
  await scene.tracked('origin', ['main'])
  await scene.tracked('other', ['main', 'next'])
  await scene.both(['branch', '-u', 'origin/main'])
  const before = await scene.state()
  await scene.both(['remote', 'rm', 'origin'])
  await scene.sameRefs()
  const after = await scene.state()
  expect(after.settings).not.toMatch(/origin|branch\.main/)
  await scene.jzfs(['undo'])
  expect(await scene.state()).toEqual(before)
})

test('URLs are checked, and folders made absolute', async () => {
  const scene = await openRemoteScene()
  for (const url of [
    'ftp://example.org/x',
    'http://example.org',
    'ipns://nothing',
    'ipfs://x',
    '/ip4/127.0.0.1/tcp/1',
    ' x',
    '',
  ]) {
    expect(await scene.fails(['remote', 'add', 'x', url])).toMatch(/is not where a remote can be|no IPNS name/)
  }
  const peer = '/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWKnDdG3iXw9eTFijk3EWSunZcFi54Zka4wmtqtt6rPxc8/data'
  for (const [name, url, kept] of [
    ['folder', '../other/', join(scene.tops.ours, '../other')],
    ['bundle', 'x.car', join(scene.tops.ours, 'x.car')],
    ['file', 'file:///data/a%20b', '/data/a b'],
    ['peer', peer, peer],
    ['http', 'http://localhost:8080/data', 'http://localhost:8080/data'],
  ] as const) {
    await scene.jzfs(['remote', 'add', '--peer', peer, name, url])
    expect(await scene.jzfs(['remote', 'get-url', name])).toBe(`${kept}\n`)
  }
  expect(JSON.parse(await scene.jzfs(['remote', 'ls', '--json'])).remotes[0]).toMatchObject({ peers: [peer] })
})
