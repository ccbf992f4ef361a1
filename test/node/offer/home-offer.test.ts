import { join } from 'node:path'

import { CID } from 'multiformats/cid'
import { describe, expect, it, onTestFinished } from 'vitest'

import { cidOf, RAW } from '../../../src/model/cid.ts'
import { encodeCommit } from '../../../src/model/commit/commit.ts'
import { JzfsError } from '../../../src/model/errors.ts'
import { decodeManifest, type Manifest } from '../../../src/model/manifest/manifest.ts'
import { type Home, openHome } from '../../../src/node/home/home.ts'
import { createHomeOffer } from '../../../src/node/offer/home-offer.ts'
import { publishedRecord } from '../../../src/node/offer/published-record.ts'
import { createServedBlocks, type ServedBlocks } from '../../../src/node/offer/served-blocks.ts'
import type { Asker } from '../../../src/node/offer/visibility.ts'
import { publishRefs, type PublishRequest } from '../../../src/node/publish/publish.ts'
import { renamePublished } from '../../../src/node/publish/rename-published.ts'
import { unpublishRefs } from '../../../src/node/publish/unpublish.ts'
import { createTag } from '../../../src/repo/refs/tag.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { createLocalPeer } from '../../../src/sync/local-peer.ts'
import { openRecord } from '../../../src/sync/names/ipns-record.ts'
import type { Peer } from '../../../src/sync/peer.ts'
import { askKnown, type ListedRefs, listRefs } from '../../../src/sync/protocol/ask-peer.ts'
import type { RefUpdate } from '../../../src/sync/protocol/offer.ts'
import { pushTo } from '../../../src/sync/push/push-to.ts'
import { commitTo, temporaryDataset } from '../../support/dataset.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { offerReceiving } from '../../support/push.ts'
import { ANN, temporaryFolder, temporaryRepository } from '../../support/repository.ts'
import { commitTree, comparable, reachedBy, receiveInto, temporaryStore } from '../../support/transfer.ts'

const NOW = new Date('2026-03-01T00:00:00Z')
const command = 'jzfs publish'
const MAIN = 'refs/heads/main'
const [FRIEND, WRITER, STRANGER] = [{ peerId: 'friend' }, { peerId: 'writer' }, { peerId: 'stranger' }]
const ASKERS: Asker[] = ['everybody', STRANGER, FRIEND, WRITER, 'self']

interface Place {
  home: Home
  served: ServedBlocks
  repository: Repository
  problems: JzfsError[]
  publish(refs: string[], more?: Partial<PublishRequest>): ReturnType<typeof publishRefs>
  peer(asker: Asker): Peer
}

async function makePlace(repository: Repository): Promise<Place> {
  const home = openHome(join(temporaryFolder(), 'home'))
  const served = createServedBlocks(home)
  onTestFinished(() => served.close())
  const problems: JzfsError[] = []
  const options = { served, now: () => NOW, onProblem: (error: JzfsError) => void problems.push(error) }
  return {
    home,
    served,
    repository,
    problems,
    publish: (refs, more = {}) => publishRefs(home, { repository, refs, command, now: NOW, ...more }),
    peer: (asker) =>
      createLocalPeer({
        label: 'home',
        record: (name) => publishedRecord(home, name, asker),
        offer: () => createHomeOffer(home, asker, options),
      }),
  }
}

const manifestIn = ({ manifest }: ListedRefs): Manifest => {
  if (manifest === undefined) throw new TypeError('no manifest')
  return decodeManifest(manifest.cid, manifest.bytes)
}
const branchesOf = (listed: ListedRefs): string[] => manifestIn(listed).branches.map(({ name }) => name)
const headsOf = (listed: ListedRefs): string[] => listed.heads.map(({ ref }) => ref)

