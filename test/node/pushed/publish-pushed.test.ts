import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { describe, expect, it, onTestFinished } from 'vitest'

import type { JzfsError } from '../../../src/model/errors.ts'
import { decodeManifest } from '../../../src/model/manifest/manifest.ts'
import { type Home, openHome } from '../../../src/node/home/home.ts'
import type { Audience } from '../../../src/node/home/repository-registry.ts'
import { createHomeOffer } from '../../../src/node/offer/home-offer.ts'
import { createServedBlocks, type ServedBlocks } from '../../../src/node/offer/served-blocks.ts'
import type { Asker } from '../../../src/node/offer/visibility.ts'
import { publishRefs } from '../../../src/node/publish/publish.ts'
import { unpublishRefs } from '../../../src/node/publish/unpublish.ts'
import { publishLate } from '../../../src/node/pushed/publish-late.ts'
import { refPath } from '../../../src/repo/refs/ref-files.ts'
import { reflogPath } from '../../../src/repo/refs/reflog.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { createLocalPeer } from '../../../src/sync/local-peer.ts'
import { askKnown, listRefs } from '../../../src/sync/protocol/ask-peer.ts'
import type { Offer, PushReceiver, RefUpdate } from '../../../src/sync/protocol/offer.ts'
import { pushTo } from '../../../src/sync/push/push-to.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { offerReceiving } from '../../support/push.ts'
import { setRefs, storeCommit } from '../../support/remote-history.ts'
import { temporaryFolder, temporaryRepository } from '../../support/repository.ts'
import { commitTree } from '../../support/transfer.ts'

const NOW = new Date('2026-03-01T00:00:00Z')
const WRITER = { peerId: 'writer' }
const [MAIN, OLD, NEW, OWN] = ['refs/heads/main', 'refs/heads/old', 'refs/heads/new', 'refs/heads/own']
const command = 'push'
const blocks = new MemoryBlocks()
const first = commitTree(blocks, { a: 'one' })
const second = commitTree(blocks, { a: 'two' }, [first])
const UPDATES = [
  { name: MAIN, before: first, after: second },
  { name: OLD, before: first, after: undefined },
  { name: NEW, before: undefined, after: second },
]

/** Stands for the end of the process: what comes after it in a push does not happen. */
class Killed extends Error {}
const die = async (): Promise<never> => Promise.reject(new Killed())

/** A hub with two branches for everybody, one of the owner's own, and a writer. */
class Hub {
  readonly home: Home = openHome(join(temporaryFolder(), 'home'))
  readonly repository: Repository
  readonly problems: JzfsError[] = []
  served: ServedBlocks
  constructor(repository: Repository) {
    this.repository = repository
    this.served = createServedBlocks(this.home)
    onTestFinished(() => this.served.close())
  }
  offer(asker: Asker): Offer {
    const onProblem = (error: JzfsError): void => void this.problems.push(error)
    return createHomeOffer(this.home, asker, { served: this.served, now: () => NOW, onProblem })
  }
  peer(asker: Asker, change: (receiver: PushReceiver) => Partial<PushReceiver> = () => ({})) {
    const offer = () => offerReceiving(this.offer(asker), change)
    return createLocalPeer({ label: 'hub', record: async () => undefined, offer })
  }
  push(updates: RefUpdate[], change?: (receiver: PushReceiver) => Partial<PushReceiver>) {
    return pushTo(this.peer(WRITER, change), { updates, haves: [], source: blocks })
  }
  /** Pushes, and is killed when the refs have moved. */
  async pushAndDie(updates: RefUpdate[] = UPDATES): Promise<void> {
    await expect(this.push(updates, () => ({ moved: die }))).rejects.toThrow()
  }
  publish(refs: string[]) {
    return publishRefs(this.home, { repository: this.repository, refs, command, now: NOW })
  }
  unpublish(refs: string[]) {
    return unpublishRefs(this.home, { repositoryId: this.repository.id, refs }, { command, now: NOW })
  }
  /** As the daemon does when it starts. */
  async restart(): Promise<void> {
    await this.served.close()
    this.served = createServedBlocks(this.home)
    const { home, served } = this
    const onProblem = (error: JzfsError): void => void this.problems.push(error)
    await publishLate({ home, served, repositories: home.repositories.list(), command, now: () => NOW, onProblem })
  }
  /** What an asker sees: branches in the manifest and beside it. */
  async seen(asker: Asker = 'everybody'): Promise<Record<string, string>> {
    const { manifest, heads } = await listRefs(this.peer(asker), {})
    const branches = decodeManifest(manifest!.cid, manifest!.bytes).branches
    return Object.fromEntries([
      ...branches.map(({ name, head }) => [`refs/heads/${name}`, label(head)]),
      ...heads.map(({ ref }) => [ref, 'beside']),
    ])
  }
  notes(): string[] {
    const { pushes } = this.home.layout
    return existsSync(pushes) ? readdirSync(pushes) : []
  }
}

const label = (cid: CID): string => (cid.equals(first) ? 'first' : cid.equals(second) ? 'second' : cid.toString())

async function createHub(publishesPushed: Audience = 'public'): Promise<Hub> {
  const hub = new Hub(await temporaryRepository({ bare: true }))
  const { home, repository } = hub
  const writers = (): string[] => [WRITER.peerId]
  await publishRefs(home, { repository, refs: [], publishesPushed: 'public', writers, command, now: NOW })
  await hub.push([MAIN, OLD].map((name) => ({ name, before: undefined, after: first })))
  await setRefs(repository, { [OWN]: await storeCommit(repository, { text: 'own' }) })
  await publishRefs(home, { repository, refs: [], publishesPushed, command, now: NOW })
  expect(await hub.seen()).toEqual({ [MAIN]: 'first', [OLD]: 'first' })
  expect(hub.notes()).toEqual([])
  return hub
}

