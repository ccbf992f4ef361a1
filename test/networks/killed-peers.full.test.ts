import { randomBytes } from 'node:crypto'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { createPerson, startHub, type Hub, type Person } from '../support/hub.ts'
import type { Running } from '../support/jzfs.ts'

const LARGE_BYTES = 60_000_000

/** Waits until a folder has grown by so much. Throws where the command ends before. */
async function untilGrown(folder: string, running: Running, bytes = LARGE_BYTES / 6): Promise<void> {
  const before = sizeOf(folder)
  while (sizeOf(folder) < before + bytes) {
    if (running.process.exitCode !== null) throw new Error(`it ended before: ${(await running.ended).stderr}`)
    await sleep(1)
  }
}

function sizeOf(folder: string): number {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return paths.reduce((sum, path) => sum + (statSync(join(folder, path), { throwIfNoEntry: false })?.size ?? 0), 0)
}

/** Alice pushed a little, and has a large commit more; bob has the little one. */
async function prepare(carrier: 'http' | 'libp2p'): Promise<{ alice: Person; bob: Person; hub: Hub; data: string }> {
  const [alice, bob] = [await createPerson('alice'), await createPerson('bob')]
  const hub = await startHub([alice, bob])
  const url = `${hub[carrier]}/data`
  await alice.run(['init', '-q', 'data'])
  await alice.commit('small', 'small\n')
  await alice.run(['remote', 'add', 'origin', url])
  await alice.run(['push', '-q', '-u', 'origin', 'main'])
  await bob.run(['clone', '-q', url, 'data'])
  writeFileSync(join(alice.place, 'large'), randomBytes(LARGE_BYTES))
  await alice.commit('more', 'more\n')
  return { alice, bob, hub, data: join(hub.node.folder, 'data') }
}

/** The hub is back, at new addresses. */
async function restart(hub: Hub, carrier: 'http' | 'libp2p', people: Person[]): Promise<void> {
  await hub.start()
  for (const person of people) await person.run(['config', 'remote.origin.url', `${hub[carrier]}/data`])
}

const refsIn = async (hub: Hub, cwd: string) => (await hub.node.jzfs(['for-each-ref'], { cwd })).stdout

/** The next push and fetch succeed, and everything is sound on all sides. */
async function expectHealed({ alice, bob, hub, data }: Awaited<ReturnType<typeof prepare>>): Promise<void> {
  await alice.run(['push', '-q'])
  expect(await refsIn(hub, data)).toContain(await alice.head())
  await bob.run(['pull', '-q'])
  expect(await bob.head()).toBe(await alice.head())
  for (const person of [alice, bob]) expect((await person.run(['fsck'])).status).toBe(0)
  expect(await hub.node.jzfs(['fsck'], { cwd: data })).toMatchObject({ status: 0 })
}

test.for(['http', 'libp2p'] as const)(
  'a push over %s that is killed on either side moves nothing, and goes on',
  async (carrier) => {
    const scene = await prepare(carrier)
    const { alice, bob, hub, data } = scene
    const before = await refsIn(hub, data)
    const push = () => alice.node.start(['push', '-q'], { cwd: alice.place })

    const killed = push()
    await untilGrown(data, killed)
    expect(await killed.stop('SIGKILL')).toMatchObject({ status: 'SIGKILL' })
    expect(await refsIn(hub, data)).toBe(before)
    expect((await alice.run(['rev-parse', 'origin/main'])).stdout.trim()).toBe(await bob.head())

    const left = push()
    await untilGrown(data, left, 1_000_000)
    await hub.daemon.stop('SIGKILL')
    const { status, stderr } = await left.ended
    expect({ status, stderr }).toMatchObject({ status: 128, stderr: expect.stringMatching(/^jzfs: [^]*\nhint: ./) })
    expect(await refsIn(hub, data)).toBe(before)
    await restart(hub, carrier, [alice, bob])
    await expectHealed(scene)
  },
)

test.for(['http', 'libp2p'] as const)(
  'a fetch over %s that is killed on either side moves nothing, and goes on',
  async (carrier) => {
    const scene = await prepare(carrier)
    const { alice, bob, hub } = scene
    await alice.run(['push', '-q'])
    const before = (await bob.run(['for-each-ref'])).stdout
    const files = join(bob.place, '.jzfs')
    const fetch = () => bob.node.start(['fetch', '-q'], { cwd: bob.place })

    const killed = fetch()
    await untilGrown(files, killed)
    await killed.stop('SIGKILL')
    expect((await bob.run(['for-each-ref'])).stdout).toBe(before)

    const left = fetch()
    await untilGrown(files, left, 1_000_000)
    await hub.daemon.stop('SIGKILL')
    const { status, stderr } = await left.ended
    expect({ status, stderr }).toMatchObject({ status: 128, stderr: expect.stringMatching(/^jzfs: [^]*\nhint: ./) })
    expect((await bob.run(['for-each-ref'])).stdout).toBe(before)
    await restart(hub, carrier, [alice, bob])
    const { resumed } = JSON.parse((await bob.run(['fetch', '--json'])).stdout) as { resumed: number }
    expect(resumed).toBeGreaterThan(0)
    await expectHealed(scene)
  },
)
