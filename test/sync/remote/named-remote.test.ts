import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import type { Block } from '../../../src/model/block.ts'
import { encodeManifest } from '../../../src/model/manifest/manifest.ts'
import { generateEd25519Key } from '../../../src/node/home/ed25519-key.ts'
import { createLocalPeer } from '../../../src/sync/local-peer.ts'
import { signHeadStatement } from '../../../src/sync/names/head-statement.ts'
import { createRecord } from '../../../src/sync/names/ipns-record.ts'
import { openKnownNames } from '../../../src/sync/names/known-names.ts'
import type { Peer } from '../../../src/sync/peer.ts'
import { tooSlow } from '../../../src/sync/protocol/peer-errors.ts'
import { createNamedRemote } from '../../../src/sync/remote/named-remote.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { offerAll } from '../../support/offer.ts'
import { fetchFrom } from '../../support/remote-history.ts'
import { someCommit, temporaryFolder, temporaryRepository } from '../../support/repository.ts'

const NOW = new Date('2026-06-01T12:00:00Z')
const [owner, branch, stranger] = [generateEd25519Key(), generateEd25519Key(), generateEd25519Key()]
const manifest = encodeManifest({
  name: 'data',
  description: '',
  branches: [{ name: 'main', head: someCommit(1) }],
  tags: [],
})
const record = (await createRecord({ privateKey: owner.protobuf, cid: manifest.cid, sequence: 0n, now: NOW })).bytes

/** A node that gives the true record and manifest, and beside it a branch whose place this key has signed. */
async function nodeWith(label: string, signer: typeof owner) {
  const [ref, cid] = ['refs/heads/private', someCommit(2)]
  const head = {
    ref,
    cid,
    name: branch.name,
    record: (await createRecord({ privateKey: branch.protobuf, cid, sequence: 0n, now: NOW })).bytes,
    statement: await signHeadStatement(signer.protobuf, { repository: owner.name, ref, name: branch.name }),
  }
  const refs = async () => ({ manifest: { name: owner.name, record, block: manifest }, heads: [head] })
  const blocks = new MemoryBlocks()
  blocks.put(manifest)
  return createLocalPeer({
    label,
    record: async () => record,
    offer: () => ({
      source: blocks,
      mayServe: () => true,
      openRepository: async () => ({ name: 'data', refs, close: async () => {} }),
    }),
  })
}

/** A node that has record and blocks, and does not know the repository: a pin. */
function replica() {
  const blocks = new MemoryBlocks()
  blocks.put(manifest)
  return createLocalPeer({ label: 'replica', record: async () => record, offer: () => offerAll(blocks) })
}

const remoteOf = (peers: Peer[]) =>
  createNamedRemote({
    url: `ipns://${owner.name}`,
    name: owner.name,
    branch: 'main',
    peers,
    names: openKnownNames(join(temporaryFolder(), 'names')),
    now: NOW,
  })

const older = encodeManifest({ name: 'old', description: '', branches: [], tags: [] })
const newest = (await createRecord({ privateKey: owner.protobuf, cid: manifest.cid, sequence: 5n, now: NOW })).bytes

/** A node that gives this record of the name, and these blocks. */
function nodeGiving(label: string, given: Uint8Array, ...blocks: Block[]) {
  const store = new MemoryBlocks()
  for (const block of blocks) store.put(block)
  const mayServe = (cid: CID): boolean => blocks.some((block) => block.cid.equals(cid))
  return createLocalPeer({ label, record: async () => given, offer: () => ({ ...offerAll(store), mayServe }) })
}

/** Restored from a backup, or a replica that is behind. */
const stale = () => nodeGiving('stale', record, older)
const good = () => nodeGiving('good', newest, manifest)
const behind = {
  code: 'record-older-than-seen',
  details: { peer: 'stale' },
  message: expect.stringMatching(/^stale is behind: /),
}

