import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { expect, it } from 'vitest'

import { createNode } from '../../support/jzfs.ts'
import { createRandom } from '../../support/random.ts'
import { workTogether } from './gc-together.ts'

const SEEDS = Array.from({ length: 10 }, (_, at) => 1000 + at)

it.each(SEEDS)('gc, a writer, clones and a node that serves, all at once: seed %i', async (seed) => {
  const { removed, clones } = await workTogether(seed, 40)
  expect([removed > 0, clones > 0]).toEqual([true, true])
})

const ROUNDS = 25

/** Runs a command until it is not kept out by others any more: that is what its message says to do. */
async function patiently(run: () => Promise<{ status: unknown; stdout: string; stderr: string }>) {
  for (;;) {
    const ended = await run()
    if (ended.status === 0 || !ended.stderr.includes('at work here already')) return ended
    await sleep(20)
  }
}

it('processes: add and commit, gc, a daemon that publishes, and clones from it', { timeout: 300_000 }, async () => {
  const random = createRandom(20_261_121)
  const [node, other] = [createNode(), createNode()]
  const cwd = join(node.folder, 'data')
  mkdirSync(cwd)
  const jzfs = async (...args: string[]) => {
    const ended = await patiently(() => node.jzfs(args, { cwd }))
    expect({ args, ...ended }).toMatchObject({ args, status: 0 })
    return ended.stdout
  }
  await jzfs('init', '-q')
  writeFileSync(join(cwd, 'file'), 'first')
  await jzfs('add', '.')
  await jzfs('commit', '-q', '-m', 'first')
  const { address } = await node.daemon()
  const publish = async () => (JSON.parse(await jzfs('publish', '--json')) as { refs: [{ name: string }] }).refs[0].name
  const name = await publish()
  const done = new AbortController()
  const writing = async (): Promise<void> => {
    for (let round = 0; round < ROUNDS; round++) {
      if (random() < 0.5) await jzfs('switch', '-q', '-c', 'aside')
      writeFileSync(join(cwd, `file-${Math.floor(random() * 5)}`), `content ${Math.floor(random() * 6)} `.repeat(9000))
      await jzfs('add', '.')
      await jzfs('commit', '-q', '--allow-empty', '-m', `round ${round}`)
      const isAside = (await jzfs('branch', '--list', 'aside')).includes('aside')
      if (isAside) await jzfs('switch', '-q', 'main')
      if (isAside) await jzfs('branch', '-D', 'aside')
      if (round % 5 === 4) await publish()
    }
    done.abort()
  }
  const collecting = async (): Promise<void> => {
    while (!done.signal.aborted) await jzfs('gc', '-q', '--expire=now', '--prune=now')
  }
  const cloning = async (): Promise<void> => {
    for (let count = 0; !done.signal.aborted; count++) {
      const copy = join(other.folder, `copy-${count}`)
      const cloned = await other.jzfs(['clone', name, copy, '--peer', address])
      expect({ count, ...cloned }).toMatchObject({ count, status: 0 })
      expect(await other.jzfs(['fsck', '-q'], { cwd: copy })).toMatchObject({ status: 0, stdout: '' })
      rmSync(copy, { recursive: true })
    }
  }
  await Promise.all([writing(), collecting(), cloning()])
  expect(await jzfs('fsck', '-q')).toBe('')
})
