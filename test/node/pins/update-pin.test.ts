import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { openHome } from '../../../src/node/home/home.ts'
import { createHomePeer } from '../../../src/node/offer/home-peer.ts'
import { publishedRecord } from '../../../src/node/offer/published-record.ts'
import { createServedBlocks } from '../../../src/node/offer/served-blocks.ts'
import { describePins } from '../../../src/node/pins/describe-pins.ts'
import { findPinByName, keepPin, updatePin } from '../../../src/node/pins/update-pin.ts'
import { verifyPins } from '../../../src/node/pins/verify-pins.ts'
import { removePin, withPins } from '../../../src/node/publish/home-pins.ts'
import { publishBranch } from '../../../src/node/publish/publish.ts'
import type { Peer } from '../../../src/sync/peer.ts'
import { commitTo } from '../../support/dataset.ts'
import { ANN, temporaryFolder } from '../../support/repository.ts'
import { follow, NOW, temporaryHome, temporaryPublisher } from './followed-pin.ts'

const command = 'test'
const options = (...peers: Peer[]) => ({ peers, command, person: ANN, now: NOW })

describe('a pin that follows a repository', () => {
  it('has all its heads, serves them with the record, and is brought up to date by difference', async () => {
    const publisher = await temporaryPublisher()
    const home = temporaryHome()
    const { name, repository, peer } = publisher
    // The manifest, the commit, two directories and two files.
    expect((await follow(home, publisher, 'flowers')).fetched.blocks).toBe(6)
    await publisher.goOn()
    await publisher.goOn('next')
    // The manifest; of each branch a commit, the root and the new file.
    expect((await updatePin(home, name, options(peer))).fetched.blocks).toBeLessThanOrEqual(1 + 3 + 5)
    expect((await updatePin(home, name, options(peer))).fetched.blocks).toBe(0)

    const served = createServedBlocks(home)
    onTestFinished(() => served.close())
    const view = served.view('everybody')
    for (const branch of ['main', 'next']) {
      expect(view.mayServe((await repository.refs.read(`refs/heads/${branch}`))!)).toBe(true)
    }
    expect(await publishedRecord(home, name)).toEqual(await publishedRecord(publisher.home, name))
    expect(await describePins(home, { command })).toMatchObject([
      { label: name, name: 'flowers', follows: true, state: 'kept', updatedAt: NOW.toISOString() },
    ])
    expect(await verifyPins(home, { command })).toMatchObject({ findings: [], totals: { commits: 3 } })
  })

  it('extends what is served: the manifest before is not, what it named still is', async () => {
    const publisher = await temporaryPublisher()
    const home = temporaryHome()
    const first = await follow(home, publisher)
    const before = (await publisher.repository.refs.read('refs/heads/main'))!
    await publisher.goOn()
    const { cid } = await updatePin(home, publisher.name, options(publisher.peer))
    const served = createServedBlocks(home)
    onTestFinished(() => served.close())
    const view = served.view('everybody')
    expect([first.cid, before, cid].map((each) => view.mayServe(each))).toEqual([false, true, true])
    expect((await describePins(home, { command }))[0]?.blocks).toBe(6 + 3)
  })

  it('shares blocks with pins of related versions', async () => {
    const publisher = await temporaryPublisher()
    const home = temporaryHome()
    await follow(home, publisher)
    await publisher.goOn()
    const cid = (await publisher.repository.refs.read('refs/heads/main'))!
    const pinned = await keepPin(home, { source: { cid }, ...options(publisher.peer) })
    expect(pinned.fetched.blocks).toBe(3)
  })

  it('can be followed from where it is pinned', async () => {
    const publisher = await temporaryPublisher()
    const [first, second] = [temporaryHome(), temporaryHome()]
    await follow(first, publisher)
    const copy = createHomePeer(first)
    onTestFinished(() => copy.close())
    expect((await follow(second, { name: publisher.name, peer: copy })).fetched.blocks).toBe(6)
  })

  it('stays what it was, and says why, where its name would go back', async () => {
    const publisher = await temporaryPublisher()
    const { name } = publisher
    const backup = join(temporaryFolder(), 'backup')
    cpSync(publisher.home.layout.directory, backup, { recursive: true })
    await publisher.goOn()
    const home = temporaryHome()
    const { cid } = await follow(home, publisher)
    const stale = createHomePeer(openHome(backup))
    onTestFinished(() => stale.close())
    await expect(updatePin(home, name, options(stale))).rejects.toMatchObject({ code: 'record-older-than-seen' })
    expect(await describePins(home, { command })).toMatchObject([
      { cid, state: 'failing', problem: { code: 'record-older-than-seen' } },
    ])
    // Beside a good one it does no harm.
    await updatePin(home, name, options(stale, publisher.peer))
    expect(await describePins(home, { command })).toMatchObject([{ cid, state: 'kept' }])
  })

  it('stays what it was, and says why, where its name forks', async () => {
    const publisher = await temporaryPublisher()
    const { name, repository } = publisher
    const other = openHome(join(temporaryFolder(), 'other'))
    cpSync(publisher.home.layout.directory, other.layout.directory, { recursive: true })
    await publisher.goOn()
    const home = temporaryHome()
    const { cid } = await follow(home, publisher)
    await commitTo(repository, { evil: 'evil' })
    await publishBranch(other, { repository, ref: 'refs/heads/main', command, now: NOW })
    const forked = createHomePeer(other)
    onTestFinished(() => forked.close())
    await expect(updatePin(home, name, options(publisher.peer, forked))).rejects.toMatchObject({ code: 'record-fork' })
    expect(await describePins(home, { command })).toMatchObject([
      { cid, state: 'failing', problem: { code: 'record-fork' } },
    ])
  })

  it('says that nobody has the name, and is well again when somebody is back', async () => {
    const publisher = await temporaryPublisher()
    const home = temporaryHome()
    await follow(home, publisher)
    await expect(updatePin(home, publisher.name, options())).rejects.toMatchObject({ code: 'name-not-found' })
    expect(await describePins(home, { command })).toMatchObject([{ state: 'failing' }])
    await updatePin(home, publisher.name, options(publisher.peer))
    expect(await describePins(home, { command })).toMatchObject([{ state: 'kept' }])
  })

  it('is followed no more once it is removed', async () => {
    const publisher = await temporaryPublisher()
    const home = temporaryHome()
    await follow(home, publisher, 'flowers')
    await removePin(home, findPinByName(home, 'flowers')!, { command, person: ANN })
    await expect(updatePin(home, publisher.name, options(publisher.peer))).rejects.toMatchObject({
      code: 'pin-missing',
    })
    expect(await describePins(home, { command })).toEqual([])
  })

  it('leaves nothing where it could not be pinned at all', async () => {
    const home = temporaryHome()
    const nobody = { name: (await temporaryPublisher()).name, peer: createHomePeer(temporaryHome()) }
    onTestFinished(() => nobody.peer.close())
    await expect(follow(home, nobody)).rejects.toMatchObject({ code: 'name-not-found' })
    expect(await describePins(home, { command })).toEqual([])
  })
})