describe('a node beside a good one', () => {
  it('is told of where it is behind, whoever is asked first', async () => {
    for (const peers of [
      [stale(), good()],
      [good(), stale()],
    ]) {
      const { refs, refused, sequence } = await remoteOf(peers).list()
      expect([refs.length, sequence, refused]).toMatchObject([1, 5n, [behind]])
    }
  })

  it('is not told of where it is this node', async () => {
    for (const peers of [
      [{ ...stale(), isOwn: true }, good()],
      [good(), { ...stale(), isOwn: true }],
    ]) {
      expect(await remoteOf(peers).list()).toMatchObject({ sequence: 5n, refused: [] })
    }
  })

  it('is told of where it forges, and each once', async () => {
    const forged = Uint8Array.from(newest, (byte, at) => (at === newest.length - 1 ? byte ^ 1 : byte))
    const remote = remoteOf([nodeGiving('forger', forged), good(), stale()])
    await remote.list()
    const { refused = [] } = await remote.list()
    expect(refused.map(({ code, details }) => [details['peer'], code])).toEqual([
      ['forger', 'record-forged'],
      ['stale', 'record-older-than-seen'],
    ])
  })

  it('ends it, by its name, where it has another value', async () => {
    const other = await createRecord({ privateKey: owner.protobuf, cid: older.cid, sequence: 5n, now: NOW })
    await expect(remoteOf([good(), nodeGiving('fork', other.bytes)]).list()).rejects.toMatchObject({
      code: 'record-fork',
      message: expect.stringMatching(/^fork says otherwise: /),
      details: { peer: 'fork' },
    })
  })

  it('is not told of where it has nothing, or is gone', async () => {
    const gone = createLocalPeer({
      label: 'gone',
      record: async () => Promise.reject(tooSlow('gone', 1)),
      offer: () => offerAll(new MemoryBlocks()),
    })
    expect(await remoteOf([gone, good()]).list()).toMatchObject({ refused: [] })
  })
})

describe('what is newest', () => {
  /** Knows the newest record, and serves nothing. */
  const router = () => ({ label: 'router', resolveName: async () => newest })

  it('is missed because the one that is asked for it is behind', async () => {
    await expect(remoteOf([stale(), router()]).list()).rejects.toMatchObject(behind)
    await expect(remoteOf([router(), stale()]).list()).rejects.toMatchObject(behind)
  })

  it('is missed in the transfer for the same reason', async () => {
    const remote = remoteOf([nodeGiving('half', newest, manifest), stale()])
    const repository = await temporaryRepository()
    await expect(fetchFrom(repository, remote)).rejects.toMatchObject(behind)
  })
})

describe('a node that lies about a branch beside the manifest', () => {
  it('is refused where it is alone', async () => {
    await expect(remoteOf([await nodeWith('liar', stranger)]).list()).rejects.toMatchObject({
      code: 'head-not-signed',
      details: { peer: 'liar' },
    })
  })

  it('does not keep others from it where an honest one is there too', async () => {
    const peers = [await nodeWith('liar', stranger), await nodeWith('honest', owner)]
    const { refs, refused } = await remoteOf(peers).list()
    expect(refused).toMatchObject([{ code: 'head-not-signed', details: { peer: 'liar' } }])
    expect(refs.map(({ name }) => name)).toEqual(['refs/heads/main', 'refs/heads/private'])
  })
})

describe('a replica that only has the blocks', () => {
  it('does not hide the node that knows the repository: that one is asked for more, and pushed to', async () => {
    const remote = remoteOf([replica(), await nodeWith('owner', owner)])
    const { refs } = await remote.list()
    expect(refs.map(({ name }) => name)).toEqual(['refs/heads/main', 'refs/heads/private'])
    expect(remote.peers.map(({ label }) => label)).toEqual(['owner', 'replica'])
  })

  it('is enough for what is for everybody, also beside one that lies', async () => {
    const { refs } = await remoteOf([await nodeWith('liar', stranger), replica()]).list()
    expect(refs.map(({ name }) => name)).toEqual(['refs/heads/main'])
  })
})
