import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { CID } from 'multiformats/cid'
import { describe, expect, it, onTestFinished } from 'vitest'

import { cidOf, RAW } from '../../../src/model/cid.ts'
import { type ConnectedPeer, connectPeer } from '../../../src/node/network/client-node.ts'
import { createNode, type Node } from '../../support/jzfs.ts'
import { receiveInto, temporaryStore } from '../../support/transfer.ts'

const TIMEOUT = 60_000

/** How long Bitswap is waited for where it should have nothing, in milliseconds: it never says that it has not. */
const BITSWAP_MS = 700

/** How long where it should have the block. */
const PATIENCE_MS = 20_000

interface Published {
  node: Node
  repository: string
  address: string
  name: string
  commit: CID
}

/** A node whose daemon runs, and that publishes the one commit of a repository. */
async function publishingNode(...flags: string[]): Promise<Published> {
  const node = createNode()
  const repository = join(node.folder, 'data')
  mkdirSync(repository)
  await node.jzfs(['init'], { cwd: repository })
  const { address } = await node.daemon()
  const published = { node, repository, address, name: '', commit: await commitFile({ node, repository }, 'public') }
  const { stdout } = await node.jzfs(['publish', '--json', ...flags], { cwd: repository })
  const { refs } = JSON.parse(stdout) as { refs: { name: string }[] }
  return { ...published, name: refs[0]?.name ?? '' }
}

async function commitFile({ node, repository }: Pick<Published, 'node' | 'repository'>, text: string): Promise<CID> {
  writeFileSync(join(repository, `${text}.txt`), text)
  expect(await node.jzfs(['add', '.'], { cwd: repository })).toMatchObject({ status: 0 })
  const { stdout } = await node.jzfs(['commit', '-m', text, '--json'], { cwd: repository })
  return CID.parse((JSON.parse(stdout) as { commit: string }).commit)
}

async function connectTo(address: string): Promise<ConnectedPeer> {
  const peer = await connectPeer(address)
  onTestFinished(() => peer.close())
  return peer
}

/** By which of the ways that a stranger has a block can be had. */
async function waysTo(address: string, cid: CID, bitswapMs = BITSWAP_MS): Promise<string[]> {
  const peer = await connectTo(address)
  const bySync = async (): Promise<unknown> => {
    const duplex = await peer.openSync!()
    return receiveInto(await temporaryStore(), duplex!, [cid], { wanted: 'any' })
  }
  const ways = {
    sync: bySync,
    bitswap: () => peer.fetchBlock(cid, { signal: AbortSignal.timeout(bitswapMs) }),
  }
  const tried = await Promise.all(
    Object.entries(ways).map(async ([way, get]) =>
      get().then(
        () => [way],
        () => [],
      ),
    ),
  )
  return tried.flat()
}

const leafOf = (text: string): CID => cidOf(RAW, Buffer.from(text))

describe('what is published', { timeout: TIMEOUT }, () => {
  it('is had by sync and by Bitswap; what is staged, or committed later, is not', async () => {
    const { node, repository, address, commit } = await publishingNode()
    expect(await waysTo(address, commit, PATIENCE_MS)).toEqual(['sync', 'bitswap'])
    expect(await waysTo(address, leafOf('public'), PATIENCE_MS)).toEqual(['sync', 'bitswap'])
    const later = await commitFile({ node, repository }, 'later')
    writeFileSync(join(repository, 'staged.txt'), 'staged')
    expect(await node.jzfs(['add', '.'], { cwd: repository })).toMatchObject({ status: 0 })
    expect(await waysTo(address, leafOf('staged'))).toEqual([])
    expect(await waysTo(address, leafOf('later'))).toEqual([])
    expect(await waysTo(address, later)).toEqual([])
    expect(await node.jzfs(['publish'], { cwd: repository })).toMatchObject({ status: 0 })
    expect(await waysTo(address, later, PATIENCE_MS)).toEqual(['sync', 'bitswap'])
    expect(await waysTo(address, leafOf('staged'))).toEqual([])
  })

  it('is not had any more when it is unpublished, nor is its record', async () => {
    const { node, repository, address, name, commit } = await publishingNode()
    expect(await (await connectTo(address)).resolveName(name)).toBeDefined()
    expect(await node.jzfs(['unpublish'], { cwd: repository })).toMatchObject({ status: 0 })
    expect(await waysTo(address, commit)).toEqual([])
    expect(await waysTo(address, leafOf('public'))).toEqual([])
    expect(await (await connectTo(address)).resolveName(name)).toBeUndefined()
  })

  it('to some is had by these alone, with a daemon or without, and by nobody over Bitswap', async () => {
    const [friend, stranger] = [createNode(), createNode()]
    const { stdout } = await friend.jzfs(['id', '--json'])
    const { peerId } = JSON.parse(stdout) as { peerId: string }
    const { name, address, commit } = await publishingNode('--to', peerId)
    const clone = (node: Node, folder: string) => node.jzfs(['clone', name, folder, '--peer', address])
    expect(await waysTo(address, commit)).toEqual([])
    expect(await clone(stranger, 'x')).toMatchObject({
      status: 128,
      stderr: expect.stringContaining('nobody here knows'),
    })
    expect(await clone(friend, 'alone')).toMatchObject({ status: 0 })
    await friend.daemon()
    expect(await clone(friend, 'through')).toMatchObject({ status: 0 })
    await stranger.daemon()
    expect(await clone(stranger, 'x')).toMatchObject({ status: 128 })
  })

  it('to some is kept for its node only where one of them pins it, until it is for everybody', async () => {
    const [keeper, stranger] = [createNode(), createNode()]
    const { peerId } = JSON.parse((await keeper.jzfs(['id', '--json'])).stdout) as { peerId: string }
    const { node, repository, name, address, commit } = await publishingNode('--to', peerId)
    const daemon = await keeper.daemon()
    expect(await keeper.jzfs(['pin', 'add', '--follow', name, '--peer', address])).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('kept for this node only'),
    })
    expect(await keeper.jzfs(['pin', 'ls'])).toMatchObject({ stdout: expect.stringContaining('for this node only') })
    expect(await waysTo(daemon.address, commit)).toEqual([])
    expect(await (await connectTo(daemon.address)).resolveName(name)).toBeUndefined()
    expect(await stranger.jzfs(['clone', name, 'x', '--peer', daemon.address])).toMatchObject({ status: 128 })
    // Its own user has it.
    expect(await keeper.jzfs(['clone', name, 'own'])).toMatchObject({ status: 0 })
    expect(await node.jzfs(['publish', '--public'], { cwd: repository })).toMatchObject({ status: 0 })
    expect(await keeper.jzfs(['pin', 'update'])).toMatchObject({ status: 0 })
    expect(await waysTo(daemon.address, commit, PATIENCE_MS)).toEqual(['sync', 'bitswap'])
  })

  it('is not had from a pin that was removed', async () => {
    const { address, name, commit } = await publishingNode()
    const keeper = createNode()
    const daemon = await keeper.daemon()
    expect(await keeper.jzfs(['pin', 'add', name, '--peer', address])).toMatchObject({ status: 0 })
    expect(await waysTo(daemon.address, commit, PATIENCE_MS)).toEqual(['sync', 'bitswap'])
    expect(await keeper.jzfs(['pin', 'rm', name])).toMatchObject({ status: 0 })
    expect(await waysTo(daemon.address, commit)).toEqual([])
  })
})
