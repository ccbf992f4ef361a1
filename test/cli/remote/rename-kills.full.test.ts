import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { createNode } from '../../support/jzfs.ts'
import { createSeededRandom } from '../../worktree/support/seeded-random.ts'

const BRANCHES = 60

test('killed while it renames a remote, refs and configuration are of one name', async () => {
  const { jzfs, start, folder } = createNode()
  const random = createSeededRandom(7)
  await jzfs(['init', '-q'])
  writeFileSync(join(folder, 'a'), '1')
  await jzfs(['add', '.'])
  await jzfs(['commit', '-q', '-m', 'one'])
  for (let at = 0; at < BRANCHES; at++) await jzfs(['branch', `b${at}`])
  await jzfs(['init', '-q', '../here'])
  const cwd = join(folder, '..', 'here')
  await jzfs(['remote', 'add', '-f', 'one', folder], { cwd })
  await jzfs(['switch', '-q', 'main'], { cwd })
  let name = 'one'
  let moved = 0
  for (let round = 0; round < 24; round++) {
    const next = name === 'one' ? 'two' : 'one'
    const running = start(['remote', 'rename', name, next], { cwd })
    await sleep(40 + random.below(160))
    await running.stop('SIGKILL')
    const [remote] = (await jzfs(['remote'], { cwd })).stdout.trim().split('\n')
    const refs = (await jzfs(['for-each-ref', '--format=%(refname)', 'refs/remotes'], { cwd })).stdout
      .trim()
      .split('\n')
    const upstream = (await jzfs(['rev-parse', '--abbrev-ref', '@{u}'], { cwd })).stdout
    expect({ round, refs: refs.length, upstream }).toEqual({ round, refs: BRANCHES + 1, upstream: `${remote}/main\n` })
    expect(refs.every((ref) => ref.startsWith(`refs/remotes/${remote}/`))).toBe(true)
    // Whoever changes something next finishes what was begun.
    expect(await jzfs(['branch', '-f', 'other', 'main'], { cwd })).toMatchObject({ status: 0 })
    expect((await jzfs(['remote'], { cwd })).stdout).toBe(`${remote}\n`)
    if (remote === next) moved++
    name = remote ?? name
  }
  expect(moved).toBeGreaterThan(0)
  expect(await jzfs(['fsck'], { cwd })).toMatchObject({ status: 0 })
}, 300_000)
