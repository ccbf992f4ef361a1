import { existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Block } from '../../../src/model/block.ts'
import { DAG_PB, RAW } from '../../../src/model/cid.ts'
import { acquireLock } from '../../../src/store/lock/lock.ts'
import { planConsolidation } from '../../../src/store/pack/consolidation-plan.ts'
import { openStore } from '../../../src/store/store.ts'
import { all, damageFile, packNames, rawBlock, rawBlocks, writePack } from '../../support/store-files.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const MiB = 1024 * 1024

describe('which packs are merged', () => {
  it('leaves few packs, and sizes that grow geometrically, alone', () => {
    expect(planConsolidation(Array.from({ length: 10 }, () => 1))).toEqual([])
    expect(planConsolidation(Array.from({ length: 16 }, (_, i) => 3 ** i))).toEqual([])
  })

  it('merges many equal packs, and leaves a large one out', () => {
    expect(planConsolidation(Array.from({ length: 11 }, () => 5))).toHaveLength(11)
    const withLarge = [2000 * MiB, ...Array.from({ length: 11 }, () => MiB)]
    expect(planConsolidation(withLarge).sort((a, b) => a - b)).toEqual(Array.from({ length: 11 }, (_, i) => i + 1))
  })

  it('keeps few packs, and copies each byte seldom, through any number of operations', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 500, maxLength: 2000 }), (operations) => {
        let sizes: number[] = []
        let written = 0
        let copied = 0
        for (const size of operations) {
          sizes.push(size)
          written += size
          const merged = new Set(planConsolidation(sizes))
          expect(merged.size).not.toBe(1)
          const sum = sizes.reduce((total, each, at) => total + (merged.has(at) ? each : 0), 0)
          copied += sum
          if (merged.size > 0) sizes = [...sizes.filter((_, at) => !merged.has(at)), sum]
          expect(sizes.length).toBeLessThanOrEqual(20)
        }
        expect(copied / written).toBeLessThan(2 * Math.log2(operations.length))
      }),
      { numRuns: 20 },
    )
  })
})

describe('a consolidation', () => {
  it('leaves one pack with every block once: leaves first', async () => {
    const { store, lock, blocks } = await storeWithPacks(12)
    const shared = rawBlock('in every pack')
    const before = packNames(store)
    const progress: number[] = []
    const result = await store.consolidate(lock, { onProgress: ({ done }) => progress.push(done) })
    expect(result.removed.sort()).toEqual(before)
    expect(packNames(store)).toEqual([basename(result.added ?? '')])
    const codecs: number[] = []
    for await (const cid of store.cids()) codecs.push(cid.code)
    expect(codecs).toHaveLength(new Set(blocks.map(({ cid }) => cid.toString())).size)
    expect(codecs).toEqual(codecs.toSorted((a, b) => a - b))
    expect(codecs).toEqual(expect.arrayContaining([RAW, DAG_PB]))
    for (const { cid, bytes } of [...blocks, shared]) expect(await store.get(cid)).toEqual(bytes)
    expect(await all(store.verifyPacks())).toEqual([])
    lock.release()
  })

  it('does nothing where there are few packs, unless all are asked for', async () => {
    const { store, lock, blocks } = await storeWithPacks(3)
    expect(await store.consolidate(lock)).toEqual({ removed: [], added: undefined })
    await store.consolidate(lock, { all: true })
    expect(packNames(store)).toHaveLength(1)
    expect(await store.consolidate(lock, { all: true })).toEqual({ removed: [], added: undefined })
    for (const { cid, bytes } of blocks) expect(await store.get(cid)).toEqual(bytes)
    lock.release()
  })

  it('does not disturb a reader that knows the old packs only', async () => {
    const { store, lock, blocks } = await storeWithPacks(12)
    const readers = [await openStore(store.directory), await openStore(store.directory)]
    // One has listed the packs, the other has opened some.
    expect(readers[0]!.hasDigest(rawBlock('absent').cid.multihash.digest)).toBe(false)
    await readers[1]!.get(blocks[0]!.cid)
    await store.consolidate(lock)
    for (const reader of readers) {
      for (const { cid, bytes } of blocks) expect(await reader.get(cid)).toEqual(bytes)
      expect(await reader.has(rawBlock('absent').cid)).toBe(false)
    }
    lock.release()
  })

  it('goes on while others read', async () => {
    const { store, lock, blocks } = await storeWithPacks(30)
    const reader = await openStore(store.directory)
    const merge = { isDone: false }
    let rounds = 0
    const reading = (async () => {
      while (!merge.isDone || rounds < 2) {
        for (const { cid, bytes } of blocks) expect(await reader.get(cid)).toEqual(bytes)
        rounds++
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await store.consolidate(lock)
    merge.isDone = true
    await reading
    lock.release()
  })

  it('that is stopped leaves everything as it was', async () => {
    const { store, lock, blocks } = await storeWithPacks(12)
    const before = packNames(store)
    await expect(store.consolidate(lock, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/iu)
    expect(packNames(store)).toEqual(before)
    for (const { cid, bytes } of blocks) expect(await store.get(cid)).toEqual(bytes)
    lock.release()
  })

  it('keeps a pack whose corrupt block is nowhere else, and drops it when a sound copy is there', async () => {
    const { store, lock, blocks } = await storeWithPacks(12)
    const block = rawBlock('will be corrupt')
    const path = await writePack(store, [block, rawBlock('beside it')])
    damageFile(path, readFileSync(path).indexOf(Buffer.from(block.bytes)))
    const fresh = await openStore(store.directory)
    await fresh.consolidate(lock)
    expect(existsSync(path)).toBe(true)
    expect(packNames(fresh)).toHaveLength(2)
    await expect(fresh.get(block.cid)).rejects.toMatchObject({ code: 'block-corrupt' })
    await writePack(fresh, [block])
    await fresh.consolidate(lock, { all: true })
    expect(packNames(fresh)).toHaveLength(1)
    for (const { cid, bytes } of [...blocks, block]) expect(await fresh.get(cid)).toEqual(bytes)
    expect(await all(fresh.verifyPacks())).toEqual([])
    expect(statSync(join(store.directory, 'damaged')).size).toBe(0)
    lock.release()
  })

  it('leaves a pack alone that cannot be read through', async () => {
    const { store, lock, blocks } = await storeWithPacks(12)
    const path = await writePack(store, rawBlocks(3, 'torn'))
    damageFile(path, 60)
    const fresh = await openStore(store.directory)
    await fresh.consolidate(lock)
    expect(existsSync(path)).toBe(true)
    expect(packNames(fresh)).toHaveLength(2)
    for (const { cid, bytes } of blocks) expect(await fresh.get(cid)).toEqual(bytes)
    lock.release()
  })
})

async function storeWithPacks(count: number) {
  const store = await openStore(temporaryFolder())
  const lock = await acquireLock(join(store.directory, 'lock.db'), { command: 'test' })
  const blocks: Block[] = []
  for (let i = 0; i < count; i++) {
    const own = [...rawBlocks(5, `pack ${i}`), rawBlock(`directory ${i}`, DAG_PB), rawBlock('in every pack')]
    blocks.push(...own)
    // Written by stores that do not know each other's packs.
    const pack = await (await openStore(join(store.directory, `part-${i}`))).createPack()
    for (const block of own) pack.add(block)
    const written = await pack.finish()
    moveInto(store.directory, written!.path)
  }
  return { store, lock, blocks }
}

function moveInto(directory: string, path: string): void {
  mkdirSync(join(directory, 'packs'), { recursive: true })
  renameSync(path, join(directory, 'packs', basename(path)))
}
