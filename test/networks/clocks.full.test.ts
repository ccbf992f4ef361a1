import { expect, test } from 'vitest'

import { createPerson, startHub } from '../support/hub.ts'

const HOUR = 3_600_000

test.for([
  ['ahead', HOUR],
  ['behind', -HOUR],
] as const)(
  'a node whose clock is an hour %s hinders nobody, on either side and over each carrier',
  async ([, offset]) => {
    // Two hours between them.
    const [alice, bob] = [await createPerson('alice', -offset), await createPerson('bob')]
    const hub = await startHub([alice, bob], offset)
    await alice.run(['init', '-q', 'data'])
    await alice.commit('a', 'one\n')
    const { date } = JSON.parse((await alice.run(['reflog', '--json', '-n', '1'])).stdout).person as { date: string }
    expect(Math.abs(Date.parse(date) + offset - Date.now())).toBeLessThan(HOUR / 2)
    await alice.run(['remote', 'add', 'origin', `${hub.http}/data`])
    await alice.run(['push', '-q', '-u', 'origin', 'main'])
    await bob.run(['clone', '-q', `ipns://${hub.name}`, 'data', '--peer', hub.libp2p])
    await bob.commit('b', 'two\n')
    await bob.run(['push', '-q', `${hub.libp2p}/data`, 'main'])
    await alice.run(['pull', '-q'])
    await alice.commit('a', 'three\n')
    await alice.run(['push', '-q'])
    await bob.run(['pull', '-q'])
    expect(await bob.head()).toBe(await alice.head())
    // The later commit is the newer one, whatever its date says.
    expect((await bob.run(['rev-list', 'main'])).stdout.split('\n')[0]).toBe(await alice.head())
  },
)
