import { cpSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { expect, describe, it } from 'vitest'

import { type Home, openHome } from '../../../src/node/home/home.ts'
import { createHomePeer } from '../../../src/node/offer/home-peer.ts'
import { publishedRecord } from '../../../src/node/offer/published-record.ts'
import {
  type BranchPublication,
  publishBranch,
  publishRefs,
  type PublishRequest,
} from '../../../src/node/publish/publish.ts'
import { headsSetPath } from '../../../src/node/publish/published-files.ts'
import { renamePublished } from '../../../src/node/publish/rename-published.ts'
import { signAgain } from '../../../src/node/publish/sign-again.ts'
import { unpublish, unpublishRefs } from '../../../src/node/publish/unpublish.ts'
import { openRepository, type Repository } from '../../../src/repo/repository.ts'
import { openRecord, RECORD_LIFETIME_MS } from '../../../src/sync/names/ipns-record.ts'
import { commitTo, temporaryDataset } from '../../support/dataset.ts'
import { temporaryFolder, temporaryRepository } from '../../support/repository.ts'
import { reachedBy, receiveInto, temporaryStore } from '../../support/transfer.ts'

const NOW = new Date('2026-03-01T00:00:00Z')
const later = (ms: number): Date => new Date(NOW.getTime() + ms)
const command = 'jzfs publish'
const temporaryHome = (): Home => openHome(join(temporaryFolder(), 'home'))
const publish = (
  home: Home,
  repository: Repository,
  more: Partial<Omit<PublishRequest, 'refs'> & { ref: string }> = {},
): Promise<BranchPublication> => publishBranch(home, { repository, ref: 'refs/heads/main', command, now: NOW, ...more })

describe('publishing a branch', () => {
  it('makes a name whose record says the commit, and lists exactly what the commit reaches', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ 'a.txt': 'a', 'dir/b': 'b' })]
    const publication = await publish(home, repository)
    const commit = await repository.refs.read('refs/heads/main')
    expect(publication).toMatchObject({
      changed: true,
      audience: 'public',
      ref: 'refs/heads/main',
      movedFrom: undefined,
    })
    expect(publication.commit.toString()).toBe(commit?.toString())
    expect(publication.blocks).toBe((await reachedBy(repository.store, [publication.commit])).size)
    const record = await openRecord(
      publication.name,
      (await publishedRecord(home, publication.name)) ?? new Uint8Array(),
    )
    expect(record).toMatchObject({ value: `/ipfs/${commit?.toString()}`, sequence: 0n })
  })

  it('changes nothing when nothing changed', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    const first = await publish(home, repository)
    const again = await publish(home, repository, { now: later(60_000) })
    expect(again).toMatchObject({ name: first.name, changed: false, blocks: first.blocks })
    expect(again.record.bytes).toEqual(Buffer.from(first.record.bytes))
  })

  it('raises the sequence with each new commit, under the same name', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    const first = await publish(home, repository)
    await commitTo(repository, { a: 'a', b: 'b' })
    const second = await publish(home, repository)
    expect(second).toMatchObject({ name: first.name, changed: true, record: { sequence: 1n } })
    expect(second.record.value).not.toBe(first.record.value)
  })

  it('gives each branch a name of its own, and each repository a name that is unique in the home', async () => {
    const [home, one, two] = [temporaryHome(), await temporaryDataset({ a: 'a' }), await temporaryDataset({ a: 'b' })]
    await commitTo(one, { other: 'x' }, 'refs/heads/Main')
    const names = [
      await publish(home, one),
      await publish(home, one, { ref: 'refs/heads/Main' }),
      await publish(home, two),
    ].map(({ name }) => name)
    expect(new Set(names).size).toBe(3)
    const registered = home.repositories.list()
    expect(new Set(registered.map(({ name }) => name)).size).toBe(2)
    expect(registered.find(({ id }) => id === one.id)?.heads).toHaveLength(2)
  })

  it('says that there is nothing to publish', async () => {
    await expect(publish(temporaryHome(), await temporaryRepository())).rejects.toMatchObject({ code: 'branch-unborn' })
  })

  it('publishes nothing of a commit that is not whole', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ 'dir/a': 'a' })]
    const { store } = await temporaryDataset({ b: 'b' })
    await expect(publish(home, { ...repository, store })).rejects.toMatchObject({ code: 'block-missing' })
    expect(home.repositories.list()).toEqual([])
  })

  it('follows a repository that was moved, and says so', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    const { name } = await publish(home, repository)
    const after = join(temporaryFolder(), 'after')
    renameSync(repository.worktree ?? '', after)
    const moved = await openRepository(after)
    expect(await publish(home, moved)).toMatchObject({ name, movedFrom: repository.path, changed: true })
    expect(home.repositories.list()).toMatchObject([{ id: repository.id, path: moved.path }])
    await moved.close()
  })

  it('refuses a copy of a repository that is published, which would share its name', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    await publish(home, repository)
    const other = join(temporaryFolder(), 'copy')
    cpSync(repository.worktree ?? '', other, { recursive: true })
    const copy = await openRepository(other)
    await expect(publish(home, copy)).rejects.toMatchObject({ code: 'repository-copied', details: { path: copy.path } })
    await copy.close()
  })

  it('keeps the name of a branch that is renamed', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    const { name } = await publish(home, repository)
    await commitTo(repository, { a: 'a' }, 'refs/heads/trunk')
    const rename = { repository, before: 'refs/heads/main', after: 'refs/heads/trunk' }
    await renamePublished(home, rename, { command, now: NOW })
    expect(await publish(home, repository, { ref: 'refs/heads/trunk' })).toMatchObject({ name })
    expect(home.repositories.list()[0]?.heads).toMatchObject([{ ref: 'refs/heads/trunk', name }])
  })
})