/** A public branch, one for a friend, one for nobody, and a tag. */
async function mixedPlace() {
  const place = await makePlace(await temporaryDataset({ a: 'a' }))
  const { repository, publish } = place
  const forFriend = await commitTo(repository, { friend: 'for a friend' }, 'refs/heads/friend')
  const secret = await commitTo(repository, { secret: 'secret' }, 'refs/heads/secret')
  const main = (await repository.refs.read(MAIN))!
  await createTag(repository, { name: 'v1', object: main, message: undefined, force: false }, { command, person: ANN })
  await publish([MAIN, 'refs/tags/v1'])
  await publish(['refs/heads/friend'], { audience: { peers: [FRIEND.peerId] } })
  return { ...place, main, forFriend, secret }
}

describe('the refs of a repository', () => {
  it('are those that are for everybody, signed, and beside them those for the asker', async () => {
    const { peer, home } = await mixedPlace()
    const [{ name, manifest: key } = { name: '' }] = home.repositories.list()
    for (const asker of ASKERS) {
      const listed = await listRefs(peer(asker), {})
      expect(listed).toMatchObject({ repository: name, name: key?.name, writable: asker === 'self' })
      expect(branchesOf(listed)).toEqual(['main'])
      expect(manifestIn(listed)).toMatchObject({ defaultBranch: 'main', tags: [{ name: 'v1' }] })
      expect(headsOf(listed)).toEqual(asker === FRIEND || asker === 'self' ? ['refs/heads/friend'] : [])
      const record = await openRecord(key?.name ?? '', listed.record ?? new Uint8Array())
      expect(record.cid.toString()).toBe(listed.manifest?.cid.toString())
    }
  })

  it('are not sent again to whoever knows them, and are when they changed', async () => {
    const { peer, repository, publish } = await mixedPlace()
    const known = comparable((await listRefs(peer('everybody'), {})).manifest!.cid)
    expect((await listRefs(peer('everybody'), { known })).manifest).toBeUndefined()
    await commitTo(repository, { a: 'b' })
    await publish([MAIN])
    const listed = await listRefs(peer('everybody'), { known })
    expect(listed.manifest?.cid.equals(known)).toBe(false)
    const record = await openRecord(listed.name ?? '', listed.record ?? new Uint8Array())
    expect(record.sequence).toBe(1n)
  })

  it('are those of no repository for who sees nothing of it, in the same words', async () => {
    const { peer, publish, home, repository } = await makePlace(await temporaryDataset({ a: 'a' }))
    const refusalOf = async (asker: Asker, wanted?: string): Promise<JzfsError | undefined> => {
      try {
        await listRefs(peer(asker), { repository: wanted })
        return undefined
      } catch (error) {
        return error as JzfsError
      }
    }
    const nothing = await refusalOf(STRANGER, 'x')
    expect(nothing?.code).toBe('repository-unknown')
    await publish([MAIN], { audience: { peers: [FRIEND.peerId] }, description: 'secret' })
    await renameTo(home, 'x')
    for (const asker of ['everybody', STRANGER] as const) {
      expect((await refusalOf(asker, 'x'))?.message).toBe(nothing?.message)
      expect(await refusalOf(asker)).toMatchObject({ code: 'repository-unknown' })
      expect(await publishedRecord(home, home.repositories.list()[0]?.manifest?.name ?? '', asker)).toBeUndefined()
    }
    expect(headsOf(await listRefs(peer(FRIEND), { repository: 'x' }))).toEqual([MAIN])
    expect(manifestIn(await listRefs(peer(FRIEND), {}))).toMatchObject({ branches: [], description: 'secret' })
    await unpublishRefs(home, { repositoryId: repository.id, refs: [MAIN] }, { command, now: NOW })
    expect((await refusalOf(FRIEND, 'x'))?.message).toBe(nothing?.message)
  })

  it('need a name where there is more than one', async () => {
    const { peer, publish, home } = await makePlace(await temporaryDataset({ a: 'a' }))
    await publish([MAIN])
    const other = await temporaryDataset({ b: 'b' })
    await publishRefs(home, { repository: other, refs: [MAIN], command, now: NOW })
    await expect(listRefs(peer('everybody'), {})).rejects.toMatchObject({ code: 'repository-unknown' })
    for (const { name } of home.repositories.list()) {
      expect((await listRefs(peer('everybody'), { repository: name })).repository).toBe(name)
    }
  })

  it('keep names and keys when a branch is renamed', async () => {
    const { peer, home, repository } = await mixedPlace()
    const [before] = manifestIn(await listRefs(peer('everybody'), {})).branches
    await renamePublished(home, { repository, before: MAIN, after: 'refs/heads/trunk' }, { command, now: NOW })
    const [after] = manifestIn(await listRefs(peer('everybody'), {})).branches
    expect(after).toEqual({ ...before, name: 'trunk' })
  })
})

