import { setTimeout as sleep } from 'node:timers/promises'

import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import type { Store } from '../../../src/store/store.ts'
import { createTransferPack } from '../../../src/sync/clone/transfer-pack.ts'
import { fetchDag, type FetchDagOptions } from '../../../src/sync/walk/fetch-dag.ts'
import type { FetchBlock } from '../../../src/sync/walk/open-questions.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { commitTree, digestsIn, reachedBy, temporaryStore } from '../../support/transfer.ts'

const blocks = new MemoryBlocks()
const many = Object.fromEntries(Array.from({ length: 1200 }, (_, at) => [`dir${at % 7}/${at}`, `content ${at % 1000}`]))
const first = commitTree(blocks, { a: 'a' })
const head = commitTree(blocks, many, [first])

async function fetchInto(store: Store, fetchBlock: FetchBlock, options: Partial<FetchDagOptions> = {}) {
  const pack = await createTransferPack(store)
  return fetchDag(fetchBlock, { label: 'peer X', wants: [head], pack, local: store, ...options })
}

describe('fetching block by block', () => {
  it('brings everything, each block once, many at a time and never too many', async () => {
    const asked = new Set<string>()
    let open = 0
    let most = 0
    const store = await temporaryStore()
    await fetchInto(store, async (cid) => {
      expect(asked.has(cid.toString())).toBe(false)
      asked.add(cid.toString())
      most = Math.max(most, ++open)
      await sleep(1)
      open--
      return blocks.get(cid)
    })
    expect(asked).toEqual(await reachedBy(blocks, [head]))
    expect(await reachedBy(store, [head])).toEqual(asked)
    expect(most).toBe(256)
  })

  it('asks for no more bytes at a time than are bounded', async () => {
    const large = new MemoryBlocks()
    const leaves = Object.fromEntries(Array.from({ length: 80 }, (_, at) => [`${at}`, Buffer.alloc(1 << 20, at)]))
    const commit = commitTree(large, leaves)
    let open = 0
    let most = 0
    const counting: FetchBlock = async (cid) => {
      most = Math.max(most, ++open)
      await sleep(1)
      open--
      return large.get(cid)
    }
    await fetchInto(await temporaryStore(), counting, { wants: [commit] })
    expect(most).toBe(32)
  })

  it('asks for nothing that is here', async () => {
    const store = await temporaryStore()
    await fetchInto(store, (cid) => blocks.get(cid), { wants: [first] })
    const asked: string[] = []
    await fetchInto(store, (cid) => {
      asked.push(cid.toString())
      return blocks.get(cid)
    })
    expect(new Set(asked)).toEqual((await reachedBy(blocks, [head])).difference(await reachedBy(blocks, [first])))
  })

  it('asks again where a question stays open', async () => {
    const tries = new Map<string, number>()
    const forgetful: FetchBlock = async (cid, { signal }) => {
      const count = (tries.get(cid.toString()) ?? 0) + 1
      tries.set(cid.toString(), count)
      if (count === 1) await sleep(60_000, undefined, { signal })
      return blocks.get(cid)
    }
    const store = await temporaryStore()
    await fetchInto(store, forgetful, { wants: [first], retryMs: 10 })
    expect([...tries.values()]).toEqual([2, 2, 2])
  })

  it('gives up where nothing comes, and keeps what came if that is wanted', async () => {
    const store = await temporaryStore()
    const silent: FetchBlock = (cid) => (cid.equals(head) ? blocks.get(cid) : new Promise(() => undefined))
    const fetching = fetchInto(store, silent, { idleTimeoutMs: 30, keepPartial: true })
    await expect(fetching).rejects.toMatchObject({ code: 'peer-too-slow', details: { peer: 'peer X' } })
    expect(await digestsIn(store)).toHaveLength(1)
  })

  it('stops when it is told to', async () => {
    const stop = new AbortController()
    const store = await temporaryStore()
    const fetching = fetchInto(store, () => new Promise(() => stop.abort('enough')), { signal: stop.signal })
    await expect(fetching).rejects.toBe('enough')
    expect(await digestsIn(store)).toEqual([])
  })

  it('names whoever breaks off', async () => {
    const fetching = fetchInto(await temporaryStore(), () => Promise.reject(new Error('connection reset')))
    await expect(fetching).rejects.toMatchObject({ code: 'peer-closed-early', details: { peer: 'peer X' } })
  })

  it('refuses a lie about any block, and writes nothing', async () => {
    const small = commitTree(blocks, { x: 'x', 'y/z': 'z' })
    for (const text of await reachedBy(blocks, [small])) {
      const store = await temporaryStore()
      const lie: FetchBlock = async (cid) => (cid.toString() === text ? Buffer.from('a lie') : blocks.get(cid))
      await expect(fetchInto(store, lie, { wants: [small] })).rejects.toMatchObject({
        code: 'peer-sent-corrupt-block',
        details: { peer: 'peer X', cid: CID.parse(text).toString() },
      })
      expect(await digestsIn(store)).toEqual([])
    }
  })
})