describe('a branch whose name was given to another', () => {
  it('gets a key of its own', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    const first = await publish(home, repository)
    const rename = { repository, before: 'refs/heads/main', after: 'refs/heads/trunk' }
    await renamePublished(home, rename, { command, now: NOW })
    const second = await publish(home, repository)
    expect(second.name).not.toBe(first.name)
    expect(home.repositories.list()[0]?.heads).toMatchObject([{ name: first.name }, { name: second.name }])
  })
})

describe('a repository', () => {
  it('is refused more than a manifest can say, before anything of it is published', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    const description = 'x'.repeat(65_537)
    const refused = publishRefs(home, { repository, refs: ['refs/heads/main'], description, command, now: NOW })
    await expect(refused).rejects.toMatchObject({ code: 'manifest-field-invalid', details: { field: 'description' } })
    expect(home.repositories.list()).toEqual([])
    expect(readdirSync(home.layout.published)).toEqual([])
  })

  it('that is gone can be taken back branch by branch', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    await commitTo(repository, { b: 'b' }, 'refs/heads/other')
    const refs = ['refs/heads/main', 'refs/heads/other']
    await publishRefs(home, { repository, refs, command, now: NOW })
    rmSync(repository.worktree ?? '', { recursive: true })
    const options = { command, now: NOW }
    await unpublishRefs(home, { repositoryId: repository.id, refs: ['refs/heads/main'] }, options)
    expect(existsSync(headsSetPath(home.layout, repository.id, 'public'))).toBe(false)
    expect(await unpublishRefs(home, { repositoryId: repository.id, refs: 'all' }, options)).toMatchObject({
      refs: [{ ref: 'refs/heads/other' }],
    })
    expect(readdirSync(home.layout.published)).toEqual([])
  })
})

describe('unpublishing', () => {
  it('takes away set and record, and keeps key and sequence for another time', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    const { name } = await publish(home, repository)
    expect(await unpublish(home, name, { command, now: NOW })).toMatchObject({
      refs: [{ ref: 'refs/heads/main', name }],
      isAll: true,
    })
    expect(existsSync(headsSetPath(home.layout, repository.id, 'public'))).toBe(false)
    expect(await publishedRecord(home, name)).toBeUndefined()
    expect(home.repositories.list()).toEqual([])
    await commitTo(repository, { b: 'b' })
    expect(await publish(home, repository)).toMatchObject({ name, record: { sequence: 1n } })
  })

  it('says that a name is not published', async () => {
    const home = temporaryHome()
    await expect(unpublish(home, 'k51none', { command, now: NOW })).rejects.toMatchObject({ code: 'not-published' })
  })
})

describe('records', () => {
  it('are signed again at half of their life, with the same value and sequence', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    const { record, name } = await publish(home, repository)
    expect(await signAgain(home, { command, now: later(RECORD_LIFETIME_MS / 2 - 1000) })).toEqual([])
    const [again] = await signAgain(home, { command, now: later(RECORD_LIFETIME_MS / 2 + 1000) })
    expect(again).toMatchObject({ name, value: record.value, sequence: record.sequence })
    expect(again?.expires.getTime()).toBeGreaterThan(record.expires.getTime())
    expect(await publishedRecord(home, name)).toEqual(Buffer.from(again?.bytes ?? []))
  })

  it('are signed again by publishing, too', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    const { record } = await publish(home, repository)
    const again = await publish(home, repository, { now: later(RECORD_LIFETIME_MS) })
    expect(again).toMatchObject({ changed: true, record: { sequence: record.sequence, value: record.value } })
  })
})

describe('this node as its own peer', () => {
  it('gives records and blocks without a network', async () => {
    const [home, repository] = [temporaryHome(), await temporaryDataset({ a: 'a' })]
    const { name, commit } = await publish(home, repository, { audience: { peers: [] } })
    const peer = createHomePeer(home)
    expect(await peer.resolveName(name)).toBeDefined()
    const duplex = await peer.openSync?.()
    if (duplex === undefined) throw new TypeError('no stream')
    const store = await temporaryStore()
    await receiveInto(store, duplex, [commit])
    expect((await reachedBy(store, [commit])).size).toBe(3)
    await peer.close()
  })
})
