import type { CID } from 'multiformats/cid'
import { describe, expect, it, onTestFinished, vi } from 'vitest'

import { UnavailableError } from '../../../src/model/errors.ts'
import type { FollowNetwork } from '../../../src/node/follow/follow-network.ts'
import { createFollowedNames } from '../../../src/node/follow/followed-names.ts'
import { createFollower } from '../../../src/node/follow/follower.ts'
import type { Home } from '../../../src/node/home/home.ts'
import { createHomeOffer } from '../../../src/node/offer/home-offer.ts'
import { createHomePeer } from '../../../src/node/offer/home-peer.ts'
import { publishedRecord } from '../../../src/node/offer/published-record.ts'
import { createServedBlocks } from '../../../src/node/offer/served-blocks.ts'
import type { Asker } from '../../../src/node/offer/visibility.ts'
import { describePins } from '../../../src/node/pins/describe-pins.ts'
import { updatePin } from '../../../src/node/pins/update-pin.ts'
import { addPin, removePin } from '../../../src/node/publish/home-pins.ts'
import { publishRefs, type PublishRequest } from '../../../src/node/publish/publish.ts'
import { unpublishRefs } from '../../../src/node/publish/unpublish.ts'
import { createLocalPeer } from '../../../src/sync/local-peer.ts'
import { SILENT_LOG } from '../../../src/sync/log.ts'
import type { Peer } from '../../../src/sync/peer.ts'
import { askKnown, askRecords, listRefs } from '../../../src/sync/protocol/ask-peer.ts'
import { commitTo, temporaryDataset } from '../../support/dataset.ts'
import { ANN } from '../../support/repository.ts'
import { follow, NOW, temporaryHome } from './followed-pin.ts'

const command = 'test'
const MAIN = 'refs/heads/main'
const [BOB, STRANGER] = [{ peerId: 'bob' }, { peerId: 'stranger' }]
const OTHERS: Asker[] = ['everybody', STRANGER, BOB]
const FOR_BOB = { audience: { peers: [BOB.peerId] } }
const options = (...peers: Peer[]) => ({ peers, command, person: ANN, now: NOW })

/** A home as a peer of an asker. */
function peerOf(home: Home, asker: Asker): Peer {
  const served = createServedBlocks(home)
  onTestFinished(() => served.close())
  const record = (name: string) => publishedRecord(home, name, asker)
  const offer = () => createHomeOffer(home, asker, { served, now: () => NOW })
  return createLocalPeer({ label: 'home', record, offer })
}

/** A branch that is published, first to Bob. */
async function temporaryOwner(more: Partial<PublishRequest> = FOR_BOB, leaf = 'a') {
  const home = temporaryHome()
  const files: Record<string, string> = { a: leaf }
  const repository = await temporaryDataset(files)
  const publish = (each: Partial<PublishRequest> = {}) =>
    publishRefs(home, { repository, refs: [MAIN], command, now: NOW, ...each })
  const name = (await publish(more)).refs[0]!.name!
  return {
    home,
    repository,
    publish,
    name,
    manifest: home.repositories.list()[0]!.manifest!.name,
    peer: peerOf(home, BOB),
    async goOn(): Promise<void> {
      files[`new${Object.keys(files).length}`] = 'new'
      await commitTo(repository, files, MAIN)
      await publish()
    },
  }
}

/** Whether a home gives each of the others the block and the record: all three of them the same. */
async function isServed(home: Home, name: string, cid: CID): Promise<boolean> {
  const answers = new Set<boolean>()
  for (const asker of OTHERS) {
    const peer = peerOf(home, asker)
    answers.add((await askKnown(peer, [cid])).length > 0)
    answers.add((await askRecords(peer, [name])).size > 0)
    answers.add((await peer.resolveName(name)) !== undefined)
  }
  expect(answers.size).toBe(1)
  return answers.has(true)
}

const stateOf = async (home: Home) => (await describePins(home, { command })).map(({ restricted }) => restricted)

