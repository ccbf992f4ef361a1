import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { generateKeyPairFromSeed, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { UnavailableError } from '../../../src/model/errors.ts'
import { openRepository } from '../../../src/repo/repository.ts'
import type { CloneOptions } from '../../../src/sync/clone/clone.ts'
import { pinDataset } from '../../../src/sync/clone/pin.ts'
import { createLocalPeer } from '../../../src/sync/local-peer.ts'
import { createRecord, nameOfKey } from '../../../src/sync/names/ipns-record.ts'
import { openKnownNames } from '../../../src/sync/names/known-names.ts'
import type { Peer } from '../../../src/sync/peer.ts'
import { cloneFrom, type CloneFromOptions } from '../../support/clone-from.ts'
import { flipped, honestAnswer, scriptedPeer } from '../../support/hostile-peer.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { offerAll } from '../../support/offer.ts'
import { ANN, temporaryFolder, temporaryRepository } from '../../support/repository.ts'
import { commitTree, digestsIn, reachedBy } from '../../support/transfer.ts'

const NOW = new Date('2026-06-01T12:00:00Z')
const privateKey = privateKeyToProtobuf(await generateKeyPairFromSeed('Ed25519', Buffer.alloc(32, 1)))
const name = await nameOfKey(privateKey)
const blocks = new MemoryBlocks()
const first = commitTree(blocks, { a: 'a', 'dir/b': 'b' })
const head = commitTree(blocks, { a: 'a2', 'dir/b': 'b', run: { executable: 'x' } }, [first])

/** The branch `name` at a commit, and everything that it reaches, from a peer in this process. */
async function peerAt(cid: CID, { sequence = 1n, label = 'peer X' } = {}): Promise<Peer> {
  const { bytes } = await createRecord({ privateKey, cid, sequence, now: NOW })
  return createLocalPeer({
    label,
    record: async (asked) => (asked === name ? bytes : undefined),
    offer: () => offerAll(blocks),
  })
}

function optionsFor(peers: Peer[], options: Partial<CloneFromOptions> = {}): CloneFromOptions {
  return {
    directory: join(temporaryFolder(), 'clone'),
    source: { name },
    peers,
    names: openKnownNames(join(temporaryFolder(), 'names')),
    command: 'jzfs clone',
    person: ANN,
    now: NOW,
    ...options,
  }
}

const lyingPeer = async (label: string): Promise<Peer> => {
  const { start, sections } = await honestAnswer(blocks, [head])
  const lie = Buffer.concat([start, ...sections.with(3, flipped(sections[3]!, 1))])
  return { ...(await peerAt(head, { label })), openSync: async () => scriptedPeer(lie) }
}

/** A peer whose stream ends after so many blocks. */
async function breakingPeer(count: number): Promise<Peer> {
  const { start, sections } = await honestAnswer(blocks, [head])
  const sent = Buffer.concat([start, ...sections.slice(0, count)])
  return { ...(await peerAt(head)), openSync: async () => scriptedPeer(sent) }
}

describe('a clone', () => {
  it('by name has the history, the branch and its log', async () => {
    const options = optionsFor([await peerAt(head)])
    const { repository, commit, listed, fetched } = await cloneFrom(options)
    expect(commit).toEqual(head)
    expect(listed.name).toBe(name)
    expect(fetched).toMatchObject({ peer: 'peer X', failures: [] })
    expect(await reachedBy(repository.store, [head])).toEqual(await reachedBy(blocks, [head]))
    expect(await repository.refs.head()).toEqual({ branch: 'refs/heads/main' })
    expect(await repository.refs.headCommit()).toEqual(head)
    const log = await Array.fromAsync(repository.refs.log('HEAD'))
    expect(log.map(({ message }) => message)).toEqual([`clone: from ipns://${name}`])
    expect(await options.names.seen(name)).toMatchObject({ sequence: 1n })
    await repository.close()
    await expect(cloneFrom(options)).rejects.toMatchObject({ code: 'destination-not-empty' })
  })

  it('by the CID of a commit, bare, on another branch', async () => {
    const { repository } = await cloneFrom(
      optionsFor([await peerAt(first)], { source: { cid: head }, bare: true, branch: 'data' }),
    )
    expect(repository.bare).toBe(true)
    expect(await repository.refs.read('refs/heads/data')).toEqual(head)
    await repository.close()
  })

  it('hands the operation to whoever writes the files', async () => {
    const seen: unknown[] = []
    const checkout: CloneOptions['checkout'] = async ({ repository, commit, plan }) => {
      expect(await reachedBy(repository.store, [commit])).toEqual(await reachedBy(blocks, [head]))
      seen.push(plan.refs?.map(({ name: ref, after }) => [ref, after]))
    }
    const { repository } = await cloneFrom(optionsFor([await peerAt(head)], { checkout }))
    expect(seen).toEqual([
      [
        ['refs/remotes/origin/main', head],
        ['refs/heads/main', head],
      ],
    ])
    await repository.close()
  })

  it('of a peer that is not jzfs is fetched block by block', async () => {
    const { openSync: _none, ...rest } = await peerAt(head)
    const peer: Peer = { ...rest, fetchBlock: (cid) => blocks.get(cid) }
    const { repository } = await cloneFrom(optionsFor([peer]))
    expect(await reachedBy(repository.store, [head])).toEqual(await reachedBy(blocks, [head]))
    await repository.close()
  })

  it('goes on from another peer where one lies, and names it', async () => {
    const peers = [await lyingPeer('liar'), await peerAt(head, { label: 'honest' })]
    const { repository, fetched } = await cloneFrom(optionsFor(peers))
    expect(fetched?.peer).toBe('honest')
    expect(fetched?.failures).toMatchObject([{ code: 'peer-sent-corrupt-block', details: { peer: 'liar' } }])
    await repository.close()
  })

  it('goes on from another peer where one stops, from where it stopped', async () => {
    const { repository, fetched } = await cloneFrom(optionsFor([await breakingPeer(4), await peerAt(head)]))
    expect(fetched?.failures).toMatchObject([{ code: 'peer-closed-early' }])
    expect(fetched?.resumed).toBe(4)
    await repository.close()
  })
})

describe('a clone that fails', () => {
  it.each([
    ['because nobody knows the name', () => optionsFor([]), 'name-not-found'],
    ['because the peer lies', async () => optionsFor([await lyingPeer('liar')]), 'peer-sent-corrupt-block'],
    ['because the name means no commit', async () => optionsFor([await peerAt((await tree()).cid)]), 'not-a-commit'],
    ['because the peer is gone', async () => optionsFor([gonePeer()]), 'peer-silent'],
    [
      'because the record has expired',
      async () => optionsFor([await peerAt(head)], { now: new Date('2027-01-01') }),
      'record-expired',
    ],
  ])('%s leaves no destination', async (_what, make, code) => {
    const options = await make()
    await expect(cloneFrom(options)).rejects.toMatchObject({ code })
    expect(existsSync(options.directory)).toBe(false)
  })

  it('leaves an empty folder that was there as it was', async () => {
    const options = optionsFor([await lyingPeer('liar')])
    mkdirSync(options.directory)
    await expect(cloneFrom(options)).rejects.toMatchObject({ code: 'peer-sent-corrupt-block' })
    expect(readdirSync(options.directory)).toEqual([])
  })

  it('touches nothing where somebody else’s files are', async () => {
    const options = optionsFor([await peerAt(head)])
    mkdirSync(options.directory)
    writeFileSync(join(options.directory, 'mine'), 'mine')
    await expect(cloneFrom(options)).rejects.toMatchObject({ code: 'destination-not-empty' })
    expect(readdirSync(options.directory)).toEqual(['mine'])
  })

  it.each([false, true])('can be gone on with by the same command (bare: %s)', async (bare) => {
    const options = optionsFor([await breakingPeer(5)], { bare })
    await expect(cloneFrom(options)).rejects.toMatchObject({ code: 'peer-closed-early' })
    expect(existsSync(options.directory)).toBe(true)
    const other = { ...options, source: { cid: head } }
    await expect(cloneFrom(other)).rejects.toMatchObject({ code: 'clone-unfinished' })
    const { repository, fetched, isResumed } = await cloneFrom({ ...options, peers: [await peerAt(head)] })
    expect(isResumed).toBe(true)
    expect(fetched?.resumed).toBe(5)
    expect(await reachedBy(repository.store, [head])).toEqual(await reachedBy(blocks, [head]))
    await repository.close()
    await expect(cloneFrom(options)).rejects.toMatchObject({ code: 'destination-not-empty' })
  })

  it('after its operation was written is only finished', async () => {
    const checkout: CloneOptions['checkout'] = async ({ repository, lock, plan }) => {
      const { runOperation } = await import('../../../src/repo/operation/operation.ts')
      await runOperation(repository, lock, plan)
      throw new UnavailableError('disk-full', 'as if it died here')
    }
    const options = optionsFor([await peerAt(head)])
    await expect(cloneFrom({ ...options, checkout })).rejects.toMatchObject({ code: 'disk-full' })
    const { repository, commit, fetched } = await cloneFrom({ ...options, peers: [await peerAt(head)] })
    expect([commit, fetched]).toEqual([head, undefined])
    await repository.close()
  })

  it('because another one is at it leaves that one alone', async () => {
    const options = optionsFor([await breakingPeer(5)])
    await cloneFrom(options).catch(() => undefined)
    const unfinished = await openRepository(options.directory)
    const lock = await unfinished.lock('jzfs clone')
    const again = cloneFrom({ ...options, peers: [await peerAt(head)] })
    await expect(again).rejects.toMatchObject({ code: 'locked' })
    expect((await digestsIn(unfinished.store)).length).toBeGreaterThan(0)
    lock.release()
    await unfinished.close()
  })
})

describe('the trust of a clone', () => {
  it('takes the newest record that peers have', async () => {
    const old = await peerAt(first, { sequence: 3n, label: 'behind' })
    for (const peers of [
      [old, await peerAt(head, { sequence: 4n })],
      [await peerAt(head, { sequence: 4n }), old],
    ]) {
      const { repository, commit } = await cloneFrom(optionsFor(peers))
      expect(commit).toEqual(head)
      await repository.close()
    }
  })

  it.each([
    ['to go back', 2n, first, 'record-older-than-seen'],
    ['a fork', 5n, first, 'record-fork'],
  ])('refuses %s', async (_what, sequence, cid, code) => {
    const options = optionsFor([await peerAt(head, { sequence: 5n })])
    const { repository } = await cloneFrom(options)
    await repository.close()
    const directory = join(temporaryFolder(), 'again')
    const again = cloneFrom({ ...options, directory, peers: [await peerAt(cid, { sequence, label: 'peer Y' })] })
    await expect(again).rejects.toMatchObject({ code })
    expect(existsSync(directory)).toBe(false)
  })

  it('refuses a fork between two peers', async () => {
    const peers = [await peerAt(head), await peerAt(first, { label: 'peer Y' })]
    await expect(cloneFrom(optionsFor(peers))).rejects.toMatchObject({ code: 'record-fork' })
  })
})

describe('a pin', () => {
  it('keeps a dataset without files, and follows its name', async () => {
    const repository = await temporaryRepository({ bare: true })
    const names = openKnownNames(temporaryFolder())
    const pin = (peer: Peer) =>
      pinDataset({
        repository,
        names,
        peers: [peer],
        source: { name },
        pin: 'x',
        command: 'pin',
        person: ANN,
        now: NOW,
      })
    const one = await pin(await peerAt(first))
    expect(one).toMatchObject({ ref: 'refs/pins/x', before: undefined, cid: first })
    const two = await pin(await peerAt(head, { sequence: 2n }))
    expect(two).toMatchObject({ before: first, cid: head })
    const difference = (await reachedBy(blocks, [head])).difference(await reachedBy(blocks, [first]))
    expect(two.fetched.blocks).toBe(difference.size)
    expect(await repository.refs.read('refs/pins/x')).toEqual(head)
    expect(await reachedBy(repository.store, [head])).toEqual(await reachedBy(blocks, [head]))
  })
})

async function tree(): Promise<{ cid: CID }> {
  const { decodeCommit } = await import('../../../src/model/commit/commit.ts')
  return { cid: decodeCommit(head, await blocks.get(head)).tree }
}

function gonePeer(): Peer {
  const gone = new UnavailableError('peer-silent', 'the peer does not answer: peer X', { details: { peer: 'peer X' } })
  return { label: 'peer X', resolveName: () => Promise.reject(gone) }
}
