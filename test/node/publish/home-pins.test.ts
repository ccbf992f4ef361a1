import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { type Home, openHome } from '../../../src/node/home/home.ts'
import { createHomePeer, type HomePeer } from '../../../src/node/offer/home-peer.ts'
import { publishedRecord } from '../../../src/node/offer/published-record.ts'
import { createServedBlocks } from '../../../src/node/offer/served-blocks.ts'
import { addPin, type AddPinOptions, listPins, removePin } from '../../../src/node/publish/home-pins.ts'
import { publishBranch } from '../../../src/node/publish/publish.ts'
import { commitTo, temporaryDataset } from '../../support/dataset.ts'
import { ANN, temporaryFolder } from '../../support/repository.ts'

const command = 'jzfs pin'
const now = new Date()
const temporaryHome = (): Home => openHome(join(temporaryFolder(), 'home'))
const pin = (home: Home, peer: HomePeer, source: AddPinOptions['source']) =>
  addPin(home, { source, peers: [peer], command, person: ANN, now })

async function publisher() {
  const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a', 'dir/b': 'b' })]
  const publish = () => publishBranch(home, { repository, ref: 'refs/heads/main', command, now })
  const peer = createHomePeer(home)
  onTestFinished(() => peer.close())
  return { repository, publish, peer, ...(await publish()) }
}

describe('a pin of the home', () => {
  it('keeps a dataset by its name, follows it, and serves blocks and record to others', async () => {
    const { name, commit, peer, publish, repository } = await publisher()
    const home = temporaryHome()
    const served = createServedBlocks(home)
    onTestFinished(() => served.close())
    expect(await pin(home, peer, { name })).toMatchObject({ ref: `refs/pins/${name}`, fetched: { blocks: 5 } })
    expect(await listPins(home, { command })).toMatchObject([{ label: name }])
    expect(served.view('everybody').mayServe(commit)).toBe(true)
    expect(await served.view('everybody').get(commit)).toEqual(await repository.store.get(commit))
    expect(await publishedRecord(home, name)).toBeDefined()

    const next = await commitTo(repository, { a: 'a', 'dir/b': 'b', c: 'c' })
    await publish()
    expect(await pin(home, peer, { name })).toMatchObject({ fetched: { blocks: 3 } })
    expect(served.view('everybody').mayServe(next)).toBe(true)
  })

  it('can be cloned from in turn', async () => {
    const { name, peer } = await publisher()
    const [first, second] = [temporaryHome(), temporaryHome()]
    await pin(first, peer, { name })
    const copy = createHomePeer(first)
    onTestFinished(() => copy.close())
    expect(await pin(second, copy, { name })).toMatchObject({ fetched: { blocks: 5 } })
  })

  it('is served no more once it is removed', async () => {
    const { commit, peer } = await publisher()
    const home = temporaryHome()
    await pin(home, peer, { cid: commit })
    const label = commit.toString()
    expect(await removePin(home, label, { command, person: ANN })).toMatchObject({ label })
    const served = createServedBlocks(home)
    onTestFinished(() => served.close())
    expect(served.view('everybody').mayServe(commit)).toBe(false)
    expect(await listPins(home, { command })).toEqual([])
    await expect(removePin(home, label, { command, person: ANN })).rejects.toMatchObject({ code: 'pin-missing' })
  })

  it('is not there in a new home', async () => {
    const home = temporaryHome()
    expect(await listPins(home, { command })).toEqual([])
    await expect(removePin(home, 'x', { command, person: ANN })).rejects.toMatchObject({ code: 'pin-missing' })
  })
})