describe('a pin of what is published to some', () => {
  it('is kept, and given to nobody else, also when it goes on', async () => {
    const { name, peer, goOn } = await temporaryOwner()
    const home = temporaryHome()
    const first = await follow(home, { name, peer })
    expect([first.fetched.blocks, await isServed(home, name, first.cid)]).toEqual([3, false])
    await goOn()
    const { cid, before, restricted } = await updatePin(home, name, options(peer))
    expect([before, restricted]).toEqual([first.cid, true])
    expect([await isServed(home, name, cid), await isServed(home, name, first.cid)]).toEqual([false, false])
    await expect(listRefs(peerOf(home, 'everybody'), {})).rejects.toMatchObject({ code: 'repository-unknown' })
    expect(await describePins(home, { command })).toMatchObject([
      { label: name, cid, state: 'kept', follows: true, restricted: true, blocks: 3 + 3 },
    ])
    // The follower asks for it, and does not listen to its topic.
    expect(createFollowedNames(home)()).toMatchObject([{ name, restricted: true }])
    const served = createServedBlocks(home)
    onTestFinished(() => served.close())
    expect(await served.list()).toEqual({ names: [], pins: [], problems: [] })
  })

  it('can be fetched from by this node itself', async () => {
    const { name, peer } = await temporaryOwner()
    const home = temporaryHome()
    const { cid } = await follow(home, { name, peer })
    const own = createHomePeer(home)
    onTestFinished(() => own.close())
    const pinned = await addPin(home, { source: { cid }, ...options(own) })
    expect([pinned.cid, pinned.restricted]).toEqual([cid, true])
    expect(await addPin(home, { source: { name }, ...options(own) })).toMatchObject({ restricted: true })
    expect(await isServed(home, name, cid)).toBe(false)
  })

  it('is served once it is for everybody, and no longer once it is not', async () => {
    const { home: owner, repository, name, peer, publish } = await temporaryOwner()
    const home = temporaryHome()
    const { cid } = await follow(home, { name, peer })
    await publish({ audience: 'public' })
    expect(await updatePin(home, name, options(peer))).toMatchObject({ restricted: false })
    expect([await isServed(home, name, cid), await stateOf(home)]).toEqual([true, [false]])
    expect(createFollowedNames(home)()).toMatchObject([{ name, restricted: false }])
    await publish(FOR_BOB)
    // What this node itself serves does not speak for it.
    const own = createHomePeer(home)
    onTestFinished(() => own.close())
    expect(await updatePin(home, name, options(own, peer))).toMatchObject({ restricted: true })
    expect([await isServed(home, name, cid), await stateOf(home)]).toEqual([false, [true]])
    // Where nobody says anything it stays so.
    await unpublishRefs(owner, { repositoryId: repository.id, refs: 'all' }, { command, now: NOW })
    const knows = { ...peer, resolveName: async () => publishedRecord(home, name, 'self') }
    expect(await updatePin(home, name, options(knows))).toMatchObject({ restricted: true })
  })

  it('is stopped being served before anything new is fetched', async () => {
    const { name, peer, publish, goOn } = await temporaryOwner({ audience: 'public' })
    const home = temporaryHome()
    const { cid } = await follow(home, { name, peer })
    expect(await isServed(home, name, cid)).toBe(true)
    await publish(FOR_BOB)
    await goOn()
    let streams = 0
    const breaking: Peer = { ...peer, openSync: async (each) => (streams++ === 0 ? peer.openSync?.(each) : undefined) }
    await expect(updatePin(home, name, options(breaking))).rejects.toMatchObject({ code: 'peer-unsuitable' })
    expect([await isServed(home, name, cid), await stateOf(home)]).toEqual([false, [true]])
  })

  it('is not given on where the question was not answered', async () => {
    const { name, peer } = await temporaryOwner({ audience: 'public' })
    const home = temporaryHome()
    let streams = 0
    const late: Peer = {
      ...peer,
      openSync: async (each) => {
        if (streams++ === 0) throw new UnavailableError('peer-too-slow', 'too slow', { hint: '', details: {} })
        return peer.openSync?.(each)
      },
    }
    const { cid } = await follow(home, { name, peer: late })
    expect([await isServed(home, name, cid), await stateOf(home)]).toEqual([false, [true]])
    await updatePin(home, name, options(peer))
    expect([await isServed(home, name, cid), await stateOf(home)]).toEqual([true, [false]])
  })

  it('is brought up to date by the follower, which tells nobody', async () => {
    const [secret, open] = [await temporaryOwner(), await temporaryOwner({ audience: 'public' }, 'b')]
    const home = temporaryHome()
    for (const { name, peer } of [secret, open]) await follow(home, { name, peer })
    const [topics, told, moved]: [string[], string[], string[]] = [[], [], []]
    const network: FollowNetwork = {
      connected: () => [
        { ...secret.peer, label: 'one' },
        { ...open.peer, label: 'other' },
      ],
      peer: () => secret.peer,
      onConnected: () => () => undefined,
      follow: (names) => void topics.push(...names),
      tell: async (name) => void told.push(name),
    }
    await Promise.all([secret.goOn(), open.goOn()])
    const log = { ...SILENT_LOG, info: (fields: object) => void moved.push((fields as { name: string }).name) }
    const follower = createFollower({ home, network, routers: [], intervalMs: 10_000, command, now: () => NOW, log })
    onTestFinished(() => follower.close())
    await vi.waitFor(() => expect(moved.toSorted()).toEqual([secret.name, open.name].toSorted()))
    expect([topics, told]).toEqual([[open.name], [open.name]])
  })

  it('by its CID is kept alike, and gone once it is removed', async () => {
    const { repository, peer } = await temporaryOwner()
    const cid = (await repository.refs.read(MAIN))!
    const home = temporaryHome()
    expect(await addPin(home, { source: { cid }, ...options(peer) })).toMatchObject({ restricted: true })
    expect(await askKnown(peerOf(home, BOB), [cid])).toEqual([])
    expect(await askKnown(peerOf(home, 'self'), [cid])).toEqual([cid])
    await removePin(home, cid.toString(), { command, person: ANN })
    expect(await askKnown(peerOf(home, 'self'), [cid])).toEqual([])
  })

  it('is served where another who has it gives it to everybody', async () => {
    // The same commit: what has no random in it has the same CID.
    const [secret, open] = [await temporaryOwner(), await temporaryOwner({ audience: 'public' })]
    const cid = (await secret.repository.refs.read(MAIN))!
    const home = temporaryHome()
    for (const [peers, restricted] of [
      [[secret.peer], true],
      [[secret.peer, open.peer], false],
    ] as const) {
      expect(await addPin(home, { source: { cid }, ...options(...peers) })).toMatchObject({ cid, restricted })
    }
  })
})

describe('a pin of a repository', () => {
  it('has what is public of it, and is served, whoever pins it', async () => {
    const { home: owner, repository, manifest, peer, publish } = await temporaryOwner({ audience: 'public' })
    const secret = await commitTo(repository, { secret: 'secret' }, 'refs/heads/secret')
    await publishRefs(owner, { repository, refs: ['refs/heads/secret'], command, now: NOW, ...FOR_BOB })
    const home = temporaryHome()
    const { cid } = await follow(home, { name: manifest, peer })
    expect([await isServed(home, manifest, cid), await stateOf(home)]).toEqual([true, [false]])
    expect(await askKnown(peerOf(home, 'self'), [secret])).toEqual([])
    // Of which nothing is for everybody, it does not exist for others.
    await publish(FOR_BOB)
    const { cid: next } = await updatePin(home, manifest, options(peer))
    expect([await isServed(home, manifest, next), await stateOf(home)]).toEqual([false, [true]])
  })
})
