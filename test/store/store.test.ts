import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { FsBlockstore } from 'blockstore-fs'
import * as fc from 'fast-check'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { identity } from 'multiformats/hashes/identity'
import { sha512 } from 'multiformats/hashes/sha2'
import { describe, expect, it, vi } from 'vitest'

import type { Block } from '../../src/model/block.ts'
import { cidOf, DAG_PB, RAW } from '../../src/model/cid.ts'
import { acquireLock, tryLock } from '../../src/store/lock/lock.ts'
import { openStore } from '../../src/store/store.ts'
import { all, packNames, rawBlock, rawBlocks, writePack } from '../support/store-files.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describe('a store', () => {
  it('touches nothing when it is opened, asked and closed', async () => {
    const directory = join(temporaryFolder(), 'none')
    const store = await openStore(directory)
    const { cid } = rawBlock('x')
    expect(await store.has(cid)).toBe(false)
    expect(store.hasDigest(cid.multihash.digest)).toBe(false)
    expect(await all(store.cids())).toEqual([])
    await expect(store.get(cid)).rejects.toMatchObject({
      code: 'block-missing',
      family: 'not-found',
      message: `block ${cid.toString()} is not here`,
      details: { cid: cid.toString() },
    })
    await store.close()
    expect(existsSync(directory)).toBe(false)
  })

  it('gives back blocks from packs and loose files by multihash, whatever the codec and version', async () => {
    const store = await openStore(temporaryFolder())
    const [packed, loose] = [rawBlock('packed'), rawBlock('loose')]
    await writePack(store, [packed])
    await store.put(loose)
    for (const { cid, bytes } of [packed, loose]) {
      const names = [cid, CID.createV1(DAG_PB, cid.multihash), cidOf(DAG_PB, bytes).toV0()]
      for (const name of names) {
        expect(await store.has(name)).toBe(true)
        expect(await store.get(name)).toEqual(bytes)
      }
    }
    expect(store.getSync(packed.cid)).toEqual(packed.bytes)
    expect(store.getSync(loose.cid)).toBeUndefined()
    expect(store.hasDigest(packed.cid.multihash.digest)).toBe(true)
    expect(store.hasDigest(loose.cid.multihash.digest)).toBe(false)
    expect((await all(store.cids())).map(String).sort()).toEqual([packed.cid, loose.cid].map(String).sort())
  })

  it('keeps blocks of every size', async () => {
    const store = await openStore(temporaryFolder())
    const sizes = [0, 1, 8_000, 8_150, 8_192, 10_000, 1_048_576, 2_097_152]
    const blocks = sizes.map((size) => rawBlock(new Uint8Array(size).fill(size % 251)))
    await writePack(store, blocks)
    for (const { cid, bytes } of blocks) expect(Buffer.compare(await store.get(cid), bytes)).toBe(0)
    const unpacked = await openStore(temporaryFolder())
    for (const block of blocks) await unpacked.put(block)
    for (const { cid, bytes } of blocks) expect(Buffer.compare(await unpacked.get(cid), bytes)).toBe(0)
  })

  it('keeps blocks of other hash functions, and refuses those that it cannot verify', async () => {
    const store = await openStore(temporaryFolder())
    const bytes = Buffer.from('a block of others')
    const [packed, loose] = [bytes, Buffer.from('another')].map(async (bytes) => ({
      cid: CID.createV1(RAW, await sha512.digest(bytes)),
      bytes: Uint8Array.from(bytes),
    }))
    await writePack(store, [await packed!, rawBlock('ours')])
    await store.put(await loose!)
    for (const block of [await packed!, await loose!]) {
      expect(await store.has(block.cid)).toBe(true)
      expect(await store.get(block.cid)).toEqual(block.bytes)
      expect((await all(store.cids())).map(String)).toContain(block.cid.toString())
    }
    expect(await all(store.verifyPacks())).toEqual([])
    const unknown = CID.createV1(RAW, Digest.create(0x1234, new Uint8Array(32)))
    await expect(store.put({ cid: unknown, bytes })).rejects.toMatchObject({ code: 'hash-unsupported' })
    expect(await store.has(unknown)).toBe(false)
  })

  it('has every identity block and stores none', async () => {
    const store = await openStore(temporaryFolder())
    const bytes = Buffer.from('tiny')
    const cid = CID.createV1(RAW, identity.digest(bytes))
    expect(await store.has(cid)).toBe(true)
    expect(await store.get(cid)).toEqual(Uint8Array.from(bytes))
    await store.put({ cid, bytes })
    expect(readdirSync(store.directory)).toEqual([])
  })

  it('refuses bytes that are not the block', async () => {
    const store = await openStore(temporaryFolder())
    const { cid } = rawBlock('right')
    await expect(store.put({ cid, bytes: Buffer.from('wrong') })).rejects.toMatchObject({ code: 'block-corrupt' })
    expect(await store.has(cid)).toBe(false)
  })

  it('stores no block twice, and puts of one block at once are one', async () => {
    const store = await openStore(temporaryFolder())
    const block = rawBlock('once')
    // blockstore-fs would let all but one of them try again for a second.
    const writes = vi.spyOn(FsBlockstore.prototype, 'put')
    await Promise.all(Array.from({ length: 50 }, () => store.put(block)))
    expect(writes).toHaveBeenCalledTimes(1)
    writes.mockRestore()
    expect(await store.get(block.cid)).toEqual(block.bytes)
    const packed = rawBlock('packed')
    await writePack(store, [packed])
    await store.put(packed)
    expect(await all(store.cids())).toHaveLength(2)
    const second = await store.createPack()
    expect(second.add(packed)).toBe(false)
    // A loose block may become part of a pack: it is durable and fast to find there.
    expect(second.add(block)).toBe(true)
    second.abort()
  })

  it('finds packs that another process wrote after it was opened', async () => {
    const directory = temporaryFolder()
    const [reader, writer] = [await openStore(directory), await openStore(directory)]
    const block = rawBlock('from elsewhere')
    expect(await reader.has(block.cid)).toBe(false)
    await writePack(writer, [block])
    expect(await reader.get(block.cid)).toEqual(block.bytes)
    const another = rawBlock('again')
    await writePack(writer, [another])
    expect(reader.getSync(another.cid)).toEqual(another.bytes)
    const third = rawBlock('and again')
    await writePack(writer, [third])
    expect(await reader.has(third.cid)).toBe(true)
  })

  it('finds blocks in an index too large to be read at once', async () => {
    const store = await openStore(temporaryFolder())
    const blocks = rawBlocks(60_000, 'many')
    await writePack(store, blocks)
    await writePack(store, rawBlocks(3, 'few'))
    const fresh = await openStore(store.directory)
    for (let i = 0; i < blocks.length; i += 7) {
      expect(fresh.hasDigest(blocks[i]!.cid.multihash.digest)).toBe(true)
      expect(fresh.hasDigest(rawBlock(`absent ${i}`).cid.multihash.digest)).toBe(false)
    }
    const ends = [new Uint8Array(32), new Uint8Array(32).fill(0xff)]
    for (const digest of ends) expect((await openStore(store.directory)).hasDigest(digest)).toBe(false)
  })

  it('writes nothing when it is open for reading only', async () => {
    const directory = temporaryFolder()
    const writer = await openStore(directory)
    const block = rawBlock('here')
    await writePack(writer, [block])
    const store = await openStore(directory, { readonly: true })
    expect(await store.get(block.cid)).toEqual(block.bytes)
    await expect(store.put(rawBlock('new'))).rejects.toMatchObject({ code: 'store-read-only' })
    await expect(store.createPack()).rejects.toMatchObject({ code: 'store-read-only' })
  })

  it('serves packs that other tools made, under any name', async () => {
    const store = await openStore(temporaryFolder())
    const block = rawBlock('renamed')
    const path = await writePack(store, [block])
    renameSync(path, join(store.directory, 'packs', 'export.car'))
    expect(await (await openStore(store.directory)).get(block.cid)).toEqual(block.bytes)
  })
})

