import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { encodeManifest } from '../../../src/model/manifest/manifest.ts'
import { generateEd25519Key } from '../../../src/node/home/ed25519-key.ts'
import { createLocalPeer } from '../../../src/sync/local-peer.ts'
import { signHeadStatement } from '../../../src/sync/names/head-statement.ts'
import { createRecord } from '../../../src/sync/names/ipns-record.ts'
import { openKnownNames } from '../../../src/sync/names/known-names.ts'
import { createNamedRemote } from '../../../src/sync/remote/named-remote.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { offerAll } from '../../support/offer.ts'
import { someCommit, temporaryFolder } from '../../support/repository.ts'

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

const remoteOf = (peers: Awaited<ReturnType<typeof nodeWith>>[]) =>
  createNamedRemote({
    url: `ipns://${owner.name}`,
    name: owner.name,
    branch: 'main',
    peers,
    names: openKnownNames(join(temporaryFolder(), 'names')),
    now: NOW,
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
    const { refs } = await remoteOf(peers).list()
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
