import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { createNode, type Node } from '../../support/jzfs.ts'

/** Commits a file and publishes; what `publish` said. */
async function publish({ jzfs, folder }: Node, content: string): Promise<{ status: unknown; text: string }> {
  writeFileSync(join(folder, 'data.txt'), content)
  await jzfs(['add', '.'])
  await jzfs(['commit', '-q', '-m', content])
  const { status, stdout, stderr } = await jzfs(['publish'])
  return { status, text: stdout + stderr }
}

/** A node that published three versions, one that pinned the last, and a backup of the first node's home after the first. */
async function publishedThreeTimes() {
  const [owner, follower] = [createNode(), createNode()]
  await owner.jzfs(['init', '-q'])
  const name = /main as ipns:\/\/(k51\w+)/.exec((await publish(owner, 'one')).text)?.[1] ?? ''
  const backup = `${owner.home}-backup`
  cpSync(owner.home, backup, { recursive: true, filter: (path) => !path.endsWith('.sock') })
  await publish(owner, 'two')
  await publish(owner, 'three')
  const daemon = await owner.daemon()
  expect(await follower.jzfs(['pin', 'add', `ipns://${name}`, '--peer', daemon.address])).toMatchObject({ status: 0 })
  await daemon.stop()
  return { owner, follower, name, backup }
}

describe('a node home', () => {
  it('that was put back from a backup does not sign over what others have, until the user takes that over', async () => {
    const { owner, follower, name, backup } = await publishedThreeTimes()
    rmSync(owner.home, { recursive: true })
    cpSync(backup, owner.home, { recursive: true })
    const [mine, theirs] = [await owner.daemon(), await follower.daemon()]
    await owner.jzfs(['peer', 'connect', theirs.address])
    const refused = await publish(owner, 'four')
    expect(refused).toMatchObject({ status: 4 })
    expect(refused.text).toContain(`${name} went on elsewhere: to /ipfs/`)
    const remedy = /`jzfs (name accept \S+ \S+)`/.exec(refused.text)?.[1]?.split(' ') ?? []
    expect(await owner.jzfs(remedy)).toMatchObject({ status: 0 })
    const published = await publish(owner, 'five')
    expect(published).toMatchObject({ status: 0 })
    expect(published.text).toContain('sequence 3')
    // Others take it.
    expect(await follower.jzfs(['pin', 'add', `ipns://${name}`, '--peer', mine.address])).toMatchObject({ status: 0 })
  })

  it('that lost what it had seen goes on from what others have', async () => {
    const { owner, follower, name } = await publishedThreeTimes()
    rmSync(join(owner.home, 'names'), { recursive: true })
    const [, theirs] = [await owner.daemon(), await follower.daemon()]
    await owner.jzfs(['peer', 'connect', theirs.address])
    const published = await publish(owner, 'four')
    expect(published).toMatchObject({ status: 0 })
    expect(published.text).toContain('sequence 3')
    expect((await owner.jzfs(['name', 'resolve', name])).stdout).toContain('sequence 3')
  })
})
