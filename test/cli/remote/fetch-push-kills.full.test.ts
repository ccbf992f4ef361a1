import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { expect, it } from 'vitest'

import { createNode, type Node } from '../../support/jzfs.ts'
import { createRandom } from '../../support/random.ts'
import { seededBytes } from '../../support/seeded.ts'

const KILLS = 10
const TIMEOUT = 600_000

/** A repository with a few hundred files and a tag, committed in two steps, and a bare one that is empty. */
async function dataset(node: Node): Promise<{ head: string }> {
  const folder = join(node.folder, 'alice')
  await ok(node, ['init', '--bare', 'hub'])
  await ok(node, ['init', 'alice'])
  for (const step of ['one', 'two']) {
    for (let i = 0; i < 300; i++) {
      mkdirSync(join(folder, `folder-${i % 9}`), { recursive: true })
      writeFileSync(join(folder, `folder-${i % 9}`, `${i}.bin`), seededBytes(`${step} ${i}`, 3000 + i))
    }
    writeFileSync(join(folder, 'large.bin'), seededBytes(`${step} large`, 6_000_000))
    await ok(node, ['-C', 'alice', 'add', '.'])
    await ok(node, ['-C', 'alice', 'commit', '-q', '-m', step])
  }
  await ok(node, ['-C', 'alice', 'tag', '-a', '-m', 'first', 'v1', 'HEAD~1'])
  await ok(node, ['-C', 'alice', 'remote', 'add', 'origin', '../hub'])
  return { head: (await ok(node, ['-C', 'alice', 'rev-parse', 'HEAD'])).trim() }
}

async function ok(node: Node, args: string[]): Promise<string> {
  const { status, stdout, stderr } = await node.jzfs(args)
  expect(status, `jzfs ${args.join(' ')}: ${stderr}`).toBe(0)
  return stdout
}

/** Kills a command at random moments; `after` looks at what each kill left. */
async function killOften(
  node: Node,
  args: string[],
  seed: number,
  after: () => Promise<void>,
  reset: () => Promise<void>,
) {
  const random = createRandom(seed)
  await reset()
  const started = performance.now()
  await ok(node, args)
  const wholeMs = performance.now() - started
  for (let kill = 0; kill < KILLS; kill++) {
    await reset()
    const running = node.start(args)
    await sleep(random() * wholeMs)
    await running.stop('SIGKILL')
    await after()
    await ok(node, args)
    await after()
  }
}

it(
  'a push that is killed leaves the remote as before or as after, and the next one ends it',
  { timeout: TIMEOUT },
  async () => {
    const node = createNode()
    const { head } = await dataset(node)
    const push = ['-C', 'alice', 'push', '-q', 'origin', 'main', 'v1']
    const seen = new Set<string>()
    await killOften(
      node,
      push,
      11,
      async () => {
        const refs = await ok(node, ['-C', 'hub', 'for-each-ref', '--format=%(refname)'])
        expect(['', 'refs/heads/main\nrefs/tags/v1\n']).toContain(refs)
        seen.add(refs)
        await ok(node, ['-C', 'hub', 'fsck'])
        if (refs !== '') expect((await ok(node, ['-C', 'hub', 'rev-parse', 'main'])).trim()).toBe(head)
      },
      async () => {
        rmSync(join(node.folder, 'hub'), { recursive: true })
        await ok(node, ['init', '--bare', 'hub'])
        await ok(node, ['-C', 'alice', 'fetch', '-q', '--prune'])
      },
    )
    expect(seen.size).toBe(2)
    await ok(node, ['clone', '-q', 'hub', 'whole'])
    await ok(node, ['-C', 'whole', 'verify'])
  },
)

it(
  'a fetch that is killed leaves refs as before or as after, and the next one goes on',
  { timeout: TIMEOUT },
  async () => {
    const node = createNode()
    const { head } = await dataset(node)
    await ok(node, ['-C', 'alice', 'push', '-q', 'origin', 'main', 'v1'])
    await killOften(
      node,
      ['-C', 'bob', 'fetch', '-q'],
      12,
      async () => {
        const refs = await ok(node, ['-C', 'bob', 'for-each-ref', '--format=%(refname)'])
        expect(['', 'refs/remotes/origin/main\nrefs/tags/v1\n']).toContain(refs)
        await ok(node, ['-C', 'bob', 'fsck'])
        if (refs !== '') expect((await ok(node, ['-C', 'bob', 'rev-parse', 'origin/main'])).trim()).toBe(head)
      },
      async () => {
        rmSync(join(node.folder, 'bob'), { recursive: true, force: true })
        await ok(node, ['init', 'bob'])
        await ok(node, ['-C', 'bob', 'remote', 'add', 'origin', '../hub'])
      },
    )
    await ok(node, ['-C', 'bob', 'merge', '-q', 'origin/main'])
    await ok(node, ['-C', 'bob', 'verify'])
  },
)

it('gc beside pushes and fetches takes nothing that they need', { timeout: TIMEOUT }, async () => {
  const node = createNode()
  await dataset(node)
  await ok(node, ['init', 'bob'])
  await ok(node, ['-C', 'bob', 'remote', 'add', 'origin', '../hub'])
  const done = new AbortController()
  const collecting = async (folder: string): Promise<void> => {
    while (!done.signal.aborted) {
      const { status, stderr } = await node.jzfs(['-C', folder, 'gc', '--expire=now', '--prune=now'])
      // It may have to wait for a transfer longer than it does.
      if (status !== 0) expect(stderr).toMatch(/at work|waited|locked|is writing/)
    }
  }
  const loops = [collecting('hub'), collecting('bob')]
  for (let round = 0; round < 6; round++) {
    writeFileSync(join(node.folder, 'alice', 'round.bin'), seededBytes(`round ${round}`, 2_000_000))
    await ok(node, ['-C', 'alice', 'add', '.'])
    await ok(node, ['-C', 'alice', 'commit', '-q', '-m', `${round}`])
    await untilDone(node, ['-C', 'alice', 'push', '-q', 'origin', 'main'])
    await untilDone(node, ['-C', 'bob', 'fetch', '-q'])
  }
  done.abort()
  await Promise.all(loops)
  for (const folder of ['hub', 'bob']) await ok(node, ['-C', folder, 'fsck'])
  await ok(node, ['-C', 'bob', 'merge', '-q', 'origin/main'])
  expect(await ok(node, ['-C', 'bob', 'rev-list', '--count', 'HEAD'])).toBe('8\n')
  await ok(node, ['-C', 'bob', 'verify'])
})

/** A lock or lease may be held for longer than a command waits: then it is run again. */
async function untilDone(node: Node, args: string[]): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const { status, stderr } = await node.jzfs(args)
    if (status === 0) return
    expect(stderr).toMatch(/at work|waited|locked|busy|is collecting|gc/)
  }
  throw new Error(`jzfs ${args.join(' ')} never got its turn`)
}
