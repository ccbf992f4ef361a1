import { describe, expect, it } from 'vitest'

import { cidOf, RAW } from '../../../src/model/cid.ts'
import { fetchFromPeers, type FetchFromPeersOptions } from '../../../src/sync/clone/fetch-from-peers.ts'
import { createLocalPeer } from '../../../src/sync/local-peer.ts'
import type { Peer } from '../../../src/sync/peer.ts'
import { withLength } from '../../../src/sync/protocol/length-prefix.ts'
import type { SyncProgress } from '../../../src/sync/protocol/receive-blocks.ts'
import { flipped } from '../../support/hostile-peer.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { offerAll } from '../../support/offer.ts'
import { leafPeer, type Tamper } from '../../support/tampering-peer.ts'
import { commitTree, digestsIn, reachedBy, temporaryStore } from '../../support/transfer.ts'

const blocks = new MemoryBlocks()
const many = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`dir${at % 7}/${at}`, `content ${at % 900}`]))
const first = commitTree(blocks, { a: 'a', 'dir0/0': 'content 0' })
const head = commitTree(blocks, many, [first])
const all = await reachedBy(blocks, [head])

async function fetchInto(peers: Peer[], options: Partial<FetchFromPeersOptions> = {}) {
  const store = await temporaryStore()
  const fetched = await fetchFromPeers({ wants: [head], peers, store, idleTimeoutMs: 200, ...options })
  expect(await reachedBy(store, [head])).toEqual(all)
  return { fetched, store }
}

const foreign = Buffer.from('a block of somebody else')
const section = withLength(Buffer.concat([cidOf(RAW, foreign).bytes, foreign]))

describe('several peers', () => {
  it('give a part each, and everything once', async () => {
    const peers = ['one', 'two', 'three'].map((label) => leafPeer(label, blocks))
    const told: SyncProgress[] = []
    const { fetched, store } = await fetchInto(peers, { onProgress: (progress) => told.push({ ...progress }) })
    expect(fetched).toMatchObject({ peer: 'one, two, three', failures: [], blocks: all.size })
    expect(peers.reduce((sum, { leaves }) => sum + leaves, 0)).toBe(901)
    expect(peers.filter(({ leaves }) => leaves > 0).length).toBeGreaterThan(1)
    expect(await digestsIn(store)).toHaveLength(all.size)
    expect(told.at(-1)).toMatchObject({ blocks: all.size, totalBlocks: all.size, bytes: fetched.bytes })
  })

  it('send the difference only', async () => {
    const peers = ['one', 'two'].map((label) => leafPeer(label, blocks))
    const { store } = await fetchInto(peers, { wants: [head] })
    const next = commitTree(blocks, { ...many, new: 'what is new' }, [head])
    const fetched = await fetchFromPeers({ wants: [next], haves: [head], peers, store })
    expect(fetched).toMatchObject({ blocks: 3, failures: [] })
  })

  it.each<[string, Tamper, string]>([
    ['flips a bit', (parts) => parts.with(5, flipped(parts[5]!, 1)), 'peer-sent-corrupt-block'],
    ['cuts its answer', (parts) => parts.slice(0, 9), 'peer-closed-early'],
    ['leaves one out', (parts) => parts.toSpliced(6, 1), 'peer-sent-unrequested'],
    ['sends one twice', (parts) => parts.toSpliced(6, 0, parts[6]!), 'peer-sent-unrequested'],
    ['swaps two', (parts) => parts.with(6, parts[7]!).with(7, parts[6]!), 'peer-sent-unrequested'],
    ['sends what was not asked', (parts) => parts.toSpliced(6, 0, section), 'peer-sent-unrequested'],
    ['sends more at the end', (parts) => [...parts, section], 'peer-sent-unrequested'],
    ['goes on without end', (parts) => [...parts.slice(0, 4), Buffer.from('ffffff7f', 'hex')], 'peer-sent-malformed'],
    ['says nothing', () => new Promise(() => undefined), 'peer-too-slow'],
  ])('get one that %s dropped by its name, and the rest from the others', async (_what, tamper, code) => {
    const liar = leafPeer('liar', blocks, tamper)
    const { fetched } = await fetchInto([leafPeer('one', blocks), liar, leafPeer('two', blocks)])
    // It is asked at most once; where the others were quicker, it may still be at it when all is here.
    expect(liar.asked).toBeLessThanOrEqual(1)
    for (const failure of fetched.failures) expect(failure).toMatchObject({ code, details: { peer: 'liar' } })
    expect(fetched.failures.length).toBe(code === 'peer-too-slow' ? fetched.failures.length : 1)
  })

  it('that all lie are all named, and nothing wrong is kept', async () => {
    const lying: Tamper = (parts) => parts.with(2, flipped(parts[2]!, 1))
    const store = await temporaryStore()
    const peers = [leafPeer('one', blocks, lying), leafPeer('two', blocks, lying)]
    const failed = fetchFromPeers({ wants: [head], peers, store })
    // Their streams are honest, but who has lied once is not asked again: whoever was not found lying gives the rest.
    await failed.catch((error: unknown) => expect(error).toMatchObject({ family: 'integrity' }))
    for (const digest of await digestsIn(store)) expect(digest).toHaveLength(64)
    await fetchFromPeers({ wants: [head], peers: [leafPeer('honest', blocks)], store })
    expect(await reachedBy(store, [head])).toEqual(all)
  })

  it('of which one has it not are not asked for parts', async () => {
    const without = createLocalPeer({
      label: 'without',
      record: async () => undefined,
      offer: () => ({ ...offerAll(blocks), mayServe: () => false }),
    })
    const { fetched } = await fetchInto([without, leafPeer('one', blocks)])
    expect(fetched.peer).toBe('one')
    expect(fetched.failures).toMatchObject([{ code: 'not-served', details: { peer: 'without' } }])
  })

  it('go on where an interrupted transfer stopped', async () => {
    const store = await temporaryStore()
    let given = 0
    const stop = new AbortController()
    const stopping: Tamper = (parts) => {
      if (++given === 3) stop.abort(new Error('enough'))
      return parts
    }
    const peers = () => ['one', 'two'].map((label) => leafPeer(label, blocks, stopping))
    await expect(fetchFromPeers({ wants: [head], peers: peers(), store, signal: stop.signal })).rejects.toThrow(
      'enough',
    )
    const kept = (await digestsIn(store)).length
    expect(kept).toBeGreaterThan(200)
    const again = ['one', 'two'].map((label) => leafPeer(label, blocks))
    const fetched = await fetchFromPeers({ wants: [head], peers: again, store })
    expect(fetched.blocks).toBe(all.size - kept)
    expect(await reachedBy(store, [head])).toEqual(all)
  })
})
