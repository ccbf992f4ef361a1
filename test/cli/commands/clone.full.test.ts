import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { generateEd25519Key } from '../../../src/node/home/ed25519-key.ts'
import {
  createNode,
  type Node,
  refusal,
  refusedClone,
  type Running,
  type Shared,
  startShare,
  untilReceived,
} from '../../support/jzfs.ts'
import { seededBytes } from '../../support/seeded.ts'

const TIMEOUT = 60_000

/** A node that shares a folder of small files, and one of 3 MB. */
async function sharingNode(): Promise<Node & { share: Running & Shared }> {
  const node = createNode()
  mkdirSync(join(node.folder, 'data', 'inner'), { recursive: true })
  writeFileSync(join(node.folder, 'data', 'a.txt'), 'a\n')
  writeFileSync(join(node.folder, 'data', 'inner', 'large.bin'), seededBytes('large', 3_000_000))
  return { ...node, share: await startShare(node, 'data') }
}

function expectCopy(folder: string): void {
  expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('a\n')
  expect(readFileSync(join(folder, 'inner', 'large.bin')).equals(seededBytes('large', 3_000_000))).toBe(true)
}

const free = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWNe2LuDeQucA3hRp4ReoQhmW5HYsEP62zB3P3VpaxnWrg'

describe('jzfs clone', { timeout: TIMEOUT }, () => {
  it('brings a dataset by its name, without a daemon and through one', async () => {
    const { share } = await sharingNode()
    const node = createNode()
    const args = (folder: string) => ['clone', `ipns://${share.name}`, folder, '--peer', share.address]
    expect(await node.jzfs(args('alone'))).toMatchObject({ status: 0, stderr: '' })
    const daemon = await node.daemon()
    expect(await node.jzfs(args('through'))).toMatchObject({ status: 0, stderr: '' })
    expect(await node.jzfs(['peer', 'ls'])).toMatchObject({ stdout: `${share.address}\n` })
    // It is connected now, and needs no address.
    expect(await node.jzfs(args('connected').slice(0, 3))).toMatchObject({ status: 0, stderr: '' })
    for (const folder of ['alone', 'through', 'connected']) expectCopy(join(node.folder, folder))
    expect(await node.jzfs(['status', '--json'], { cwd: join(node.folder, 'through') })).toMatchObject({ status: 0 })
    expect(await daemon.stop()).toMatchObject({ status: 0 })
  })

  it('brings a commit by its CID, a bare repository, and says what came as JSON', async () => {
    const { share } = await sharingNode()
    const node = createNode()
    const peer = ['--peer', share.address]
    expect(await node.jzfs(['clone', `ipfs://${share.commit}`, 'by-cid', ...peer])).toMatchObject({ status: 0 })
    expectCopy(join(node.folder, 'by-cid'))
    const bare = await node.jzfs(['clone', share.name, 'bare', '--bare', '--json', ...peer])
    expect(JSON.parse(bare.stdout)).toEqual({
      directory: join(node.folder, 'bare'),
      commit: share.commit,
      name: share.name,
      sequence: '0',
      blocks: 8,
      bytes: expect.any(Number),
      peer: share.address,
      resumed: false,
      failures: [],
    })
    expect(readdirSync(join(node.folder, 'bare'))).toContain('packs')
  })

  it("serves this node's own name from its files, with its daemon up or not", async () => {
    const node = await sharingNode()
    const clone = (folder: string, ...args: string[]) =>
      node.jzfs(['clone', `ipns://${node.share.name}`, folder, ...args])
    expect(await clone('up')).toMatchObject({ status: 0 })
    expect(await clone('up-by-address', '--peer', node.share.address)).toMatchObject({ status: 0 })
    await node.share.stop()
    expect(await clone('down')).toMatchObject({ status: 0 })
    expect(await clone('down-by-address', '--peer', node.share.address)).toMatchObject({ status: 0 })
    for (const folder of ['up', 'up-by-address', 'down', 'down-by-address']) expectCopy(join(node.folder, folder))
  })

  it('goes on with another peer where one is gone', async () => {
    const { share } = await sharingNode()
    const node = createNode()
    const cloned = await node.jzfs(['clone', share.name, 'copy', '--peer', free, '--peer', share.address])
    expect(cloned).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(`warning: cannot reach the peer at ${free}`),
    })
    expectCopy(join(node.folder, 'copy'))
  })

  it('names what is wrong with a source or an address', async () => {
    const node = createNode()
    const { name } = generateEd25519Key()
    expect(await refusedClone(node, ['ipns://nonsense', 'x'])).toEqual(
      refusal(/this is neither an IPNS name nor a CID: ipns:\/\/nonsense$/),
    )
    expect(await refusedClone(node, [name, 'x', '--peer', 'nonsense'])).toEqual(
      refusal(/this is no address of a peer: nonsense$/),
    )
    expect(await refusedClone(node, [name, 'x', '--peer', '/ip4/127.0.0.1/udp/1'])).toEqual(
      refusal(/this is no address of a peer: /),
    )
    expect(await refusedClone(node, [name, 'x', '--peer', '/ip4/10.0.0.1/tcp/1'])).toEqual(
      refusal(/profile "loopback" does not reach /),
    )
    expect(await refusedClone(node, [name, 'x', '--peer', free])).toEqual(
      refusal(/cannot reach the peer at .*tcp\/1\//),
    )
    expect(await refusedClone(node, [name, 'x'])).toEqual(
      refusal(/nobody here knows ipns:\/\/k51.* \(asked: this node\)$/),
    )
  })

  it('names what a peer does not have, and a peer that is another one', async () => {
    const { share } = await sharingNode()
    const node = createNode()
    const { name, peerId } = generateEd25519Key()
    const peer = ['--peer', share.address]
    expect(await refusedClone(node, [name, 'x', ...peer])).toEqual(
      refusal(/nobody here knows ipns:\/\/k51.* \(asked: \/ip4.*\)$/),
    )
    const other = 'baguqeeraol3jw5yjtkbefyrmtb46t27famon7wp57azoj4ujomyw2uagl24a'
    expect(await refusedClone(node, [`ipfs://${other}`, 'x', ...peer])).toEqual(
      refusal(new RegExp(`${share.address} does not serve ${other}$`)),
    )
    expect(await refusedClone(node, [`ipfs://${share.tree}`, 'x', ...peer])).toEqual(
      refusal(/bafy\S+ is .*not a commit/, 3),
    )
    const wrong = share.address.replace(/[^/]+$/, peerId)
    expect(await refusedClone(node, [share.name, 'x', '--peer', wrong])).toEqual(
      refusal(/another peer than expected answers at /, 3),
    )
    await share.stop()
    expect(await refusedClone(node, [share.name, 'x', ...peer])).toEqual(refusal(/cannot reach the peer at /))
  })

  it('gives up a peer that accepts and says nothing', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    onTestFinished(() => void silent.close())
    await new Promise((resolve) => silent.once('listening', resolve))
    const { port } = silent.address() as { port: number }
    const address = free.replace('/tcp/1/', `/tcp/${port}/`)
    expect(await refusedClone(createNode(), [generateEd25519Key().name, 'x', '--peer', address])).toEqual(
      refusal(/cannot reach the peer at /),
    )
  })

  it('touches no folder that is not empty, and takes an empty one', async () => {
    const { share } = await sharingNode()
    const node = createNode()
    mkdirSync(join(node.folder, 'full'))
    mkdirSync(join(node.folder, 'empty'))
    writeFileSync(join(node.folder, 'full', 'mine'), 'mine')
    const into = (folder: string) => node.jzfs(['clone', share.name, folder, '--peer', share.address])
    expect(await into('full')).toMatchObject({
      status: 128,
      stderr: expect.stringContaining('the folder is not empty'),
    })
    expect(readdirSync(join(node.folder, 'full'))).toEqual(['mine'])
    expect(await into('full/mine')).toMatchObject({ status: 128 })
    expect(await into('empty')).toMatchObject({ status: 0 })
    expectCopy(join(node.folder, 'empty'))
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('whose peer ends at %s says so, and goes on later', async (signal) => {
    const node = createNode()
    mkdirSync(join(node.folder, 'data'))
    for (let i = 0; i < 20; i++) writeFileSync(join(node.folder, 'data', `${i}.bin`), seededBytes(`${i}`, 8_000_000))
    const share = await startShare(node, 'data')
    const cloner = createNode()
    const clone = () => cloner.start(['clone', share.name, 'copy', '--peer', share.address])
    const first = clone()
    await untilReceived(join(cloner.folder, 'copy'), 8_000_000, first)
    expect(await share.stop(signal)).toMatchObject({ status: 0 })
    expect(await first.ended).toEqual({
      status: 128,
      stdout: '',
      stderr: `jzfs: ${share.address} ended the transfer before everything was there\nhint: run the command again: it goes on where it stopped\n`,
    })
    await startShare(node, 'data')
    expect(await clone().ended).toMatchObject({ status: 0, stdout: expect.stringContaining(', and what was there)') })
    expect(await cloner.jzfs(['status'], { cwd: join(cloner.folder, 'copy') })).toMatchObject({
      stdout: expect.stringContaining('working tree clean'),
    })
  })
})
