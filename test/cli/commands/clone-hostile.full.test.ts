import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { EMPTY_DIRECTORY } from '../../../src/model/directory/directory.ts'
import { generateEd25519Key } from '../../../src/node/home/ed25519-key.ts'
import { flipped, honestAnswer } from '../../support/hostile-peer.ts'
import { NAME, send, serveFrom, type Script, signed, startHostileServer } from '../../support/hostile-server.ts'
import { commitWith, HOSTILE_TREES, leaf } from '../../support/hostile-trees.ts'
import { createNode, type Node, refusal, refusedClone } from '../../support/jzfs.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { commitTree } from '../../support/transfer.ts'

const TIMEOUT = 60_000

const blocks = new MemoryBlocks()
const first = commitTree(blocks, { a: 'the first', 'dir/b': 'the second' })
const commit = commitTree(blocks, { a: 'the first', 'dir/b': 'changed' }, [first])
const { start, sections } = await honestAnswer(blocks, [commit])

function clone(node: Node, ...addresses: string[]) {
  return node.jzfs(['clone', NAME, 'x', ...addresses.flatMap((address) => ['--peer', address])])
}

function refused(node: Node, address: string, ...more: string[]) {
  return refusedClone(node, [NAME, 'x', '--peer', address, ...more])
}

async function expectHonestCloneWorks(node: Node): Promise<void> {
  const honest = await startHostileServer({ record: await signed({ cid: commit }), sync: serveFrom(blocks) })
  expect(await clone(node, honest)).toMatchObject({ status: 0 })
  expect(readFileSync(join(node.folder, 'x', 'dir', 'b'), 'utf8')).toBe('changed')
}

const LIES: [what: string, sync: Script['sync'], message: RegExp][] = [
  [
    'a block with a bit changed',
    send([start, ...sections.slice(0, 3), flipped(sections[3]!, 1), ...sections.slice(4)]),
    /sent bytes that are not ba/,
  ],
  [
    'blocks in another order',
    send([start, ...sections.toReversed()]),
    /sent something that was not asked for, where ba/,
  ],
  ['a block too many', send([start, ...sections, sections[0]!]), /that was not asked for, after the last block$/],
  ['another CAR', send([sections[0]!, ...sections]), /does not keep to the protocol: /],
  ['what is no CAR at all', send([Buffer.from('<html>'.repeat(99))]), /does not keep to the protocol: /],
]

describe('a clone from a node that lies', { timeout: TIMEOUT }, () => {
  it.each(LIES)(
    'by sending %s is refused, and the next one from an honest node works',
    async (_what, sync, message) => {
      const node = createNode()
      const liar = await startHostileServer({ record: await signed({ cid: commit }), sync: sync! })
      const answer = await refused(node, liar)
      expect(answer).toEqual(refusal(message, 3))
      expect(answer.message).toContain(liar)
      await expectHonestCloneWorks(node)
    },
  )

  it('goes on with the next node, and names the one that lied', async () => {
    const node = createNode()
    const record = await signed({ cid: commit })
    const liar = await startHostileServer({ record, sync: LIES[0]![1]! })
    const honest = await startHostileServer({ record, sync: serveFrom(blocks) })
    expect(await clone(node, liar, honest)).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(new RegExp(`^warning: ${liar} sent bytes that are not `, 'm')),
    })
    expect(readFileSync(join(node.folder, 'x', 'a'), 'utf8')).toBe('the first')
  })

  it('through the daemon is refused as well', async () => {
    const node = createNode()
    await node.daemon()
    const liar = await startHostileServer({ record: await signed({ cid: commit }), sync: LIES[0]![1]! })
    expect(await refused(node, liar)).toEqual(refusal(LIES[0]![2], 3))
    await expectHonestCloneWorks(node)
  })

  it('that stops in the middle goes on from another one', async () => {
    const node = createNode()
    const cut = await startHostileServer({
      record: await signed({ cid: commit }),
      sync: send([start, ...sections.slice(0, 4), sections[4]!.subarray(0, 10)]),
    })
    expect(await clone(node, cut)).toEqual({
      status: 128,
      stdout: '',
      stderr: expect.stringContaining(
        `jzfs: ${cut} ended the transfer before everything was there\nhint: run the command again: it goes on where it stopped\n`,
      ),
    })
    await expectHonestCloneWorks(node)
  })

  it('that falls silent is given up', async () => {
    const node = createNode()
    await node.jzfs(['config', '--user', 'network.idleTimeoutMs', '300'])
    const silent = await startHostileServer({
      record: await signed({ cid: commit }),
      sync: send([start], { ends: false }),
    })
    const answer = await refused(node, silent)
    expect(answer).toEqual(refusal(/^jzfs: nothing came from \S+ for 0.3 s$/))
    expect(answer.message).toContain(silent)
    await expectHonestCloneWorks(node)
  })
})

