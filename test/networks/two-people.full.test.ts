import { join } from 'node:path'

import { expect, test } from 'vitest'

import { createPerson, startHub, type Person } from '../support/hub.ts'

const AGREED = 'rose,dark pink\n'

/** Both change one line; who comes second is told, pulls, resolves, and pushes; the first one pulls. */
async function collaborate(alice: Person, bob: Person): Promise<string | undefined> {
  await alice.commit('flowers.csv', 'rose,pink\n')
  await bob.commit('flowers.csv', 'rose,crimson\n')
  await alice.run(['push', '-q'])
  const theirs = await alice.head()

  const rejected = await bob.run(['push', '-q'], 1)
  expect(rejected.stderr).toMatch(/rejected.*main -> main \(fetch first\)/)
  expect(rejected.stderr).toMatch(/hint: .*jzfs fetch/)
  const conflict = await bob.run(['pull', '--no-rebase'], 1)
  expect(conflict.stdout).toMatch(/CONFLICT \(content\): Merge conflict in flowers.csv/)
  expect(bob.read('flowers.csv')).toMatch(/<<<<<<<[^]*crimson[^]*=======[^]*pink[^]*>>>>>>>/)
  await bob.commit('flowers.csv', AGREED)
  expect(await bob.head('HEAD^2')).toBe(theirs)
  await bob.run(['push', '-q'])
  await alice.run(['pull', '-q'])
  expect(await alice.head()).toBe(await bob.head())
  for (const person of [alice, bob]) await person.run(['fsck'])
  return alice.read('flowers.csv')
}

async function begin(alice: Person, url: string, options: string[] = []): Promise<void> {
  await alice.run(['init', '-q', 'data'])
  await alice.commit('flowers.csv', 'rose,red\n')
  await alice.run(['remote', 'add', 'origin', url])
  await alice.run(['push', '-q', '-u', ...options, 'origin', 'main'])
}

test('two people work through the node of a third, by its one name', async () => {
  const [alice, bob] = [await createPerson('alice'), await createPerson('bob')]
  const hub = await startHub([alice, bob])
  const url = `ipns://${hub.name}`
  await begin(alice, url, ['--peer', hub.libp2p])
  await alice.run(['config', 'remote.origin.peers', hub.libp2p])
  await bob.run(['clone', '-q', url, 'data', '--peer', hub.libp2p])
  expect(await bob.head()).toBe(await alice.head())
  expect(await collaborate(alice, bob)).toBe(AGREED)
})

test('two people work through a web address', async () => {
  const [alice, bob] = [await createPerson('alice'), await createPerson('bob')]
  const hub = await startHub([alice, bob])
  await begin(alice, `${hub.http}/data`)
  await bob.run(['clone', '-q', `${hub.http}/data`, 'data'])
  expect(await collaborate(alice, bob)).toBe(AGREED)
})

test('two people work through a folder', async () => {
  const [alice, bob] = [await createPerson('alice'), await createPerson('bob')]
  await alice.run(['init', '-q', '--bare', 'hub'])
  const hub = `${alice.node.folder}/hub`
  await begin(alice, hub)
  await bob.run(['clone', '-q', hub, 'data'])
  expect(await collaborate(alice, bob)).toBe(AGREED)
})

test('two people work by bundles alone, on machines that never meet', async () => {
  const [alice, bob] = [await createPerson('alice'), await createPerson('bob')]
  const disk = (name: string) => join(alice.node.folder, name)
  await alice.run(['init', '-q', 'data'])
  await alice.commit('flowers.csv', 'rose,red\n')
  await alice.run(['bundle', 'create', '-q', disk('all.car'), 'main'])
  await bob.run(['clone', '-q', disk('all.car'), 'data'])
  const base = await bob.head()
  await alice.commit('flowers.csv', 'rose,pink\n')
  await bob.commit('flowers.csv', 'rose,crimson\n')
  await alice.run(['bundle', 'create', '-q', disk('to-bob.car'), `${base}..main`])
  await bob.run(['pull', '-q', '--no-rebase', disk('to-bob.car'), 'main'], 1)
  await bob.commit('flowers.csv', AGREED)
  const theirs = await alice.head()
  expect(await bob.head('HEAD^2')).toBe(theirs)
  await bob.run(['bundle', 'create', '-q', disk('to-alice.car'), `${theirs}..main`])
  await alice.run(['pull', '-q', disk('to-alice.car'), 'main'])
  expect(await alice.head()).toBe(await bob.head())
  expect(alice.read('flowers.csv')).toBe(AGREED)
  for (const person of [alice, bob]) await person.run(['fsck'])

  // A bundle that builds on what is nowhere here changes nothing, and says so.
  const carol = await createPerson('carol')
  await carol.run(['init', '-q', 'data'])
  const refused = await carol.run(['fetch', disk('to-alice.car')], 1)
  expect(refused.stderr).toContain(theirs)
  expect((await carol.run(['for-each-ref'])).stdout).toBe('')
})
