import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { CID } from 'multiformats/cid'
import { sha512 } from 'multiformats/hashes/sha2'
import { describe, expect, it, onTestFinished } from 'vitest'

import { cidOfDigest, DAG_JSON, RAW } from '../../../src/model/cid.ts'
import { encodeCommit } from '../../../src/model/commit/commit.ts'
import type { JzfsError } from '../../../src/model/errors.ts'
import { type Home, openHome } from '../../../src/node/home/home.ts'
import type { Audience } from '../../../src/node/home/repository-registry.ts'
import { createServedBlocks, type ServedBlocks } from '../../../src/node/offer/served-blocks.ts'
import { publishBranch } from '../../../src/node/publish/publish.ts'
import { headsSetPath } from '../../../src/node/publish/published-files.ts'
import { unpublish } from '../../../src/node/publish/unpublish.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { commitTo, temporaryDataset } from '../../support/dataset.ts'
import { ANN, temporaryFolder } from '../../support/repository.ts'
import { reachedBy } from '../../support/transfer.ts'

const command = 'jzfs publish'
const temporaryHome = (): Home => openHome(join(temporaryFolder(), 'home'))
const publish = (home: Home, repository: Repository, audience: Audience = 'public', ref = 'refs/heads/main') =>
  publishBranch(home, { repository, ref, command, now: new Date(), audience })
const serve = (home: Home, problems: JzfsError[] = []): ServedBlocks => {
  const served = createServedBlocks(home, { onProblem: (error) => problems.push(error) })
  onTestFinished(() => served.close())
  return served
}
const cidsOf = async (repository: Repository, root: CID): Promise<CID[]> =>
  [...(await reachedBy(repository.store, [root]))].map((text) => CID.parse(text))

describe('what is served', () => {
  it('is what published heads reach, and nothing else of the same store', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a', 'dir/b': 'b' })]
    const secret = await commitTo(repository, { secret: 'secret' }, 'refs/heads/secret')
    const { commit } = await publish(home, repository)
    const view = serve(home).view('everybody')
    for (const cid of await cidsOf(repository, commit)) {
      expect(view.mayServe(cid)).toBe(true)
      expect(await view.get(cid)).toEqual(await repository.store.get(cid))
    }
    for (const cid of await cidsOf(repository, secret)) {
      expect(view.mayServe(cid)).toBe(false)
      await expect(view.get(cid)).rejects.toMatchObject({ code: 'block-missing' })
    }
  })

  it('follows what is published and unpublished meanwhile', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    const served = serve(home)
    const commit = (await repository.refs.read('refs/heads/main')) as CID
    const isServed = (cid: CID): boolean => served.view('everybody').mayServe(cid)
    expect(isServed(commit)).toBe(false)
    const { name } = await publish(home, repository)
    expect(isServed(commit)).toBe(true)
    const next = await commitTo(repository, { a: 'b' })
    expect(isServed(next)).toBe(false)
    await publish(home, repository)
    expect(isServed(next)).toBe(true)
    await unpublish(home, name, { command, now: new Date() })
    expect([isServed(commit), isServed(next)]).toEqual([false, false])
  })

  it('follows it also for who is being served', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    const { commit } = await publish(home, repository, { peers: ['friend'] })
    const served = serve(home)
    const [friend, other] = ['friend', 'other'].map((peerId) => served.view({ peerId }))
    const answers = (cid: CID): (boolean | undefined)[] => [friend?.mayServe(cid), other?.mayServe(cid)]
    expect(answers(commit)).toEqual([true, false])
    // Whoever asks next opens other files, perhaps by the same numbers.
    const next = await commitTo(repository, { b: 'b' }, 'refs/heads/other')
    await publish(home, repository, { peers: ['other'] }, 'refs/heads/other')
    served.view('everybody')
    expect([answers(commit), answers(next)]).toEqual([
      [true, false],
      [false, true],
    ])
    await publish(home, repository, { peers: ['other'] })
    served.view('everybody')
    expect([answers(commit), answers(next)]).toEqual([
      [false, true],
      [false, true],
    ])
  })

  it('goes to its audience only', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    const { commit } = await publish(home, repository, { peers: ['friend'] })
    const served = serve(home)
    const asked = (['everybody', { peerId: 'stranger' }, { peerId: 'friend' }, 'self'] as const).map((asker) =>
      served.view(asker).mayServe(commit),
    )
    expect(asked).toEqual([false, false, true, true])
  })

  it('does not follow links that stand in a file: its bytes may be those of a commit of what is private', async () => {
    const home = temporaryHome()
    const repository = await temporaryDataset({ secret: 'secret' })
    const secret = await repository.refs.read('refs/heads/main')
    const tree = (await cidsOf(repository, secret as CID)).find(({ code }) => code !== RAW && code !== DAG_JSON) as CID
    const trap = encodeCommit({ tree, parents: [], author: ANN, committer: ANN, message: 'trap' })
    await commitTo(repository, { 'trap.json': trap.bytes }, 'refs/heads/open')
    await publish(home, repository, 'public', 'refs/heads/open')
    const view = serve(home).view('everybody')
    expect(view.mayServe(cidOfDigest(RAW, trap.cid.multihash.digest))).toBe(true)
    expect(view.mayServe(trap.cid)).toBe(false)
    expect(view.mayServe(tree)).toBe(false)
  })

  it('is nothing by other hashes', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    await publish(home, repository)
    const other = CID.createV1(RAW, await sha512.digest(Buffer.from('a')))
    expect(serve(home).view('everybody').mayServe(other)).toBe(false)
  })

  it('is not what is damaged: that is reported', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    const { commit } = await publish(home, repository)
    const problems: JzfsError[] = []
    const served = serve(home, problems)
    rmSync(join(repository.path, 'packs'), { recursive: true })
    await expect(served.view('everybody').get(commit)).rejects.toMatchObject({ code: 'block-missing' })
    expect(problems).toMatchObject([{ code: 'block-missing', details: { cid: commit.toString() } }])
  })

  it('is not guessed when a repository was moved or replaced: that is reported', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    const { commit, name } = await publish(home, repository)
    const served = serve(home)
    await served.view('everybody').get(commit)
    const elsewhere = join(temporaryFolder(), 'elsewhere')
    renameSync(repository.path, elsewhere)
    await expect(served.view('everybody').get(commit)).rejects.toMatchObject({ code: 'block-missing' })
    const expected = [{ name, error: { code: 'repository-moved', details: { path: repository.path } } }]
    expect((await served.list()).problems).toMatchObject(expected)
    renameSync((await temporaryDataset({ a: 'other' })).path, repository.path)
    expect((await served.list()).problems).toMatchObject(expected)
    rmSync(repository.path, { recursive: true })
    renameSync(elsewhere, repository.path)
    expect((await served.list()).problems).toEqual([])
    expect(await served.view('everybody').get(commit)).toBeDefined()
  })

  it('leaves out a head whose list of blocks is lost, and serves the others', async () => {
    const [home, one, two] = [temporaryHome(), await temporaryDataset({ a: 'a' }), await temporaryDataset({ b: 'b' })]
    const [lost, kept] = [await publish(home, one), await publish(home, two)]
    rmSync(headsSetPath(home.layout, one.id, 'public'))
    const served = serve(home)
    expect(served.view('everybody').mayServe(lost.commit)).toBe(false)
    expect(served.view('everybody').mayServe(kept.commit)).toBe(true)
    expect((await served.list()).problems).toMatchObject([{ name: lost.name }])
  })
})
