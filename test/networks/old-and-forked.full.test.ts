import { cpSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { createPerson, type Person } from '../support/hub.ts'
import type { Ended, Running } from '../support/jzfs.ts'

/** A home whose daemon runs, and where. */
type Served = Running & { address: string }

/** Starts the daemon of a home of somebody: their own, or a copy of it. */
async function serve({ node }: Person, home = node.home): Promise<Served> {
  const daemon = node.start(['daemon'], { env: { JZFS_HOME: home } })
  const [, address] = /listening on (\/ip4\S+)/.exec(await daemon.until('Ready.'))!
  return { ...daemon, address: address! }
}

/** Commits and publishes, as one home or another of theirs does. */
async function publish(person: Person, text: string, home = person.node.home): Promise<string> {
  await person.commit('value', `${text}\n`)
  const ended = await person.node.jzfs(['publish', '-q', '--all'], { cwd: person.place, env: { JZFS_HOME: home } })
  expect(ended).toMatchObject({ status: 0 })
  return person.head()
}

/** Alice has published `one` and serves it; bob has cloned it by name. */
async function begin() {
  const [alice, bob] = [await createPerson('alice'), await createPerson('bob')]
  await alice.run(['init', '-q', 'data'])
  const one = await publish(alice, 'one')
  const url = /ipns:\/\/\S+/.exec((await alice.run(['publish', '--list'])).stdout)![0]
  const backup = join(alice.node.folder, 'backup')
  cpSync(alice.node.home, backup, { recursive: true })
  const daemon = await serve(alice)
  await bob.run(['clone', '-q', url, 'data', '--peer', daemon.address])
  return { alice, bob, one, url, backup, daemon }
}

/** Fetches from these and nobody else. */
async function fetch({ node, place }: Person, ...from: Pick<Served, 'address'>[]): Promise<Ended> {
  return node.jzfs(['fetch', ...from.flatMap(({ address }) => ['--peer', address])], { cwd: place })
}

const refsOf = async (person: Person): Promise<string> => (await person.run(['for-each-ref'])).stdout

test('a replica that is behind takes nobody back, and the newest of several wins', async () => {
  const { alice, bob, one, url, daemon } = await begin()
  const carol = await createPerson('carol')
  await carol.run(['pin', 'add', url, '--peer', daemon.address])
  const replica = await serve(carol)
  const two = await publish(alice, 'two')
  const warning = /^warning: \S+ is behind: .*sequence 0, but 1 was seen$/m
  expect(await fetch(bob, replica, daemon)).toMatchObject({ status: 0, stderr: expect.stringMatching(warning) })
  expect(await bob.head('origin/main')).toBe(two)
  const from = [replica, daemon].flatMap(({ address }) => ['--peer', address])
  const { failures } = JSON.parse((await bob.run(['fetch', '--json', ...from])).stdout) as { failures: object[] }
  const peer = expect.stringContaining(replica.address.split('/').at(-1)!)
  expect(failures).toMatchObject([{ code: 'record-older-than-seen', peer }])
  const pinned = await bob.run(['pin', 'add', url, '--json', ...from])
  expect(pinned.stderr).toMatch(warning)
  expect(JSON.parse(pinned.stdout)).toMatchObject({ failures })

  // The node that is up to date is out of reach: what is behind is no news, and moves nothing.
  await daemon.stop()
  const seen = await refsOf(bob)
  const alone = await fetch(bob, replica)
  expect(alone).toMatchObject({
    status: 4,
    stderr: expect.stringMatching(/^jzfs: \S+ is behind: .*sequence 0, but 1 was seen\nhint: ./m),
  })
  expect(await refsOf(bob)).toBe(seen)

  // Who never saw a newer one takes it, and goes on from there when the network is whole again.
  const dave = await createPerson('dave')
  await dave.run(['clone', '-q', url, 'data', '--peer', replica.address])
  expect(await dave.head()).toBe(one)
  await replica.stop()
  const unreachable = await fetch(dave, daemon)
  expect(unreachable.status).toBe(128)
  expect(unreachable.stderr).toMatch(/^jzfs: .*\nhint: ./m)
  const [behind, back] = [await serve(carol), await serve(alice)]
  expect(await fetch(dave, behind, back)).toMatchObject({ status: 0 })
  expect(await dave.head('origin/main')).toBe(two)
})

test('an old record that is replayed, and a fork at one sequence, are refused by name, and what is honest goes on', async () => {
  const { alice, bob, backup, daemon } = await begin()
  const stolen = join(alice.node.folder, 'stolen')
  cpSync(backup, stolen, { recursive: true })
  const two = await publish(alice, 'two')
  expect(await fetch(bob, daemon)).toMatchObject({ status: 0 })
  const seen = await refsOf(bob)
  await daemon.stop()

  const thief = await serve(alice, stolen)
  const replayed = await fetch(bob, thief)
  expect(replayed).toMatchObject({ status: 4, stderr: expect.stringMatching(/sequence 0, but 1 was seen/) })
  expect(await refsOf(bob)).toBe(seen)
  await thief.stop()

  // The same key in another home signs another value at the same sequence.
  await publish(alice, 'two, otherwise', backup)
  const fork = await serve(alice, backup)
  const forked = await fetch(bob, fork)
  expect(forked).toMatchObject({
    status: 4,
    stderr: expect.stringMatching(
      /^jzfs: \S+ says otherwise: .* has two values at sequence 1: .*\nhint: .*jzfs name accept/m,
    ),
  })
  expect(await refsOf(bob)).toBe(seen)
  expect(await bob.head('origin/main')).toBe(two)
  await fork.stop()

  const three = await publish(alice, 'three')
  const honest = await serve(alice)
  expect(await fetch(bob, honest)).toMatchObject({ status: 0 })
  expect(await bob.head('origin/main')).toBe(three)
})
