import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { encodeTag } from '../../../src/model/commit/tag.ts'
import { ConflictError, InvalidError } from '../../../src/model/errors.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { askKnown, listRefs } from '../../../src/sync/protocol/ask-peer.ts'
import type { RefUpdate } from '../../../src/sync/protocol/offer.ts'
import type { SyncProgress } from '../../../src/sync/protocol/receive-blocks.ts'
import { pushTo } from '../../../src/sync/push/push-to.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree } from '../../support/memory-tree.ts'
import { pushMain, repositoryPeer } from '../../support/push.ts'
import { ANN, temporaryRepository } from '../../support/repository.ts'
import { commitTree, digestsIn, reachedBy } from '../../support/transfer.ts'

const blocks = new MemoryBlocks()
const first = commitTree(blocks, { a: 'the first', 'dir/b': 'the second' })
const second = commitTree(blocks, { a: 'the first', c: { executable: 'the third' }, 'dir/b': 'changed' }, [first])
const other = commitTree(blocks, { a: 'another' }, [first])
const tree = buildTree(blocks, { a: 'only a tree' })
const tag = encodeTag({ object: second, objectType: 'commit', name: 'v1', tagger: ANN, message: 'one' })
blocks.put(tag)

const read = (repository: Repository, ref = 'refs/heads/main') => repository.refs.read(ref)
const update = (name: string, before: CID | undefined, after: CID | undefined): RefUpdate => ({ name, before, after })

/** A bare repository with `main` at a commit, and all that it reaches. */
async function repositoryAt(commit?: CID): Promise<Repository> {
  const repository = await temporaryRepository({ bare: true })
  if (commit !== undefined) await pushMain(repositoryPeer(repository), blocks, { after: commit })
  return repository
}

/** How pushes of updates to a repository fail. */
function push(repository: Repository, updates: RefUpdate[], options: Parameters<typeof repositoryPeer>[1] = {}) {
  return pushTo(repositoryPeer(repository, options), { repository: 'data', updates, haves: [], source: blocks })
}

describe('a push', () => {
  it('makes a branch, moves it by the difference, and deletes it', async () => {
    const repository = await repositoryAt()
    const peer = repositoryPeer(repository)
    expect(await pushMain(peer, blocks, { after: first })).toMatchObject({ blocks: 5, resumed: 0 })
    expect((await read(repository))?.equals(first)).toBe(true)
    // The commit, its tree, the executable with its leaf, the directory, and the file that changed.
    expect(await pushMain(peer, blocks, { before: first, after: second })).toMatchObject({ blocks: 6 })
    expect((await reachedBy(repository.store, [second])).size).toBe((await reachedBy(blocks, [second])).size)
    const deleted = await pushTo(peer, {
      updates: [update('refs/heads/main', second, undefined)],
      haves: [],
      source: blocks,
    })
    expect(deleted).toMatchObject({ blocks: 0 })
    expect(await read(repository)).toBeUndefined()
  })

  it('moves branches and tags together, as one operation', async () => {
    const repository = await repositoryAt()
    await push(repository, [
      update('refs/heads/main', undefined, second),
      update('refs/heads/side', undefined, other),
      update('refs/tags/v1', undefined, tag.cid),
      update('refs/tags/light', undefined, second),
      update('refs/tags/tree', undefined, tree),
    ])
    expect(await repository.refs.list()).toHaveLength(5)
    const log = await Array.fromAsync(repository.refs.log('refs/heads/side'))
    expect(log).toMatchObject([{ message: 'push', person: ANN, operation: 1 }])
  })

  it('sends nothing that the receiver has', async () => {
    const repository = await repositoryAt(second)
    const pushed = await pushTo(repositoryPeer(repository), {
      updates: [update('refs/heads/old', undefined, first)],
      haves: [second],
      source: blocks,
    })
    expect(pushed).toMatchObject({ blocks: 0, resumed: 0 })
    expect((await read(repository, 'refs/heads/old'))?.equals(first)).toBe(true)
  })

  it('is all or nothing where one ref was moved by somebody else', async () => {
    const repository = await repositoryAt(first)
    const before = await digestsIn(repository.store)
    const refused = push(repository, [
      update('refs/heads/new', undefined, other),
      update('refs/heads/main', undefined, second),
    ])
    await expect(refused).rejects.toMatchObject({
      family: 'conflict',
      code: 'ref-changed',
      details: { peer: 'peer X', ref: 'refs/heads/main' },
    })
    expect(await read(repository, 'refs/heads/new')).toBeUndefined()
    expect(await digestsIn(repository.store)).toEqual(before)
  })

  it('of two at once has one winner, and the other learns of it by name', async () => {
    const repository = await repositoryAt(first)
    const results = await Promise.allSettled(
      [second, other].map((after, at) => {
        const peer = { ...repositoryPeer(repository), label: `peer ${at}` }
        return pushMain(peer, blocks, { before: first, after })
      }),
    )
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const lost = results.find((result) => result.status === 'rejected')!
    expect((lost.reason as ConflictError).code).toBe('ref-changed')
    // What lost the race is not in the repository either.
    const [main] = await repository.refs.list()
    expect(await digestsIn(repository.store)).toHaveLength((await reachedBy(blocks, [main!.cid])).size)
  })

  it.each<[string, RefUpdate[], string]>([
    ['a branch that is a tag', [update('refs/heads/x', undefined, tag.cid)], 'not-a-commit'],
    ['a branch that is a tree', [update('refs/heads/x', undefined, tree)], 'ref-kind-invalid'],
    ['a ref that is neither branch nor tag', [update('refs/pins/x', undefined, first)], 'ref-not-pushable'],
    ['a name that no branch can have', [update('refs/heads/a..b', undefined, first)], 'ref-not-pushable'],
  ])('is refused for %s', async (_what, updates, code) => {
    const repository = await repositoryAt()
    await expect(push(repository, updates)).rejects.toMatchObject({ code, details: { peer: 'peer X' } })
    expect(await repository.refs.list()).toEqual([])
    expect(await digestsIn(repository.store)).toEqual([])
  })

  it('is refused by what the receiver says of it', async () => {
    const repository = await repositoryAt()
    const check = async () => {
      throw new InvalidError('branch-checked-out', 'somebody works on it', { details: { ref: 'refs/heads/main' } })
    }
    const refused = push(repository, [update('refs/heads/main', undefined, first)], { receiver: { check } })
    await expect(refused).rejects.toMatchObject({ family: 'invalid', code: 'branch-checked-out' })
  })

  it('is refused for who is not on the write list, and where there is nothing, in words that tell no more', async () => {
    const repository = await repositoryAt()
    const updates = [update('refs/heads/main', undefined, first)]
    await expect(push(repository, updates, { writable: false })).rejects.toMatchObject({ code: 'push-forbidden' })
    const unknown = pushTo(repositoryPeer(repository), { repository: 'x', updates, haves: [], source: blocks })
    await expect(unknown).rejects.toMatchObject({ family: 'not-found', code: 'repository-unknown' })
  })

  it('of several at once by one pusher go through one after the other', async () => {
    const repository = await repositoryAt(first)
    const names = ['refs/heads/a', 'refs/heads/b', 'refs/heads/c']
    await Promise.all(names.map((name, at) => push(repository, [update(name, undefined, at === 0 ? second : other)])))
    expect(await repository.refs.list()).toHaveLength(4)
  })

  it('that is interrupted goes on where it stopped, and counts on', async () => {
    const large = new MemoryBlocks()
    const leaves = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`${at}`, `content ${at} `.repeat(100)]))
    const head = commitTree(large, leaves)
    const repository = await repositoryAt()
    const stop = new AbortController()
    const onProgress = ({ blocks: sent }: SyncProgress): void => {
      if (sent >= 1500) stop.abort(new Error('enough'))
    }
    const broken = pushMain(repositoryPeer(repository), large, { after: head, signal: stop.signal, onProgress })
    await expect(broken).rejects.toThrow('enough')
    expect(await digestsIn(repository.store)).toEqual([])
    const told: number[] = []
    const whole = await pushMain(repositoryPeer(repository), large, {
      after: head,
      onProgress: (progress) => told.push(progress.blocks),
    })
    expect(whole.resumed).toBeGreaterThan(500)
    expect(whole.resumed + whole.blocks).toBe((await reachedBy(large, [head])).size)
    expect(told.at(-1)).toBe(whole.resumed + whole.blocks)
  })

  it('is published once the refs have moved, and not before', async () => {
    const repository = await repositoryAt()
    const told: (string | undefined)[] = []
    const moved = async () => void told.push((await read(repository))?.toString())
    await push(repository, [update('refs/heads/main', undefined, first)], { receiver: { moved } })
    expect(told).toEqual([first.toString()])
  })
})

