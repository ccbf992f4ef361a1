import { expect, test } from 'vitest'

import { createPerson, startHub } from '../support/hub.ts'

test('work goes on on both sides of a partition, and comes together when it is over', async () => {
  const [alice, bob] = [await createPerson('alice'), await createPerson('bob')]
  const hub = await startHub([alice, bob])
  const port = new URL(hub.http).port
  await alice.run(['init', '-q', 'data'])
  await alice.commit('a', 'one\n')
  await alice.run(['remote', 'add', 'origin', `${hub.http}/data`])
  await alice.run(['push', '-q', '-u', 'origin', 'main'])
  await bob.run(['clone', '-q', `${hub.http}/data`, 'data'])

  await hub.daemon.stop()
  for (const person of [alice, bob]) {
    await person.commit(`by-${person === alice ? 'alice' : 'bob'}`, 'meanwhile\n')
    const before = (await person.run(['for-each-ref'])).stdout
    for (const command of ['push', 'fetch', 'pull']) {
      const { stderr } = await person.run([command], 128)
      expect(stderr).toMatch(new RegExp(`^jzfs: .*127.0.0.1:${port}.*\\nhint: .`, 'm'))
    }
    expect((await person.run(['for-each-ref'])).stdout).toBe(before)
    expect((await person.run(['status'])).stdout).toContain("ahead of 'origin/main' by 1 commit")
  }

  await hub.start(['--http-port', port])
  await alice.run(['push', '-q'])
  expect((await bob.run(['push'], 1)).stderr).toMatch(/rejected/)
  await bob.run(['pull', '-q', '--rebase'])
  await bob.run(['push', '-q'])
  await alice.run(['pull', '-q'])
  expect(await alice.head()).toBe(await bob.head())
  expect(alice.read('by-bob')).toBe('meanwhile\n')
})
