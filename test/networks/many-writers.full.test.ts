import { join } from 'node:path'

import { expect, test } from 'vitest'

import { createPerson, startHub, type Hub, type Person } from '../support/hub.ts'

const ROUNDS = 2

async function startWriters(): Promise<{ hub: Hub; writers: Person[]; first: string }> {
  const writers = await Promise.all(['alice', 'bob', 'carol'].map((name) => createPerson(name)))
  const hub = await startHub(writers)
  const url = `${hub.http}/data`
  const [alice, ...others] = writers
  await alice!.run(['init', '-q', 'data'])
  await alice!.commit('start', 'start\n')
  await alice!.run(['remote', 'add', 'origin', url])
  await alice!.run(['push', '-q', '-u', 'origin', 'main'])
  // One more by libp2p: both carriers move the same refs.
  await others[0]!.run(['clone', '-q', url, 'data'])
  await others[1]!.run(['clone', '-q', `${hub.libp2p}/data`, 'data'])
  return { hub, writers, first: await alice!.head() }
}

/** Pushes until it is taken, and pulls what others were quicker with; how often it was rejected. */
async function pushUntilTaken(writer: Person): Promise<number> {
  for (let rejected = 0; ; rejected++) {
    const { status, stderr } = await writer.node.jzfs(['push', '-q'], { cwd: writer.place })
    if (status === 0) return rejected
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/\[(remote )?rejected\] *main -> main/),
    })
    expect(rejected).toBeLessThan(20)
    await writer.run(['pull', '-q', '--rebase'])
  }
}

test('three who push to one branch at once lose nothing, and it never goes back', async () => {
  const { hub, writers } = await startWriters()
  const rejected = await Promise.all(
    writers.map(async (writer, at) => {
      let count = 0
      for (let round = 0; round < ROUNDS; round++) {
        await writer.commit(`${at}-${round}`, `${round}\n`)
        count += await pushUntilTaken(writer)
      }
      return count
    }),
  )
  // Somebody lost a race, or nothing was tried.
  expect(rejected.reduce((sum, count) => sum + count)).toBeGreaterThan(0)
  for (const writer of writers) await writer.run(['pull', '-q', '--rebase'])
  const heads = await Promise.all(writers.map((writer) => writer.head()))
  expect(new Set(heads).size).toBe(1)
  const names = (await writers[0]!.run(['ls-files'])).stdout.trim().split('\n')
  expect(names).toHaveLength(1 + writers.length * ROUNDS)
  const log = (await writers[0]!.run(['rev-list', 'main'])).stdout.trim().split('\n')
  expect(log).toHaveLength(1 + writers.length * ROUNDS)
  // What the branch was on the way are its own ancestors, in their order.
  const data = { cwd: join(hub.node.folder, 'data') }
  const was = await hub.node.jzfs(['reflog', '--json', 'main'], data)
  const values = was.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { after: string }).after)
  expect(values.length).toBeGreaterThan(writers.length)
  const places = values.map((value) => log.indexOf(value))
  expect(places).toEqual([...places].toSorted((a, b) => a - b))
  expect(places).not.toContain(-1)
  for (const writer of writers) await writer.run(['fsck'])
  expect((await hub.node.jzfs(['fsck'], data)).status).toBe(0)
})

test('three who push to branches of their own at once do not hinder each other', async () => {
  const { hub, writers } = await startWriters()
  await Promise.all(
    writers.map(async (writer, at) => {
      await writer.run(['switch', '-q', '-c', `b${at}`])
      for (let round = 0; round < ROUNDS; round++) {
        await writer.commit(`${at}`, `${round}\n`)
        await writer.run(['push', '-q', '-u', 'origin', `b${at}`])
      }
    }),
  )
  const dave = await createPerson('dave')
  await dave.run(['clone', '-q', `ipns://${hub.name}`, 'data', '--peer', hub.libp2p])
  for (const [at, writer] of writers.entries()) {
    expect(await dave.head(`origin/b${at}`)).toBe(await writer.head())
  }
})
