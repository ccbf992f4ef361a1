import { cpSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it, onTestFinished, vi } from 'vitest'

import type { FollowNetwork } from '../../../src/node/follow/follow-network.ts'
import { createFollower, type Follower } from '../../../src/node/follow/follower.ts'
import { type Home, openHome } from '../../../src/node/home/home.ts'
import { createHomePeer } from '../../../src/node/offer/home-peer.ts'
import { publishedRecord } from '../../../src/node/offer/published-record.ts'
import { describePins, type PinDescription } from '../../../src/node/pins/describe-pins.ts'
import { notePinProblem } from '../../../src/node/pins/update-pin.ts'
import { removePin } from '../../../src/node/publish/home-pins.ts'
import { SILENT_LOG } from '../../../src/sync/log.ts'
import type { Peer } from '../../../src/sync/peer.ts'
import { ANN, temporaryFolder } from '../../support/repository.ts'
import { follow, temporaryHome, temporaryPublisher } from '../pins/followed-pin.ts'

const command = 'jzfs daemon'

/** A network of peers in this process, who come and go. */
function testNetwork() {
  const peers = new Set<Peer>()
  const listeners = new Set<(peer: Peer) => void>()
  const network: FollowNetwork = {
    connected: () => [...peers],
    follow: () => undefined,
    tell: async () => undefined,
    peer: () => ({ label: 'nowhere', resolveName: async () => undefined }),
    onConnected(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return {
    network,
    join(peer: Peer): void {
      peers.add(peer)
      for (const listener of listeners) listener(peer)
    },
    leave: (peer: Peer) => peers.delete(peer),
  }
}

function start(home: Home, network: FollowNetwork, intervalMs = 50): { follower: Follower; events: string[] } {
  const events: string[] = []
  const note = (_fields: object, event: string): void => void events.push(event)
  const log = { ...SILENT_LOG, info: note, warn: note, error: note }
  const follower = createFollower({ home, network, routers: [], intervalMs, command, now: () => new Date(), log })
  onTestFinished(() => follower.close())
  return { follower, events }
}

async function pinOf(home: Home): Promise<PinDescription> {
  const [pin] = await describePins(home, { command })
  if (pin === undefined) throw new TypeError('nothing is pinned')
  return pin
}

const headOf = async ({ home, name }: { home: Home; name: string }): Promise<Uint8Array> =>
  (await publishedRecord(home, name))!

describe('the follower', () => {
  it('brings what is new at its interval, and what a new peer has at once', async () => {
    const publisher = await temporaryPublisher()
    const home = temporaryHome()
    const first = await follow(home, publisher)
    const { network, join: meet } = testNetwork()
    await publisher.goOn()
    const { events } = start(home, network, 100)
    meet(publisher.peer)
    await vi.waitFor(async () => expect((await pinOf(home)).cid).not.toEqual(first.cid))
    const second = (await pinOf(home)).cid
    await publisher.goOn('next')
    await vi.waitFor(async () => expect((await pinOf(home)).cid).not.toEqual(second), { timeout: 3000 })
    expect(await headOf({ home, name: publisher.name })).toEqual(await headOf(publisher))
    await vi.waitFor(() => expect(events).toEqual(['followed name moved', 'followed name moved']))
  })

  it('takes a record that is brought to it, and fetches from who brought it', async () => {
    const publisher = await temporaryPublisher()
    const home = temporaryHome()
    const { cid } = await follow(home, publisher)
    const { follower } = start(home, testNetwork().network, 60_000)
    await publisher.goOn()
    await follower.offer(publisher.name, await headOf(publisher), publisher.peer)
    expect((await pinOf(home)).cid).not.toEqual(cid)
  })

  it('lets a record wait once that is brought again and again', async () => {
    const publisher = await temporaryPublisher()
    const home = temporaryHome()
    await follow(home, publisher)
    const { follower } = start(home, testNetwork().network, 60_000)
    await publisher.goOn()
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const slow: Peer = { ...publisher.peer, openSync: (each) => released.then(() => publisher.peer.openSync?.(each)) }
    const record = await headOf(publisher)
    const first = follower.offer(publisher.name, record, slow)
    await Promise.all(Array.from({ length: 50 }, () => follower.offer(publisher.name, record, slow)))
    release()
    await first
    expect(await headOf({ home, name: publisher.name })).toEqual(record)
  })

  it('says that a source is gone, and follows on when it is back', async () => {
    const publisher = await temporaryPublisher()
    const home = temporaryHome()
    await follow(home, publisher)
    const { network, join: meet, leave } = testNetwork()
    const { events } = start(home, network, 20)
    await vi.waitFor(async () => expect(await pinOf(home)).toMatchObject({ problem: { code: 'name-not-found' } }))
    meet(publisher.peer)
    await vi.waitFor(async () => expect(await pinOf(home)).toMatchObject({ state: 'kept' }), { timeout: 3000 })
    leave(publisher.peer)
    await vi.waitFor(async () => expect((await pinOf(home)).state).toBe('failing'), { timeout: 3000 })
    await vi.waitFor(() =>
      expect(events).toEqual(['following failed', 'followed name is well again', 'following failed']),
    )
  })

  it('takes back what a command noted, once it is over', async () => {
    const publisher = await temporaryPublisher()
    const home = temporaryHome()
    await follow(home, publisher)
    const { network, join: meet } = testNetwork()
    meet(publisher.peer)
    start(home, network)
    const options = { command, now: new Date() }
    await notePinProblem(home, publisher.name, { code: 'peer-unreachable', message: 'nobody is there' }, options)
    await vi.waitFor(async () => expect(await pinOf(home)).toMatchObject({ state: 'kept' }))
  })

  it('leaves the pin where the name would go back, and lets no name keep others from it', async () => {
    const [one, other] = [await temporaryPublisher(), await temporaryPublisher({ c: 'c' })]
    const backup = openHome(join(temporaryFolder(), 'backup'))
    cpSync(one.home.layout.directory, backup.layout.directory, { recursive: true })
    await one.goOn()
    const home = temporaryHome()
    const { cid } = await follow(home, one)
    const before = await follow(home, other)
    await other.goOn()
    const stale = createHomePeer(backup)
    onTestFinished(() => stale.close())
    const { network, join: meet } = testNetwork()
    meet(stale)
    meet({ ...other.peer, label: 'other' })
    start(home, network)
    await vi.waitFor(async () => {
      const pins = await describePins(home, { command })
      expect(pins.find(({ label }) => label === one.name)).toMatchObject({
        cid,
        problem: { code: 'record-older-than-seen' },
      })
      expect(pins.find(({ label }) => label === other.name)?.cid).not.toEqual(before.cid)
    })
  })

  it('goes on where it was stopped between the record and the blocks', async () => {
    const publisher = await temporaryPublisher()
    const home = temporaryHome()
    const { cid } = await follow(home, publisher)
    await publisher.goOn()
    // It has the record, and the peer breaks off before the blocks.
    const broken: Peer = { label: 'broken', resolveName: async () => headOf(publisher) }
    const first = start(home, testNetwork().network)
    await first.follower.offer(publisher.name, await headOf(publisher), broken)
    expect((await pinOf(home)).cid).toEqual(cid)
    await first.follower.close()
    const { network, join: meet } = testNetwork()
    meet(publisher.peer)
    start(home, network)
    await vi.waitFor(async () => expect((await pinOf(home)).cid).not.toEqual(cid))
  })

  it('does not bring back what is followed no more', async () => {
    const publisher = await temporaryPublisher()
    const home = temporaryHome()
    await follow(home, publisher)
    const { follower } = start(home, testNetwork().network)
    await removePin(home, publisher.name, { command, person: ANN })
    await publisher.goOn()
    await follower.offer(publisher.name, await headOf(publisher), publisher.peer)
    expect(await describePins(home, { command })).toEqual([])
  })
})