describe('a peer that may push', () => {
  const secret = commitTree(blocks, { secret: 'what nobody published' })

  it('cannot finish a push by what it only knows the CID of', async () => {
    const repository = await repositoryAt(first)
    await push(repository, [update('refs/heads/hidden', undefined, secret)])
    const mayServe = (cid: CID) => cid.equals(first)
    const thief = new MemoryBlocks()
    const theft = commitTree(thief, { a: 'x' }, [secret])
    const attempt = pushTo(repositoryPeer(repository, { mayServe }), {
      updates: [update('refs/heads/mine', undefined, theft)],
      haves: [secret],
      source: thief,
    })
    await expect(attempt).rejects.toBeDefined()
    expect(await read(repository, 'refs/heads/mine')).toBeUndefined()
  })

  it('learns of no commit that is not for it', async () => {
    const repository = await repositoryAt(first)
    await push(repository, [update('refs/heads/hidden', undefined, secret)])
    const peer = repositoryPeer(repository, { mayServe: (cid) => cid.equals(first) })
    expect((await askKnown(peer, [secret, first, other])).map(String)).toEqual([first.toString()])
  })
})

describe('the refs of a peer', () => {
  it('are listed with their manifest, which is not sent again', async () => {
    const repository = await repositoryAt(second)
    const peer = repositoryPeer(repository)
    const listed = await listRefs(peer, { repository: 'data' })
    expect(listed).toMatchObject({ repository: 'data', name: undefined, record: undefined, heads: [], writable: true })
    const again = await listRefs(peer, { known: listed.manifest!.cid })
    expect(again.manifest).toBeUndefined()
    await expect(listRefs(peer, { repository: 'none' })).rejects.toMatchObject({ code: 'repository-unknown' })
  })
})

describe('the repository that is pushed to', () => {
  it('holds what was pushed and nothing else', async () => {
    const repository = await repositoryAt(second)
    const reached = [...(await reachedBy(blocks, [second]))].length
    expect(await digestsIn(repository.store)).toHaveLength(reached)
  })
})