async function renameTo(home: Home, name: string): Promise<void> {
  await home.repositories.write(home.repositories.list().map((each) => ({ ...each, name })))
}

describe('what is not published', () => {
  it('is known by its name to its audience only', async () => {
    const { home, publish } = await mixedPlace()
    const { refs } = await publish(['refs/heads/friend'])
    const name = refs[0]?.name ?? ''
    const isGiven = await Promise.all(
      ASKERS.map(async (asker) => (await publishedRecord(home, name, asker)) !== undefined),
    )
    expect(isGiven).toEqual(ASKERS.map((asker) => asker === FRIEND || asker === 'self'))
    for (const text of [`../published/pin-${name}`, `/ipns/${name}`, 'x']) {
      expect(await publishedRecord(home, text, 'self')).toBeUndefined()
    }
  })

  it('is visible to nobody: private heads, staged and unreferenced blocks, manifests that were', async () => {
    const { peer, served, repository, publish, secret, forFriend } = await mixedPlace()
    const before = (await listRefs(peer('everybody'), {})).manifest!.cid
    await commitTo(repository, { a: 'newer' })
    await publish([MAIN])
    const pack = await repository.store.createPack()
    const staged = cidOf(RAW, Buffer.from('staged'))
    const tree = [...(await reachedBy(repository.store, [secret]))].map((text) => CID.parse(text))
    const stray = encodeCommit({
      tree: tree.find(({ code }) => code === 0x70)!,
      parents: [],
      author: ANN,
      committer: ANN,
      message: 'x',
    })
    pack.add({ cid: staged, bytes: Buffer.from('staged') })
    pack.add(stray)
    await pack.finish()
    const later = await commitTo(repository, { a: 'not published yet' })
    const hidden = [...tree, staged, stray.cid, later, comparable(before)]
    for (const asker of ASKERS.filter((each) => each !== 'self')) {
      await expectHidden(peer(asker), served, asker, hidden)
      if (asker !== FRIEND) await expectHidden(peer(asker), served, asker, [forFriend])
    }
    const duplex = await peer(FRIEND).openSync!()
    expect(await receiveInto(await temporaryStore(), duplex!, [forFriend])).toMatchObject({ blocks: 3 })
  })

  it('ends to be visible when it is unpublished', async () => {
    const { peer, served, home, repository, main, forFriend } = await mixedPlace()
    const { manifest, name } = await listRefs(peer('everybody'), {})
    await unpublishRefs(home, { repositoryId: repository.id, refs: 'all' }, { command, now: NOW })
    for (const asker of ASKERS) {
      await expectHidden(peer(asker), served, asker, [main, forFriend, comparable(manifest!.cid)])
      expect(await peer(asker).resolveName(name!)).toBeUndefined()
      await expect(listRefs(peer(asker), {})).rejects.toMatchObject({ code: 'repository-unknown' })
    }
  })
})

