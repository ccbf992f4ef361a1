import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { createNode, type Node, startShare } from '../../support/jzfs.ts'

const TIMEOUT = 60_000

/** A folder `data` with a file in it, at a node of its own. */
function nodeWithData(): Node {
  const node = createNode()
  mkdirSync(join(node.folder, 'data', 'inner'), { recursive: true })
  writeFileSync(join(node.folder, 'data', 'a.txt'), 'a\n')
  writeFileSync(join(node.folder, 'data', 'inner', 'b.txt'), 'b\n')
  return node
}

/** What a home has that only a running daemon should have. */
function leftBehind({ home }: Node): string[] {
  return readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) => /sock|holder|\.lock/.test(name))
}

describe('jzfs share', { timeout: TIMEOUT }, () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends in order at %s, and leaves neither socket nor lock', async (signal) => {
    const node = nodeWithData()
    const share = await startShare(node, 'data')
    expect(leftBehind(node)).not.toEqual([])
    expect(await share.stop(signal)).toMatchObject({ status: 0, stderr: expect.stringMatching(/Stopped\.\n$/) })
    expect(leftBehind(node)).toEqual([])
    const again = await startShare(node, 'data')
    expect(again.address).toBe(share.address)
  })

  it('publishes what changed under a higher sequence, and nothing where nothing did', async () => {
    const node = nodeWithData()
    const first = await startShare(node, 'data')
    expect(first).toMatchObject({ sequence: '0', changed: true, committed: true })
    await first.stop()
    const second = await startShare(node, 'data')
    expect(second).toMatchObject({ sequence: '0', changed: false, committed: false, commit: first.commit })
    await second.stop()
    writeFileSync(join(node.folder, 'data', 'a.txt'), 'changed\n')
    const third = await startShare(node, 'data')
    expect(third).toMatchObject({ sequence: '1', changed: true, committed: true, name: first.name })
    expect(third.commit).not.toBe(first.commit)
  })

  it('hands the folder to the daemon of the home, from which it is cloned', async () => {
    const [node, other] = [nodeWithData(), createNode()]
    const daemon = await node.daemon()
    const shared = await node.jzfs(['share', 'data'])
    expect(shared).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(`(pid ${daemon.process.pid})`),
      stdout: expect.stringContaining(`address  ${daemon.address}`),
    })
    const [, source = ''] = /clone (ipns:\S+)/.exec(shared.stdout) ?? []
    expect(await other.jzfs(['clone', source, 'copy', '--peer', daemon.address])).toMatchObject({ status: 0 })
    expect(readFileSync(join(other.folder, 'copy', 'inner', 'b.txt'), 'utf8')).toBe('b\n')
  })

  it('prints a command that clones it from anywhere, with this home too', async () => {
    const node = nodeWithData()
    const share = node.start(['share', 'data'], { env: { JZFS_PROGRAM: 'jzfs' } })
    const printed = await share.until('Press Ctrl-C')
    const [, args = ''] = /^ {2}jzfs (clone .*)$/m.exec(printed) ?? []
    expect(await node.jzfs(args.split(' '), { cwd: node.home })).toMatchObject({ status: 0 })
    expect(existsSync(join(node.home, 'data-clone', 'a.txt'))).toBe(true)
  })

  it('is interrupted while it reads, and nothing is shared then', async () => {
    const node = nodeWithData()
    writeFileSync(join(node.folder, 'data', 'large.bin'), Buffer.alloc(300_000_000, 7))
    const share = node.start(['share', 'data'])
    while (!existsSync(join(node.folder, 'data', '.jzfs', 'packs'))) await new Promise((go) => setTimeout(go, 5))
    expect(await share.stop('SIGINT')).toMatchObject({
      status: 130,
      stdout: '',
      stderr: expect.stringContaining('inter'),
    })
    expect(await node.jzfs(['publish', '--list'])).toMatchObject({ stdout: '' })
  })

  it('refuses what is no folder, or a part of another repository', async () => {
    const node = nodeWithData()
    const refusal = async (path: string) => (await node.jzfs(['share', path])).stderr
    expect(await refusal('none')).toMatch(/^jzfs: there is no such folder: .*none\n/)
    expect(await refusal('data/a.txt')).toMatch(/^jzfs: this is a file, .*a\.txt\nhint: put it into a folder/)
    await node.jzfs(['init', 'data'])
    expect(await refusal('data/inner')).toMatch(/^jzfs: the folder is a part of another repository: .*data\nhint:/)
  })
})

describe('jzfs daemon', { timeout: TIMEOUT }, () => {
  it('is one for each home: the second is refused with the pid of the first', async () => {
    const node = createNode()
    const daemon = await node.daemon()
    expect(await node.jzfs(['daemon'])).toEqual({
      status: 128,
      stdout: '',
      stderr: expect.stringContaining(`already (pid ${daemon.process.pid})`),
    })
    expect(await node.jzfs(['daemon', 'stop'])).toMatchObject({ status: 0 })
    expect(await daemon.ended).toMatchObject({ status: 0 })
    // It has ended when `stop` has: the next one is not refused.
    await node.daemon()
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('ends at %s with a connection open', async (signal) => {
    const [node, other] = [createNode(), createNode()]
    const [daemon, its] = [await node.daemon(), await other.daemon()]
    expect(await other.jzfs(['peer', 'connect', daemon.address])).toMatchObject({ status: 0 })
    expect(await daemon.stop(signal)).toMatchObject({ status: 0, stderr: expect.stringContaining('Stopped.') })
    expect(leftBehind(node)).toEqual([])
    expect(await other.jzfs(['peer', 'ping', daemon.address])).toMatchObject({ status: 128 })
    expect(await its.stop(signal)).toMatchObject({ status: 0 })
  })

  it('that was killed is replaced by the next one', async () => {
    const node = createNode()
    const daemon = await node.daemon()
    await daemon.stop('SIGKILL')
    expect(await node.jzfs(['daemon', 'status'])).toMatchObject({
      status: 128,
      stderr: expect.stringContaining('no daemon runs'),
    })
    expect((await node.daemon()).address).toBe(daemon.address)
  })
})