describe('the lease of a store', () => {
  it('is held from the start of a pack to its end, by all packs together', async () => {
    const store = await openStore(temporaryFolder(), { command: 'jzfs add' })
    const path = join(store.directory, 'leases.db')
    const isFree = (): boolean => {
      using lock = tryLock(path, 'gc')
      return lock !== undefined
    }
    const one = await store.createPack()
    const two = await store.createPack()
    one.add(rawBlock('one'))
    await one.finish()
    expect(isFree()).toBe(false)
    two.abort()
    await expect.poll(isFree).toBe(true)
    const lease = await store.lease()
    const three = await store.createPack()
    await three.finish()
    expect(isFree()).toBe(false)
    lease.release()
    lease.release()
    await expect.poll(isFree).toBe(true)
  })

  it('makes a writer wait for whoever removes blocks', async () => {
    const store = await openStore(temporaryFolder())
    const gc = await acquireLock(join(store.directory, 'leases.db'), { command: 'jzfs gc' })
    setTimeout(() => gc.release(), 50)
    const pack = await store.createPack()
    pack.abort()
    using _gc = await acquireLock(join(store.directory, 'leases.db'), { command: 'jzfs gc' })
    await expect(store.createPack()).rejects.toMatchObject({
      code: 'locked',
      details: { holders: [{ command: 'jzfs gc' }] },
    })
  })

  it('tells whose temporary packs may be removed: those of the dead', async () => {
    const store = await openStore(temporaryFolder())
    const temporary = join(store.directory, 'tmp')
    mkdirSync(temporary)
    writeFileSync(join(temporary, 'pack-1-left-behind.car'), 'x')
    writeFileSync(join(temporary, 'index-of-somebody'), 'x')
    const living = await openStore(store.directory)
    const lease = await living.lease()
    expect(readdirSync(temporary)).toEqual(['index-of-somebody'])
    writeFileSync(join(temporary, 'pack-2-of-the-living.car'), 'x')
    const pack = await store.createPack()
    expect(readdirSync(temporary)).toContain('pack-2-of-the-living.car')
    pack.abort()
    lease.release()
    const next = await openStore(store.directory)
    await expect
      .poll(async () => {
        const after = await next.createPack()
        after.abort()
        return readdirSync(temporary)
      })
      .toEqual(['index-of-somebody'])
  })
})