async function expectHidden(peer: Peer, served: ServedBlocks, asker: Asker, cids: CID[]): Promise<void> {
  const commits = cids.filter(({ code }) => code === 0x129)
  expect(await askKnown(peer, commits)).toEqual([])
  const store = await temporaryStore()
  for (const cid of cids) {
    const view = served.view(asker)
    expect([view.mayServe(cid), view.countBlocks(cid)]).toEqual([false, undefined])
    await expect(view.get(cid)).rejects.toMatchObject({ code: 'block-missing' })
    const duplex = await peer.openSync!()
    const received = receiveInto(store, duplex!, [cid], { wanted: 'any' })
    await expect(received).rejects.toMatchObject({ code: 'not-served' })
  }
}

describe('a push', () => {
  const blocks = new MemoryBlocks()
  const first = commitTree(blocks, { a: 'pushed' })
  const second = commitTree(blocks, { a: 'pushed', b: 'again' }, [first])
  const push = (peer: Peer, updates: RefUpdate[], haves: CID[] = []) => pushTo(peer, { updates, haves, source: blocks })
  const create = (name: string, after: CID): RefUpdate => ({ name, before: undefined, after })
  const withWriter = { writers: () => [WRITER.peerId] }

  it('fills a repository that was published before it had a commit, and is published', async () => {
    const { peer, publish, problems, repository } = await makePlace(await temporaryRepository({ bare: true }))
    await publish([], { publishesPushed: 'public', ...withWriter })
    const empty = await listRefs(peer('everybody'), {})
    expect(manifestIn(empty)).toMatchObject({ branches: [], defaultBranch: 'main' })
    expect((await listRefs(peer(WRITER), {})).writable).toBe(true)
    await expect(push(peer(STRANGER), [create(MAIN, first)])).rejects.toMatchObject({ code: 'push-forbidden' })
    await push(peer(WRITER), [create(MAIN, first), create('refs/tags/v1', first)])
    expect(manifestIn(await listRefs(peer(STRANGER), {}))).toMatchObject({
      branches: [{ name: 'main' }],
      tags: [{ name: 'v1' }],
    })
    await push(peer(WRITER), [{ name: MAIN, before: first, after: second }], [first])
    const listed = manifestIn(await listRefs(peer(STRANGER), {}))
    expect(listed.branches[0]?.head.toString()).toBe(second.toString())
    const store = await temporaryStore()
    await receiveInto(store, (await peer(STRANGER).openSync!())!, [second])
    expect((await reachedBy(store, [second])).size).toBe(6)
    const [entry] = await Array.fromAsync(repository.refs.log(MAIN))
    expect(entry?.person).toMatchObject({ name: 'writer' })
    expect(problems).toEqual([])
  })

  it('of a new branch is for those who may push, where nothing else was said', async () => {
    const { peer, publish } = await makePlace(await temporaryDataset({ a: 'a' }))
    await publish([MAIN], withWriter)
    await push(peer(WRITER), [create('refs/heads/wip', first)])
    expect(headsOf(await listRefs(peer(WRITER), {}))).toEqual(['refs/heads/wip'])
    expect(headsOf(await listRefs(peer(STRANGER), {}))).toEqual([])
    expect(branchesOf(await listRefs(peer(STRANGER), {}))).toEqual(['main'])
    expect(await askKnown(peer(STRANGER), [first])).toEqual([])
    expect(await askKnown(peer(WRITER), [first])).toEqual([first])
    await push(peer(WRITER), [{ name: 'refs/heads/wip', before: first, after: undefined }])
    expect(headsOf(await listRefs(peer(WRITER), {}))).toEqual([])
    expect(await askKnown(peer(WRITER), [first])).toEqual([])
  })

  it('is refused for what is checked out, and for what the owner keeps to himself', async () => {
    const { peer, publish, repository } = await makePlace(await temporaryDataset({ a: 'a' }))
    await publish([MAIN], withWriter)
    const before = (await repository.refs.read(MAIN))!
    const move = { name: MAIN, before, after: first }
    await expect(push(peer(WRITER), [move])).rejects.toMatchObject({ code: 'branch-checked-out' })
    const secret = await commitTo(repository, { secret: 'secret' }, 'refs/heads/secret')
    for (const update of [
      create('refs/heads/secret', first),
      { name: 'refs/heads/secret', before: secret, after: first },
    ]) {
      await expect(push(peer(WRITER), [update])).rejects.toMatchObject({ code: 'push-forbidden' })
    }
    await expect(push(peer(FRIEND), [create('refs/heads/x', first)])).rejects.toMatchObject({ code: 'push-forbidden' })
    expect(await repository.refs.read('refs/heads/x')).toBeUndefined()
  })

  it('does not publish again what its owner takes back meanwhile', async () => {
    const { home, peer, publish, repository, served } = await makePlace(await temporaryRepository({ bare: true }))
    await publish([], { publishesPushed: 'public', ...withWriter })
    const name = 'refs/heads/friend'
    await push(peer(WRITER), [create(name, first)])
    await publish([name], { audience: { peers: [WRITER.peerId] } })
    const takenBack = offerReceiving(createHomeOffer(home, WRITER, { served, now: () => NOW }), ({ moved }) => ({
      moved: async (updates) => {
        await unpublishRefs(home, { repositoryId: repository.id, refs: [name] }, { command, now: NOW })
        await moved(updates)
      },
    }))
    const meanwhile = createLocalPeer({ label: 'home', record: async () => undefined, offer: () => takenBack })
    await push(meanwhile, [{ name, before: first, after: second }], [first])
    expect((await repository.refs.read(name))?.toString()).toBe(second.toString())
    expect(branchesOf(await listRefs(peer('everybody'), {}))).toEqual([])
    expect(await askKnown(peer('everybody'), [first])).toEqual([])
    // Nor where it is taken back while who publishes it again waits for the lock.
    await publish([name], { ifStillPublished: true })
    expect(branchesOf(await listRefs(peer('everybody'), {}))).toEqual([])
    await unpublishRefs(home, { repositoryId: repository.id, refs: 'all' }, { command, now: NOW })
    await expect(publish([name], { ifStillPublished: true })).rejects.toMatchObject({ code: 'not-published' })
  })

  it('is refused as if there were no repository by who sees nothing of it', async () => {
    const { peer, publish } = await makePlace(await temporaryRepository({ bare: true }))
    await publish([], withWriter)
    await expect(push(peer(STRANGER), [create(MAIN, first)])).rejects.toMatchObject({ code: 'repository-unknown' })
    await push(peer(WRITER), [create(MAIN, first)])
    await expect(listRefs(peer(STRANGER), {})).rejects.toMatchObject({ code: 'repository-unknown' })
  })

  it('is refused for more refs than the manifest could name', async () => {
    const { peer, publish, problems } = await makePlace(await temporaryRepository({ bare: true }))
    await publish([], { publishesPushed: 'public', ...withWriter })
    const long = 'x'.repeat(900)
    const updates = Array.from({ length: 1000 }, (_, index) => create(`refs/heads/${index}${long}`, first))
    await expect(push(peer(WRITER), updates)).rejects.toMatchObject({ code: 'too-many-refs' })
    await push(peer(WRITER), updates.slice(0, 3))
    expect(problems).toEqual([])
    // What is for some only is offered beside the manifest.
    await publish([], { publishesPushed: { peers: [WRITER.peerId] } })
    const many = Array.from({ length: 1025 }, (_, index) => create(`refs/heads/${index}`, first))
    await expect(push(peer(WRITER), many)).rejects.toMatchObject({ code: 'too-many-refs' })
  })

  it('does not bring out what the pusher merely knows by its CID', async () => {
    const { peer, publish, repository } = await makePlace(await temporaryDataset({ a: 'a' }))
    await publish([MAIN], withWriter)
    const secret = await commitTo(repository, { secret: 'secret' }, 'refs/heads/secret')
    await expect(push(peer(WRITER), [create('refs/heads/mine', secret)], [secret])).rejects.toThrow(Error)
    expect(await askKnown(peer(WRITER), [secret])).toEqual([])
    expect(await repository.refs.read('refs/heads/mine')).toBeUndefined()
  })
})
