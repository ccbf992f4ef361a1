import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'

import type { Block } from '../../../src/model/block.ts'
import { DAG_PB, RAW, SHA2_256 } from '../../../src/model/cid.ts'
import type { FileLeaf } from '../../../src/model/unixfs/file-content.ts'
import { createBlockCopier } from '../../../src/store/copy/block-copier.ts'
import { explainFsError } from '../../../src/store/fs-errors.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { whenReady } from '../../support/ready-copier.ts'
import { seededBytes } from '../../support/seeded.ts'
import { damageFile, rawBlock, writePack } from '../../support/store-files.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const KIB = 1024

let store: Store
/** One for all tests: to start threads takes longer than what they do here. */
const copier = createBlockCopier({ locate: (cid) => store.locate(cid), refresh: () => store.refresh() })
afterAll(() => copier.stop())
beforeEach(async () => {
  const opened = await openStore(temporaryFolder())
  onTestFinished(() => opened.close())
  store = opened
})

/** Blocks of some sizes, different from those of another label. */
function blocksOf(label: string, ...sizes: number[]): Block[] {
  return sizes.map((size, at) => rawBlock(seededBytes(`${label} ${at}`, size)))
}

/** A file in which blocks follow one another. */
function leavesOf(blocks: Iterable<Block>): FileLeaf[] {
  let start = 0
  return Array.from(blocks, ({ cid, bytes }) => {
    start += bytes.length
    return { cid, start: start - bytes.length, size: bytes.length }
  })
}

async function* each<T>(items: Iterable<T>, onNext?: (item: T) => void): AsyncGenerator<T> {
  for (const item of items) {
    onNext?.(item)
    yield item
  }
}

/** Copies a file; what is left is written as by a checkout. Returns what is in it then, and what was left. */
async function copyFile(leaves: Iterable<FileLeaf>, by = copier): Promise<{ bytes: Buffer; left: FileLeaf[] }> {
  const path = join(temporaryFolder(), 'file')
  const descriptor = openSync(path, 'wx')
  const left: FileLeaf[] = []
  try {
    for await (const leaf of by.copy({ descriptor, size: 1e9 }, each(leaves))) {
      left.push(leaf)
      const bytes = await store.get(leaf.cid)
      writeSync(descriptor, bytes, 0, bytes.length, leaf.start)
    }
    return { bytes: readFileSync(path), left }
  } finally {
    closeSync(descriptor)
  }
}

const bytesOf = (blocks: Iterable<Block>): Buffer => Buffer.concat(Array.from(blocks, ({ bytes }) => bytes))