describe('any history of a store', () => {
  it('equals a map', async () => {
    const content = fc.nat(40).map((n) => rawBlock(`block ${n}`))
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), block: content }),
      fc.record({ kind: fc.constant('pack' as const), blocks: fc.array(content, { maxLength: 12 }) }),
      fc.record({ kind: fc.constant('consolidate' as const), all: fc.boolean() }),
      fc.record({ kind: fc.constant('reopen' as const) }),
      fc.record({ kind: fc.constant('get' as const), block: content }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const directory = temporaryFolder()
        let store = await openStore(directory)
        const model = new Map<string, Block>()
        const keep = (block: Block): void => void model.set(block.cid.toString(), block)
        using lock = await acquireLock(join(directory, 'lock.db'), { command: 'test' })
        for (const step of steps) {
          if (step.kind === 'put') {
            await store.put(step.block)
            keep(step.block)
          } else if (step.kind === 'pack') {
            const pack = await store.createPack()
            for (const block of step.blocks) pack.add(block)
            await pack.finish()
            step.blocks.forEach(keep)
          } else if (step.kind === 'consolidate') await store.consolidate(lock, { all: step.all })
          else if (step.kind === 'reopen') {
            await store.close()
            store = await openStore(directory)
          } else {
            const expected = model.get(step.block.cid.toString())
            expect(await store.has(step.block.cid)).toBe(expected !== undefined)
            if (expected === undefined) await expect(store.get(step.block.cid)).rejects.toThrow('is not here')
            else expect(await store.get(step.block.cid)).toEqual(expected.bytes)
          }
        }
        expect((await all(store.cids())).map(String).sort()).toEqual([...model.keys()].sort())
        for (const { cid, bytes } of model.values()) expect(await store.get(cid)).toEqual(bytes)
        expect(await all(store.verifyPacks())).toEqual([])
        await store.close()
      }),
      { numRuns: 25 },
    )
  })

  it('gives equal packs one name', async () => {
    const stores = [await openStore(temporaryFolder()), await openStore(temporaryFolder())]
    for (const store of stores) await writePack(store, rawBlocks(5, 'same'))
    expect(packNames(stores[0]!)).toEqual(packNames(stores[1]!))
    const [path] = packNames(stores[0]!)
    expect(readFileSync(join(stores[0]!.directory, 'packs', path!))).toEqual(
      readFileSync(join(stores[1]!.directory, 'packs', path!)),
    )
  })
})
