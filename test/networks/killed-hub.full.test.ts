import { watch } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { openHome } from '../../src/node/home/home.ts'
import { publishedRefsOf } from '../../src/node/home/repository-registry.ts'
import { openRepository } from '../../src/repo/repository.ts'
import { createPerson, type Hub, startHub } from '../support/hub.ts'

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

/** After how many changes since the push was noted: from the note to the publication. */
const KILLS_SINCE_NOTE = [1, 3, 5, 7, 9, 12, 15, 18, 22, 26]

/** Kills the hub at such a moment of a push. */
function killInPush({ node, daemon }: Hub, changes: number): () => void {
  let seen = 0
  let isNoted = false
  const watchers = [join(node.folder, 'data'), node.home].map((folder) =>
    watch(folder, { recursive: true }, (_, file) => {
      isNoted ||= file?.startsWith('pushes') === true
      if (isNoted && ++seen === changes) daemon.process.kill('SIGKILL')
    }),
  )
  return () => watchers.forEach((watcher) => watcher.close())
}

/** The refs of the hub, and those of them that are published, as texts. */
async function refsOf({ node }: Hub): Promise<Record<'there' | 'published', string[]>> {
  const repository = await openRepository(join(node.folder, 'data'))
  const there = (await repository.refs.list()).map(({ name, cid }) => `${name} ${cid.toString()}`)
  await repository.close()
  const [registered] = openHome(node.home).repositories.list()
  return {
    there,
    published: publishedRefsOf(registered!)
      .map(({ ref, cid }) => `${ref} ${cid!}`)
      .sort(),
  }
}

test(
  'what a killed hub had moved is published when it starts, and what its owner made is not',
  { timeout: 120_000 },
  async () => {
    const alice = await createPerson('alice')
    const hub = await startHub([alice])
    const data = join(hub.node.folder, 'data')
    await alice.run(['init', '-q', 'data'])
    await alice.commit('a', 'start\n')
    await alice.run(['remote', 'add', 'origin', `${hub.http}/data`])
    await alice.run(['push', '-q', '-u', 'origin', 'main', 'main:new-0'])
    let late = 0
    const own = /^refs\/heads\/own-/
    for (const [at, kill] of KILLS_SINCE_NOTE.entries()) {
      await alice.commit('a', `${kill}\n`)
      const end = killInPush(hub, kill)
      const push = ['push', '-q', 'origin', 'main', `main:new-${at + 1}`, `:new-${at}`]
      const { status } = await alice.node.jzfs(push, { cwd: alice.place, env: alice.env })
      end()
      await hub.daemon.stop('SIGKILL')
      const left = await refsOf(hub)
      if (left.there.filter((ref) => !own.test(ref)).join() !== left.published.join()) late++
      // The owner has branches of what was pushed, which nobody shall see.
      await hub.node.jzfs(['branch', `own-${at}`, 'main'], { cwd: data })
      await hub.start(['--http-port', new URL(hub.http).port])
      const { there } = await refsOf(hub)
      await expect
        .poll(async () => (await refsOf(hub)).published, { timeout: 10_000 })
        .toEqual(there.filter((ref) => !own.test(ref)))
      if (status !== 0) await alice.run(['fetch', '-q', '--prune'])
      const isMoved = there.some((ref) => ref.startsWith(`refs/heads/new-${at + 1} `))
      if (status === 0) expect(isMoved).toBe(true)
      if (!isMoved) await alice.run(push)
    }
    expect(late).toBeGreaterThan(0)
    expect(await hub.node.jzfs(['fsck'], { cwd: data })).toMatchObject({ status: 0 })
  },
)