const PUBLISHED = { [MAIN]: 'second', [NEW]: 'second' }

describe('a push whose node is killed when the refs have moved', () => {
  it('is published when the daemon starts', async () => {
    const hub = await createHub()
    await hub.pushAndDie()
    expect(await hub.seen()).toEqual({ [MAIN]: 'first', [OLD]: 'first' })
    await hub.restart()
    expect(await hub.seen()).toEqual(PUBLISHED)
    expect(await hub.seen('self')).toEqual(PUBLISHED)
    expect([hub.notes(), hub.problems]).toEqual([[], []])
  })

  it('is published when a writer asks, who goes on from there', async () => {
    const hub = await createHub()
    await hub.pushAndDie()
    expect(await hub.seen(WRITER)).toEqual(PUBLISHED)
    await hub.push([{ name: NEW, before: second, after: undefined }])
    await hub.push([{ name: OLD, before: undefined, after: first }])
    expect(await hub.seen()).toEqual({ [MAIN]: 'second', [OLD]: 'first' })
    expect(hub.notes()).toEqual([])
  })

  it('is for those whom it was for when it came', async () => {
    const hub = await createHub({ peers: ['friend'] })
    await hub.pushAndDie()
    const { home, repository } = hub
    await publishRefs(home, { repository, refs: [], publishesPushed: 'public', command, now: NOW })
    await hub.restart()
    expect(await hub.seen()).toEqual({ [MAIN]: 'second' })
    expect(await hub.seen({ peerId: 'friend' })).toEqual({ [MAIN]: 'second', [NEW]: 'beside' })
  })

  it('is published although it was not marked as done yet', async () => {
    const hub = await createHub()
    await hub.pushAndDie([UPDATES[2]!])
    // As the kill leaves it between the entry of the operation and what it does.
    const { layout } = hub.repository
    const done = join(layout.ops, '0')
    const [last] = readdirSync(done).sort((a, b) => Number.parseInt(b) - Number.parseInt(a))
    writeFileSync(layout.pending, readFileSync(join(done, last!)))
    rmSync(join(done, last!))
    rmSync(refPath(layout, NEW))
    rmSync(reflogPath(layout, NEW))
    await hub.restart()
    expect(await hub.seen()).toEqual({ [MAIN]: 'first', [OLD]: 'first', [NEW]: 'second' })
  })

  it('is published again and again, where that is killed too', async () => {
    const hub = await createHub()
    await hub.pushAndDie()
    const [note] = hub.notes()
    const path = join(hub.home.layout.pushes, note!)
    const text = readFileSync(path)
    await hub.restart()
    writeFileSync(path, text)
    await hub.restart()
    expect(await hub.seen()).toEqual(PUBLISHED)
    expect(hub.notes()).toEqual([])
  })

  it('is told where its note cannot be read, and others are published', async () => {
    const hub = await createHub()
    await hub.pushAndDie([UPDATES[0]!])
    writeFileSync(join(hub.home.layout.pushes, hub.notes()[0]!), '{')
    await hub.push([UPDATES[2]!])
    expect(await hub.seen()).toEqual({ [MAIN]: 'first', [OLD]: 'first', [NEW]: 'second' })
    expect(new Set(hub.problems.map(({ code }) => code))).toEqual(new Set(['push-note-corrupt']))
  })
})

describe('what the owner does after a push that was killed', () => {
  it('stays his own where the push had not moved the ref', async () => {
    const hub = await createHub()
    const dead = hub.push([UPDATES[2]!], (receiver) => ({
      moving: async (updates, operation) => {
        await receiver.moving?.(updates, operation)
        await die()
      },
    }))
    await expect(dead).rejects.toThrow()
    expect(hub.notes()).toHaveLength(1)
    await hub.restart()
    // The same branch, by the operation that has the number of the push.
    await setRefs(hub.repository, { [NEW]: second })
    await hub.restart()
    expect(await hub.seen('self')).toEqual({ [MAIN]: 'first', [OLD]: 'first' })
    expect(hub.notes()).toEqual([])
  })

  it('is not published with it', async () => {
    const hub = await createHub()
    await hub.pushAndDie()
    const own = await storeCommit(hub.repository, { text: 'secret', parents: [second] })
    await setRefs(hub.repository, { [NEW]: own, [OLD]: own })
    await hub.restart()
    // What was pushed is; it was going to be.
    expect(await hub.seen('self')).toEqual(PUBLISHED)
    expect(await askKnown(hub.peer('self'), [own, second])).toEqual([second])
  })

  it('takes back what it would have published', async () => {
    const hub = await createHub()
    await hub.pushAndDie()
    await hub.publish([NEW])
    await hub.unpublish([NEW, MAIN])
    await hub.restart()
    expect(await hub.seen('self')).toEqual({})
  })

  it('goes before where he makes a deleted branch anew and publishes it, or deletes a new one', async () => {
    const hub = await createHub()
    await hub.pushAndDie()
    const own = await storeCommit(hub.repository, { text: 'own' })
    await setRefs(hub.repository, { [OLD]: own, [NEW]: undefined })
    await setRefs(hub.repository, { [NEW]: own })
    await hub.publish([OLD])
    await hub.restart()
    expect(await hub.seen('self')).toEqual({ [MAIN]: 'second', [OLD]: own.toString() })
  })
})
