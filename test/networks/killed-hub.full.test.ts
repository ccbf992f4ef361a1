import { watch } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { createPerson, startHub } from '../support/hub.ts'

/** After how many changes in its folders the hub is killed: from the first block to the last file of a publication. */
const KILLS = [1, 6, 11, 16, 21, 28, 36, 50]

test('a hub that is killed at any moment of a push takes the next one, and shows what it has', async () => {
  const alice = await createPerson('alice')
  const hub = await startHub([alice])
  const data = join(hub.node.folder, 'data')
  await alice.run(['init', '-q', 'data'])
  await alice.commit('a', 'start\n')
  await alice.run(['remote', 'add', 'origin', `${hub.http}/data`])
  await alice.run(['push', '-q', '-u', 'origin', 'main'])
  const statuses: unknown[] = []
  for (const kill of KILLS) {
    await alice.commit('a', `${kill}\n`)
    let seen = 0
    const kills = [data, hub.node.home].map((folder) =>
      watch(folder, { recursive: true }, () => {
        if (++seen === kill) hub.daemon.process.kill('SIGKILL')
      }),
    )
    statuses.push((await alice.node.jzfs(['push', '-q'], { cwd: alice.place, env: alice.env })).status)
    for (const watcher of kills) watcher.close()
    await hub.daemon.stop('SIGKILL')
    await hub.start(['--http-port', new URL(hub.http).port])
    await alice.run(['push', '-q'])
    await alice.run(['fetch', '-q'])
    expect(await alice.head('origin/main')).toBe(await alice.head())
    expect((await hub.node.jzfs(['rev-parse', 'main'], { cwd: data })).stdout.trim()).toBe(await alice.head())
  }
  expect(statuses).toContain(128)
  expect(await hub.node.jzfs(['fsck'], { cwd: data })).toMatchObject({ status: 0 })
})