describe('pins', () => {
  it('are called by one name each', async () => {
    const [one, other] = [await temporaryPublisher(), await temporaryPublisher({ c: 'c' })]
    const home = temporaryHome()
    await follow(home, one, 'flowers')
    await expect(follow(home, other, 'flowers')).rejects.toMatchObject({ code: 'pin-name-taken' })
    for (const bad of ['', ' x', '-x', 'a/b', 'a\n', one.name]) {
      await expect(follow(home, other, bad)).rejects.toMatchObject({ code: 'pin-name-invalid' })
    }
  })

  it('that are CIDs follow nothing', async () => {
    const { repository, peer } = await temporaryPublisher()
    const cid = (await repository.refs.read('refs/heads/main'))!
    const kept = keepPin(temporaryHome(), { source: { cid }, follows: true, ...options(peer) })
    await expect(kept).rejects.toMatchObject({ code: 'pin-not-a-name' })
  })

  it('say what of them is missing', async () => {
    const publisher = await temporaryPublisher()
    const home = temporaryHome()
    await follow(home, publisher)
    await withPins(home, { command }, async ({ layout }) => rmSync(layout.packs, { recursive: true }))
    expect(await verifyPins(home, { command })).toMatchObject({
      findings: [{ code: 'block-missing', revision: publisher.name }],
    })
  })
})
