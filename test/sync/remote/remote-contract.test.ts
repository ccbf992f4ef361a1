import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { generateKeyPairFromSeed, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'

import { createReachedCommits } from '../../../src/repo/history/reached-commits.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { openBundleRemote } from '../../../src/sync/bundle/bundle-remote.ts'
import { selectBundle } from '../../../src/sync/bundle/select-bundle.ts'
import { writeBundle } from '../../../src/sync/bundle/write-bundle.ts'
import { cloneRepository } from '../../../src/sync/clone/clone.ts'
import { createLocalPeer } from '../../../src/sync/local-peer.ts'
import { createRecord, nameOfKey } from '../../../src/sync/names/ipns-record.ts'
import { openKnownNames } from '../../../src/sync/names/known-names.ts'
import type { Peer } from '../../../src/sync/peer.ts'
import type { Offer } from '../../../src/sync/protocol/offer.ts'
import { createFolderOffer } from '../../../src/sync/remote/folder-offer.ts'
import { openFolderRemote } from '../../../src/sync/remote/folder-remote.ts'
import { createNamedRemote } from '../../../src/sync/remote/named-remote.ts'
import { createPeerRemote } from '../../../src/sync/remote/peer-remote.ts'
import type { Remote } from '../../../src/sync/remote/remote.ts'
import { fetchFrom, pushTo, refsOf, setRefs, storeCommit, storeTagOf } from '../../support/remote-history.ts'
import { ANN, temporaryFolder, temporaryRepository } from '../../support/repository.ts'
import { reachedBy } from '../../support/transfer.ts'

const NOW = new Date('2026-06-01T12:00:00Z')
const pusher = { person: ANN, command: 'jzfs push' }

/** A node with a key of its own that signs what its repository has, each time anew. */
async function createNode(seed: number) {
  const privateKey = privateKeyToProtobuf(await generateKeyPairFromSeed('Ed25519', Buffer.alloc(32, seed)))
  const name = await nameOfKey(privateKey)
  const names = openKnownNames(join(temporaryFolder(), 'own'))
  const offerOf = (repository: Repository, sequence?: bigint): Offer => {
    const offer = createFolderOffer(repository, pusher)
    const signed = async () => {
      const opened = await offer.openRepository(undefined)
      const { block } = (await opened.refs()).manifest
      const record =
        sequence === undefined
          ? await names.publish({ privateKey, cid: block.cid, now: NOW })
          : await createRecord({ privateKey, cid: block.cid, sequence, now: NOW })
      return { opened, block, record: record.bytes }
    }
    return {
      ...offer,
      source: {
        async get(cid, options) {
          const { block } = await signed()
          return block.cid.equals(cid) ? block.bytes : offer.source.get(cid, options)
        },
      },
      mayServe: async (cid) => (await signed()).block.cid.equals(cid) || offer.mayServe(cid),
      async openRepository(asked) {
        const { opened, block, record } = await signed()
        const repositoryName = asked ?? 'data'
        return { ...opened, name: repositoryName, refs: async () => ({ manifest: { name, record, block }, heads: [] }) }
      },
    }
  }
  const peerOf = (repository: Repository, sequence?: bigint): Peer =>
    createLocalPeer({
      label: 'peer X',
      record: async () =>
        (
          await offerOf(repository, sequence)
            .openRepository(undefined)
            .then((each) => each.refs())
        ).manifest.record,
      offer: () => offerOf(repository, sequence),
    })
  return { name, peerOf }
}

const known = () => ({ names: openKnownNames(join(temporaryFolder(), 'names')), now: NOW })

type Opening = (there: Repository, here: Repository | undefined) => Promise<Remote>

const KINDS: [kind: string, canPush: boolean, open: Opening][] = [
  ['a folder', true, (there) => openFolderRemote(there.path, { pusher })],
  [
    'a peer',
    true,
    async (there) => {
      const node = await createNode(1)
      return createPeerRemote({ url: '/ip4/…', peers: [node.peerOf(there)], repository: 'data', ...known() })
    },
  ],
  [
    'a name',
    true,
    async (there) => {
      const { name, peerOf } = await createNode(2)
      return createNamedRemote({ url: `ipns://${name}`, name, branch: 'main', peers: [peerOf(there)], ...known() })
    },
  ],
  [
    'a bundle',
    false,
    async (there, here) => {
      const root = await selectBundle(there, { revisions: [], prefixes: ['refs/heads/', 'refs/tags/'] })
      const path = join(temporaryFolder(), 'x.car')
      writeFileSync(path, Buffer.concat(await Array.fromAsync(writeBundle(there.store, root))))
      if (here === undefined) return openBundleRemote(path)
      const tips = (await here.refs.list()).map(({ cid }) => cid)
      const reached = createReachedCommits(here.store, tips)
      return openBundleRemote(path, { local: here.store, isHere: (commit) => reached.has(commit) })
    },
  ],
]

async function remoteRepository() {
  const there = await temporaryRepository({ bare: true })
  const first = await storeCommit(there, { text: 'one' })
  const second = await storeCommit(there, { text: 'two', parents: [first], at: 1 })
  const tag = await storeTagOf(there, second, 'v1')
  await setRefs(there, { 'refs/heads/main': second, 'refs/heads/old': first, 'refs/tags/v1': tag })
  return { there, first, second, tag }
}

describe.each(KINDS)('%s as a remote', (_kind, canPush, open) => {
  const opened: Remote[] = []
  const openIt: Opening = async (...args) => {
    const remote = await open(...args)
    opened.push(remote)
    return remote
  }
  afterAll(() => Promise.all(opened.map((remote) => remote.close())))

  it('lists branches, tags and its HEAD', async () => {
    const { there, first, second, tag } = await remoteRepository()
    const { refs, head } = await (await openIt(there, undefined)).list()
    expect(refs.map(({ name, cid }) => [name, cid.toString()])).toEqual([
      ['refs/heads/main', second.toString()],
      ['refs/heads/old', first.toString()],
      ['refs/tags/v1', tag.toString()],
    ])
    expect(head).toBe('refs/heads/main')
  })

  it('is fetched from, once, and again where something is new', async () => {
    const { there, second } = await remoteRepository()
    const here = await temporaryRepository({ bare: true })
    await fetchFrom(here, await openIt(there, here))
    expect(await here.refs.read('refs/remotes/origin/main')).toEqual(second)
    expect(Object.keys(await refsOf(here, 'refs/tags'))).toEqual(['refs/tags/v1'])
    const again = await fetchFrom(here, await openIt(there, here))
    expect(again.transferred.blocks).toBe(0)
    const third = await storeCommit(there, { text: 'three', parents: [second], at: 2 })
    await setRefs(there, { 'refs/heads/main': third })
    const { transferred, updates } = await fetchFrom(here, await openIt(there, here))
    expect(updates.find(({ target }) => target.endsWith('main'))?.verdict).toBe('fast-forward')
    // The commit, its two directories and its two files.
    expect(transferred.blocks).toBe(5)
    expect(await reachedBy(here.store, [third])).toEqual(await reachedBy(there.store, [third]))
  })

  it('is cloned, with branches, tags, and what its branch follows', async () => {
    const { there, second } = await remoteRepository()
    const remote = await openIt(there, undefined)
    const directory = join(temporaryFolder(), 'clone')
    const { repository, commit } = await cloneRepository({ directory, remote, command: 'jzfs clone', person: ANN })
    onTestFinished(() => repository.close())
    expect(commit).toEqual(second)
    expect(Object.keys(await refsOf(repository))).toEqual([
      'refs/heads/main',
      'refs/remotes/origin/main',
      'refs/remotes/origin/old',
      'refs/tags/v1',
    ])
    expect(repository.config.get('remote.origin.url')).toBe(remote.url)
    expect(repository.config.get('branch.main.merge')).toBe('refs/heads/main')
    const { name } = await remote.list()
    expect(repository.config.get('remote.origin.trustedName')).toBe(name)
  })

  it(canPush ? 'takes a push, and nothing that loses commits' : 'takes no push', async () => {
    const { there, second } = await remoteRepository()
    const here = await temporaryRepository({ bare: true })
    const remote = await openIt(there, here)
    await fetchFrom(here, remote)
    const third = await storeCommit(here, { text: 'three', parents: [second], at: 2 })
    await setRefs(here, { 'refs/heads/main': third })
    const pushing = pushTo(here, remote, { refspecs: ['main'] })
    if (!canPush) {
      await expect(pushing).rejects.toMatchObject({ code: 'remote-not-writable' })
      return
    }
    expect(await pushing).toMatchObject({ isRejected: false, sent: { blocks: 5 } })
    expect(await there.refs.read('refs/heads/main')).toEqual(third)
    await setRefs(here, { 'refs/heads/main': second })
    expect(await pushTo(here, remote, { refspecs: ['main'] })).toMatchObject({ isRejected: true })
    expect(await there.refs.read('refs/heads/main')).toEqual(third)
  })
})

describe('trust in a peer', () => {
  async function peerRemote(there: Repository, options: { sequence?: bigint; trustedName?: string } = {}) {
    const node = await createNode(3)
    const open = (sequence?: bigint, names = known().names, more: Peer[] = []) =>
      createPeerRemote({
        url: 'x',
        peers: [node.peerOf(there, sequence), ...more],
        repository: undefined,
        names,
        now: NOW,
        ...options,
      })
    return { ...node, open, peerAt: (sequence: bigint) => node.peerOf(there, sequence) }
  }

  it('begins with the first name that signs, and ends with another', async () => {
    const { there } = await remoteRepository()
    const { open, name } = await peerRemote(there)
    expect(await open().list()).toMatchObject({ name })
    const other = await peerRemote(there, {
      trustedName: 'k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r',
    })
    await expect(other.open().list()).rejects.toMatchObject({ code: 'remote-name-changed', details: { name } })
  })

  it('does not let a manifest go back', async () => {
    const { there, first } = await remoteRepository()
    const { open, peerAt } = await peerRemote(there)
    const { names } = known()
    await open(5n, names).list()
    // Another one that is not behind is enough, and who is behind is told of.
    const beside = await open(4n, names, [peerAt(5n)]).list()
    expect(beside).toMatchObject({ sequence: 5n, refused: [{ code: 'record-older-than-seen' }] })
    expect(beside.refused?.[0]?.message).toContain(' is behind: ')
    await setRefs(there, { 'refs/heads/main': first })
    await expect(open(4n, names).list()).rejects.toMatchObject({ code: 'record-older-than-seen' })
    await expect(open(5n, names).list()).rejects.toMatchObject({ code: 'record-fork' })
    expect((await open(6n, names).list()).refs[0]?.cid).toEqual(first)
  })

  it('keeps the name of what it fetched, in the same operation', async () => {
    const { there } = await remoteRepository()
    const { open, name } = await peerRemote(there)
    const here = await temporaryRepository({ bare: true })
    await fetchFrom(here, open(), { remoteName: 'origin' })
    expect(here.config.get('remote.origin.trustedName')).toBe(name)
  })
})
