import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { openHome } from '../../../src/node/home/home.ts'
import { createHomePeer } from '../../../src/node/offer/home-peer.ts'
import { createServedBlocks } from '../../../src/node/offer/served-blocks.ts'
import { addPin, removePin } from '../../../src/node/publish/home-pins.ts'
import { publishBranch } from '../../../src/node/publish/publish.ts'
import { openRepository } from '../../../src/repo/repository.ts'
import { updateRef } from '../../../src/repo/update-ref.ts'
import { createLocalPeer } from '../../../src/sync/local-peer.ts'
import { openKnownNames } from '../../../src/sync/names/known-names.ts'
import { cloneFrom } from '../../support/clone-from.ts'
import { commitTo, temporaryDataset } from '../../support/dataset.ts'
import { honestAnswer, scriptedPeer } from '../../support/hostile-peer.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { offerAll } from '../../support/offer.ts'
import { ANN, temporaryFolder } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'
import { commitTree, reachedBy } from '../../support/transfer.ts'

const NOW = ['--expire=now', '--prune=now']
const author = { command: 'test', person: ANN }
const now = new Date()

const makeHome = () => openHome(join(temporaryFolder(), 'home'))

/** Runs gc in this process. */
async function gc(cwd: string, home: string, ...flags: string[]): Promise<string> {
  const ran = await runHere(cwd, ['gc', ...flags], { JZFS_HOME: home })
  expect(ran).toMatchObject({ status: 0, stderr: '' })
  return ran.stdout
}

describe('a head that is published', () => {
  it('is kept, and served, after its branch has left it, until the branch is published again', async () => {
    const [home, repository] = [makeHome(), await temporaryDataset({ a: 'published' })]
    const publish = () => publishBranch(home, { repository, ref: 'refs/heads/main', command: 'jzfs publish', now })
    const { commit } = await publish()
    const other = await commitTo(repository, { a: 'other' }, 'refs/heads/other')
    await updateRef(repository, { name: 'refs/heads/main', after: other, message: 'x' }, author)
    const served = createServedBlocks(home)
    onTestFinished(() => served.close())
    await gc(repository.worktree!, home.layout.directory, ...NOW)
    const view = served.view('everybody')
    expect(view.mayServe(commit)).toBe(true)
    for (const text of await reachedBy(view, [commit])) expect(text).not.toBe('')
    await publish()
    await gc(repository.worktree!, home.layout.directory, ...NOW)
    repository.store.refresh()
    expect(await repository.store.has(commit)).toBe(false)
    expect(await repository.store.has(other)).toBe(true)
  })
})

describe('gc --home', () => {
  it('removes what is not pinned any more, at once, while the home serves what is', async () => {
    const [home, publisher] = [makeHome(), makeHome()]
    const [kept, dropped] = [await temporaryDataset({ a: 'kept' }), await temporaryDataset({ a: 'dropped' })]
    const cids = []
    for (const repository of [kept, dropped]) {
      const options = { repository, ref: 'refs/heads/main', command: 'jzfs publish', now }
      const { name, commit } = await publishBranch(publisher, options)
      const peer = createHomePeer(publisher)
      onTestFinished(() => peer.close())
      await addPin(home, { ...author, source: { name }, peers: [peer], now })
      cids.push({ name, commit })
    }
    const served = createServedBlocks(home)
    onTestFinished(() => served.close())
    const view = served.view('everybody')
    const folder = temporaryFolder()
    expect(await gc(folder, home.layout.directory, '--home')).not.toContain('removed')
    await removePin(home, cids[1]!.name, author)
    expect(await gc(folder, home.layout.directory, '--home')).toContain('removed 3 blocks')
    expect((await reachedBy(view, [cids[0]!.commit])).size).toBe(3)
    const pins = await openRepository(home.layout.pins)
    expect(await pins.store.has(cids[1]!.commit)).toBe(false)
    await pins.close()
  })

  it('says so where nothing was ever pinned', async () => {
    expect(await gc(temporaryFolder(), makeHome().layout.directory, '--home')).toBe('Nothing is pinned in this home.\n')
  })
})

describe('a clone that was interrupted', () => {
  it('goes on from where it was after gc', async () => {
    const blocks = new MemoryBlocks()
    const head = commitTree(blocks, { a: 'a', 'dir/b': 'b' }, [commitTree(blocks, { a: 'older' })])
    const whole = createLocalPeer({
      label: 'whole',
      record: async () => undefined,
      offer: () => offerAll(blocks),
    })
    const { start, sections } = await honestAnswer(blocks, [head])
    const sent = Buffer.concat([start, ...sections.slice(0, 5)])
    const folder = temporaryFolder()
    const options = {
      ...author,
      directory: join(folder, 'clone'),
      source: { cid: head },
      names: openKnownNames(join(folder, 'names')),
      now,
    }
    const broken = { ...whole, openSync: async () => scriptedPeer(sent) }
    await expect(cloneFrom({ ...options, peers: [broken] })).rejects.toMatchObject({ code: 'peer-closed-early' })
    // Younger than gc.pruneExpire: kept, whatever is said of blocks.
    await gc(options.directory, join(folder, 'home'), '--prune=now')
    const { repository, fetched } = await cloneFrom({ ...options, peers: [whole] })
    expect(fetched?.resumed).toBe(5)
    expect((await reachedBy(repository.store, [head])).size).toBe(8)
    await repository.close()
  })
})
