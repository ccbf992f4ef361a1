import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { describe, expect, it } from 'vitest'

import type { PinDescription } from '../../../src/node/pins/describe-pins.ts'
import { createNode, type Node } from '../../support/jzfs.ts'
import { seededBytes } from '../../support/seeded.ts'

const DATA_BYTES = 268_435_456
/** How much of it is there when the daemon is killed. */
const KILL_AT_BYTES = 33_554_432

async function run(node: Node, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await node.jzfs(args)
  if (status !== 0) throw new Error(`jzfs ${args.join(' ')}: ${stderr}`)
  return stdout
}

async function pinOf(node: Node): Promise<{ cid: string; state: string }> {
  const [pin] = JSON.parse(await run(node, 'pin', 'ls', '--json')) as (Omit<PinDescription, 'cid'> & { cid: unknown })[]
  return { cid: JSON.stringify(pin?.cid), state: pin?.state ?? 'missing' }
}

function bytesIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return files.reduce((sum, file) => sum + (statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0), 0)
}

async function until(condition: () => boolean | Promise<boolean>, pauseMs: number): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it took too long')
    await sleep(pauseMs)
  }
}

describe('a daemon that is killed in the middle of an update', () => {
  it('goes on with what came, when it is started again', { timeout: 180_000 }, async () => {
    const [ann, ben] = [createNode(), createNode()]
    await run(ann, 'init', '-q')
    writeFileSync(join(ann.folder, 'a'), 'a')
    await run(ann, 'add', '.')
    await run(ann, 'commit', '-q', '-m', 'one')
    const { name } = (JSON.parse(await run(ann, 'publish', '--json')) as { repository: { name: string } }).repository
    const { address } = await ann.daemon()
    await run(ben, 'config', '--user', 'follow.intervalMs', '1000')
    await run(ben, 'pin', 'add', '--follow', `ipns://${name}`, '--peer', address)
    const first = await pinOf(ben)
    const daemon = await ben.daemon()

    writeFileSync(join(ann.folder, 'data'), seededBytes('follow', DATA_BYTES))
    await run(ann, 'add', '.')
    await run(ann, 'commit', '-q', '-m', 'two')
    const before = bytesIn(join(ben.home, 'pins'))
    await run(ann, 'publish', '-q')
    await until(() => bytesIn(join(ben.home, 'pins')) - before > KILL_AT_BYTES, 2)
    await daemon.stop('SIGKILL')
    expect(await pinOf(ben)).toEqual(first)

    await ben.daemon()
    await until(async () => (await pinOf(ben)).cid !== first.cid, 500)
    expect((await pinOf(ben)).state).toBe('kept')
    expect(await run(ben, 'pin', 'ls', '--verify')).toContain('All is sound')
  })
})