const MEANT = new Set(['a path upwards', 'a path into the repository', 'the repository in capitals'])
const trees = HOSTILE_TREES.filter(([what]) => MEANT.has(what) || /one name twice|without end/.test(what))

describe('a clone of a tree made to do harm', { timeout: TIMEOUT }, () => {
  it.each(trees)('%s: is refused, and nothing is written anywhere', async (_what, tree) => {
    const hostile = commitWith(tree)
    const node = createNode()
    const server = await startHostileServer({
      record: await signed({ cid: hostile.commit }),
      sync: serveFrom(hostile.blocks),
    })
    const answer = await refused(node, server)
    expect(answer).toEqual(refusal(/ sent what must not be used: /, 3))
    expect(answer.message).toContain(server)
    expect(readdirSync(dirname(node.folder)).sort()).toEqual(['home', 'work'])
  })

  it('is one of six', () => expect(trees).toHaveLength(6))
})

describe('a record', { timeout: TIMEOUT }, () => {
  const server = (record: Uint8Array) => startHostileServer({ record, sync: serveFrom(blocks) })

  it('that another key signed is refused', async () => {
    const { protobuf } = generateEd25519Key()
    const address = await server(await signed({ cid: commit, privateKey: protobuf }))
    const answer = await refused(createNode(), address)
    expect(answer).toEqual(refusal(/ was not signed by its key$/, 3))
    expect(answer.message).toContain(address)
  })

  it('that is none is refused', async () => {
    const address = await server(Buffer.from('no record'))
    expect(await refused(createNode(), address)).toEqual(refusal(/ cannot be used: /, 3))
  })

  it('that has expired is refused, unless the user takes it', async () => {
    const node = createNode()
    const address = await server(await signed({ cid: commit, now: new Date('2020-01-01'), lifetimeMs: 1000 }))
    const answer = await refused(node, address)
    expect(answer).toEqual(refusal(/ was valid until 2020-01-01T00:00:01.000Z$/, 3))
    expect(answer.hint).toContain('--allow-expired')
    expect(await node.jzfs(['clone', NAME, 'x', '--peer', address, '--allow-expired'])).toMatchObject({ status: 0 })
  })

  it('that is older than one seen, or says another thing at the same sequence, is refused as a rollback', async () => {
    const node = createNode()
    const script: Script = { record: await signed({ cid: commit, sequence: 5n }), sync: serveFrom(blocks) }
    const address = await startHostileServer(script)
    expect(await node.jzfs(['resolve', NAME, '--peer', address])).toMatchObject({ status: 0 })
    script.record = await signed({ cid: first, sequence: 4n })
    expect(await refused(node, address)).toEqual(refusal(/ has sequence 4, but 5 was seen$/, 4))
    script.record = await signed({ cid: first, sequence: 5n })
    expect(await refused(node, address)).toEqual(refusal(/two|fork|another/, 4))
    script.record = await signed({ cid: first, sequence: 6n })
    expect(await clone(node, address)).toMatchObject({ status: 0 })
  })

  it.each([
    ['a file', leaf.cid],
    ['a directory', EMPTY_DIRECTORY.cid],
  ])('that names %s and no commit is refused', async (_what, cid) => {
    expect(await refused(createNode(), await server(await signed({ cid })))).toEqual(refusal(/not a commit/, 3))
  })
})