describe('a block copier', () => {
  it('writes any file as its blocks say, wherever they are, and leaves only what no pack has', async () => {
    const sizes = [128 * KIB - 1, 128 * KIB, 200_000, 1024 * KIB, 1024 * KIB + 1, 1]
    const packs = [blocksOf('one', ...sizes), blocksOf('two', ...sizes)]
    for (const pack of packs) await writePack(store, pack)
    const zeros = rawBlock(new Uint8Array(1024 * KIB))
    await writePack(store, [zeros])
    const loose = blocksOf('loose', 128 * KIB, 1024 * KIB)
    for (const block of loose) await store.put(block)
    const large = blocksOf('large', 2048 * KIB + 1)
    await writePack(store, large)
    await whenReady(copier, store)
    const isLeft = (size: number) => size < 128 * KIB || size > 2048 * KIB
    const pool = fc.constantFrom(...packs.flat(), zeros, ...loose, ...large)
    const rows = fc.tuple(pool, fc.integer({ min: 1, max: 3 })).map(([block, count]) => Array<Block>(count).fill(block))
    await fc.assert(
      fc.asyncProperty(fc.array(rows, { maxLength: 8 }), async (given) => {
        const blocks = given.flat()
        const { bytes, left } = await copyFile(leavesOf(blocks))
        expect(bytes.equals(bytesOf(blocks))).toBe(true)
        const expected = blocks.filter((block) => loose.includes(block) || isLeft(block.bytes.length))
        expect(left.map(({ cid }) => cid.toString()).toSorted()).toEqual(
          expected.map(({ cid }) => cid.toString()).toSorted(),
        )
      }),
      { numRuns: 20 },
    )
  })

  it('leaves blocks to the caller until its threads are there', async () => {
    const blocks = blocksOf('early', 128 * KIB, 128 * KIB)
    await writePack(store, blocks)
    const fresh = createBlockCopier(store)
    const { bytes, left } = await copyFile(leavesOf(blocks), fresh)
    await fresh.stop()
    expect(left).toEqual(leavesOf(blocks))
    expect(bytes.equals(bytesOf(blocks))).toBe(true)
  })

  it('writes nothing in the place of a block that is corrupt, and takes a sound copy of it', async () => {
    const blocks = blocksOf('rotten', 200_000, 200_000, 200_000)
    const pack = await writePack(store, blocks)
    await whenReady(copier, store)
    damageFile(pack, readFileSync(pack).indexOf(blocks[1]?.bytes ?? '') + 90_000)
    const path = join(temporaryFolder(), 'file')
    const descriptor = openSync(path, 'wx')
    const left = await Array.fromAsync(copier.copy({ descriptor, size: 1e9 }, each(leavesOf(blocks))))
    closeSync(descriptor)
    expect(left).toEqual([leavesOf(blocks)[1]])
    expect(readFileSync(path).subarray(200_000, 400_000).equals(Buffer.alloc(200_000))).toBe(true)
    await expect(copyFile(leavesOf(blocks))).rejects.toMatchObject({ code: 'block-corrupt', details: { path: pack } })
    // Written as a pack of another name: the other blocks are not there twice.
    // The last byte of its CID: the block itself is sound, and is found by nobody.
    damageFile(pack, readFileSync(pack).indexOf(blocks[2]?.bytes ?? '') - 1)
    await expect(copyFile(leavesOf(blocks).slice(2))).rejects.toMatchObject({ code: 'pack-corrupt' })
    await writePack(store, blocks.slice(1))
    const mended = await copyFile(leavesOf(blocks))
    expect(mended.bytes.equals(bytesOf(blocks))).toBe(true)
    expect(mended.left).toEqual([])
  })

  it('leaves a block that is not of the size declared, and one that is more than bytes of the file', async () => {
    const [block] = blocksOf('sized', 200_000) as [Block]
    const node = rawBlock(seededBytes('node', 200_000), DAG_PB)
    await writePack(store, [block, node])
    await whenReady(copier, store)
    const wrong = [199_999, 200_001, 128 * KIB].map((size) => ({ cid: block.cid, start: 0, size }))
    const short = CID.createV1(RAW, Digest.create(SHA2_256, block.cid.multihash.digest.subarray(0, 20)))
    const odd = [...wrong, ...leavesOf([node]), { cid: short, start: 0, size: 200_000 }]
    const sink = openSync('/dev/null', 'w')
    const left = await Array.fromAsync(copier.copy({ descriptor: sink, size: 1e9 }, each(odd)))
    closeSync(sink)
    expect(new Set(left)).toEqual(new Set(odd))
    expect(left.length).toBe(odd.length)
  })

  it('throws the error of a disk that is full', async () => {
    const blocks = blocksOf('full', 1024 * KIB, 1024 * KIB)
    await writePack(store, blocks)
    await whenReady(copier, store)
    const full = openSync('/dev/full', 'w')
    const error: unknown = await Array.fromAsync(
      copier.copy({ descriptor: full, size: 1e9 }, each(leavesOf(blocks))),
    ).catch((e: unknown) => e)
    closeSync(full)
    expect(explainFsError(error, 'big')).toMatchObject({ code: 'disk-full', message: expect.stringContaining('big') })
  })

  it('stops writing when it is told to', async () => {
    const [block] = blocksOf('aborted', 1024 * KIB) as [Block]
    await writePack(store, [block])
    await whenReady(copier, store)
    const leaves = leavesOf(Array<Block>(200).fill(block))
    const controller = new AbortController()
    const abortAt = ({ start }: FileLeaf) => {
      if (start === leaves[100]?.start) controller.abort(new Error('enough'))
    }
    const path = join(temporaryFolder(), 'file')
    const descriptor = openSync(path, 'wx')
    const copying = Array.fromAsync(
      copier.copy({ descriptor, size: 1e9 }, each(leaves, abortAt), { signal: controller.signal }),
    )
    await expect(copying).rejects.toThrow('enough')
    const { size, mtimeMs } = statSync(path)
    expect(size).toBeLessThanOrEqual(100 * block.bytes.length)
    await setTimeout(50)
    expect(statSync(path)).toMatchObject({ size, mtimeMs })
    closeSync(descriptor)
  })

  it('waits for its threads when the caller stops early', async () => {
    const [block, loose] = blocksOf('early end', 1024 * KIB, 128 * KIB) as [Block, Block]
    await writePack(store, [block])
    await store.put(loose)
    await whenReady(copier, store)
    const path = join(temporaryFolder(), 'file')
    const descriptor = openSync(path, 'wx')
    for await (const leaf of copier.copy(
      { descriptor, size: 1e9 },
      each(leavesOf([...Array<Block>(20).fill(block), loose])),
    )) {
      expect(leaf.cid).toEqual(loose.cid)
      break
    }
    const { size, mtimeMs } = statSync(path)
    await setTimeout(50)
    expect(statSync(path)).toMatchObject({ size, mtimeMs })
    closeSync(descriptor)
  })

  it('goes on where packs are merged meanwhile by another process', async () => {
    const [first, second] = [blocksOf('first', 1024 * KIB, 200_000), blocksOf('second', 1024 * KIB, 200_000)]
    for (const blocks of [first, second]) await writePack(store, blocks)
    await whenReady(copier, store)
    const blocks = Array.from({ length: 15 }, () => [...first, ...second]).flat()
    await copyFile(leavesOf(blocks))
    const other = await openStore(store.directory)
    const lock = await other.lease()
    await other.consolidate(lock, { all: true })
    lock.release()
    await other.close()
    const { bytes, left } = await copyFile(leavesOf(blocks))
    expect(bytes.equals(bytesOf(blocks))).toBe(true)
    // Only what was under way when it was noticed.
    expect(left.length).toBeLessThan(blocks.length / 2)
  })

  it('leaves everything to the caller once its threads have ended', async () => {
    const blocks = blocksOf('ended', 1024 * KIB, 1024 * KIB)
    await writePack(store, blocks)
    await whenReady(copier, store)
    await copier.stop()
    const { bytes, left } = await copyFile(leavesOf(blocks))
    expect(left).toEqual(leavesOf(blocks))
    expect(bytes.equals(bytesOf(blocks))).toBe(true)
  })
})
