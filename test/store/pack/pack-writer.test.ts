import { createReadStream } from 'node:fs'
import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { CarBlockIterator, CarIndexedReader } from '@ipld/car'
import * as fc from 'fast-check'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import type { Block } from '../../../src/model/block.ts'
import { cidOf, DAG_JSON, DAG_PB, RAW, SHA2_256, sha256 } from '../../../src/model/cid.ts'
import { decodePackHeader, PAYLOAD_OFFSET, sectionLayout } from '../../../src/store/pack/pack-format.ts'
import { decodeIndexGroups } from '../../../src/store/pack/pack-index-format.ts'
import { createPackWriter, type PackWriter } from '../../../src/store/pack/pack-writer.ts'
import { seededBytes } from '../../support/seeded.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jzfs-pack-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

function newPack(known?: { hasDigest(digest: Uint8Array): boolean }): PackWriter {
  return createPackWriter({
    temporaryPath: join(directory, 'new.car'),
    packsDirectory: join(directory, 'packs'),
    known,
  })
}

function blockOf(content: string | Uint8Array, codec = RAW): Block {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return { cid: cidOf(codec, bytes), bytes }
}

async function blocksOf(path: string): Promise<Map<string, Uint8Array>> {
  const blocks = new Map<string, Uint8Array>()
  const car = await CarBlockIterator.fromIterable(createReadStream(path))
  expect(await car.getRoots()).toEqual([])
  for await (const { cid, bytes } of car) blocks.set(cid.toString(), bytes)
  return blocks
}

/** What the index says, proven against the sections: multihash code and digest in hexadecimal. */
async function indexOf(path: string): Promise<string[]> {
  const file = await readFile(path)
  const header = decodePackHeader(file, file.length)
  const groups = decodeIndexGroups((at, size) => file.subarray(at, at + size), header!.indexOffset, file.length)
  const found: string[] = []
  for (const { hashCode, digestSize, start, count } of groups!) {
    for (let entry = 0; entry < count; entry++) {
      const at = start + entry * (digestSize + 8)
      const digest = file.subarray(at, at + digestSize)
      const offset = Number(file.readBigUInt64LE(at + digestSize))
      const section = sectionLayout(file, PAYLOAD_OFFSET + offset)
      expect(section?.hashCode).toBe(hashCode)
      expect(file.subarray(section!.digestStart, section!.blockStart)).toEqual(digest)
      found.push(`${hashCode} ${digest.toString('hex')}`)
    }
  }
  return found
}

describe('a pack being written', () => {
  it('becomes a CARv2 that @ipld/car reads, with every block in its sorted index', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ bytes: fc.uint8Array({ maxLength: 300 }), codec: fc.constantFrom(RAW, DAG_PB, DAG_JSON) }),
          {
            minLength: 1,
            maxLength: 60,
          },
        ),
        async (contents) => {
          const pack = newPack()
          const blocks = contents.map(({ bytes, codec }) => blockOf(bytes, codec))
          const unique = new Map<string, Block>()
          for (const block of blocks) {
            const digest = Buffer.from(block.cid.multihash.digest).toString('hex')
            expect(pack.add(block)).toBe(!unique.has(digest))
            unique.set(digest, unique.get(digest) ?? block)
          }
          const written = await pack.finish()
          expect(written?.blocks).toBe(unique.size)
          expect(written?.bytes).toBe((await stat(written!.path)).size)
          expect(await indexOf(written!.path)).toEqual([...unique.keys()].sort().map((digest) => `18 ${digest}`))
          const read = await blocksOf(written!.path)
          expect([...read.keys()].sort()).toEqual([...unique.values()].map(({ cid }) => cid.toString()).sort())
          for (const { cid, bytes } of unique.values()) expect(Buffer.compare(read.get(cid.toString())!, bytes)).toBe(0)
          await rm(written!.path)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('is complete or absent: no file before the first block, none left by finish without blocks or by abort', async () => {
    const empty = newPack()
    expect(await empty.finish()).toBeUndefined()
    expect(await readdir(directory)).toEqual([])

    const aborted = newPack()
    for (let i = 0; i < 6; i++) aborted.add(blockOf(new Uint8Array(1 << 20).fill(i)))
    await aborted.drain()
    expect(await readdir(directory)).toEqual(['new.car'])
    aborted.abort()
    aborted.abort()
    expect(await readdir(directory)).toEqual([])

    const finished = newPack()
    finished.add(blockOf('kept'))
    const written = await finished.finish()
    finished.abort()
    expect(await readdir(directory)).toEqual(['packs'])
    expect(dirname(written!.path)).toBe(join(directory, 'packs'))
    expect((await blocksOf(written!.path)).size).toBe(1)
  })

  it('drops what the store knows', async () => {
    const known = blockOf('known')
    const digest = Buffer.from(known.cid.multihash.digest)
    const pack = newPack({ hasDigest: (asked) => digest.equals(asked) })
    expect(pack.add(known)).toBe(false)
    expect(pack.add(blockOf('unknown'))).toBe(true)
    expect(pack.blocks).toBe(1)
    pack.abort()
  })

  it('gives its blocks back while they are in memory, being written, and in the file', async () => {
    const pack = newPack()
    const blocks = Array.from({ length: 40 }, (_, i) => blockOf(Buffer.alloc(500_000 + i, i)))
    for (const block of blocks) {
      pack.add(block)
      for (const { cid, bytes } of blocks.slice(0, blocks.indexOf(block) + 1)) {
        expect(Buffer.compare(pack.get(cid)!, bytes)).toBe(0)
      }
    }
    await pack.drain()
    for (const { cid, bytes } of blocks) expect(Buffer.compare(pack.get(cid)!, bytes)).toBe(0)
    expect(pack.get(blockOf('absent').cid)).toBeUndefined()
    expect(pack.has(blocks[3]!.cid.multihash.digest)).toBe(true)
    expect(pack.has(sha256(Buffer.from('absent')))).toBe(false)
    const written = await pack.finish()
    expect((await blocksOf(written!.path)).size).toBe(40)
  })

  it('keeps blocks of other hash functions, and a block bigger than its buffer', async () => {
    const foreign = [0x1b, 0x1b, 0x13].map((code, i) => {
      const bytes = Buffer.from(`foreign ${i}`)
      const digest = Buffer.alloc(code === 0x13 ? 64 : 32, i + 1)
      return { cid: CID.createV1(RAW, Digest.create(code, digest)), bytes }
    })
    const identity = { cid: CID.createV1(RAW, Digest.create(0, Buffer.from('x'))), bytes: Buffer.from('x') }
    const old = { cid: CID.createV0(Digest.create(SHA2_256, sha256(Buffer.from('old')))), bytes: Buffer.from('old') }
    const big = blockOf(Buffer.alloc(5 << 20, 7))
    const pack = newPack()
    for (const block of [...foreign, old, big]) expect(pack.add(block)).toBe(true)
    for (const block of [...foreign, old, big, identity]) expect(pack.add(block)).toBe(false)
    for (const { cid, bytes } of foreign) expect(Buffer.compare(pack.get(cid)!, bytes)).toBe(0)
    const written = await pack.finish()
    expect((await indexOf(written!.path)).map((line) => line.split(' ')[0])).toEqual(['18', '18', '19', '27', '27'])
    const reader = await CarIndexedReader.fromFile(written!.path)
    for (const { cid, bytes } of [...foreign, old])
      expect((await reader.get(cid))?.bytes).toEqual(Uint8Array.from(bytes))
    expect((await reader.get(big.cid))?.bytes.length).toBe(5 << 20)
    await reader.close()
  })

  it(
    'has blocks copied from memory that is true until then, wherever in the pack they stand',
    { timeout: 60_000 },
    async () => {
      const source = seededBytes('copies', 2_200_000)
      const blockIn = fc.record({
        start: fc.nat(1_000_000),
        size: fc.oneof(fc.nat(5000), fc.integer({ min: 100_000, max: 1_048_576 })),
        isCopied: fc.boolean(),
        isDrained: fc.boolean(),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(blockIn, { minLength: 1, maxLength: 40 }), async (sketches) => {
          const pack = newPack()
          const copies: { is: Buffer; shallBe: Buffer }[] = []
          let awaited = 0
          const added = new Map<string, Block>()
          for (const { start, size, isCopied, isDrained } of sketches) {
            const block = blockOf(source.subarray(start, start + size))
            const copy = async (bytes: Uint8Array): Promise<void> => {
              await sleep(3)
              copies.push({ is: Buffer.from(bytes), shallBe: Buffer.from(block.bytes) })
            }
            const isNew = !added.has(block.cid.toString())
            expect(pack.add(block, isCopied ? copy : undefined)).toBe(isNew)
            if (isNew) added.set(block.cid.toString(), block)
            if (isNew && isCopied) awaited++
            expect(Buffer.compare(pack.get(block.cid)!, block.bytes)).toBe(0)
            if (isDrained) await pack.drain()
          }
          const written = await pack.finish()
          expect(copies.every(({ is, shallBe }) => is.equals(shallBe))).toBe(true)
          expect(copies.length).toBe(awaited)
          const read = await blocksOf(written!.path)
          expect(read.size).toBe(added.size)
          for (const { cid, bytes } of added.values()) expect(Buffer.compare(read.get(cid.toString())!, bytes)).toBe(0)
          await rm(written!.path)
        }),
        { numRuns: 25 },
      )
    },
  )

  it('leaves the descriptors of others alone where it is aborted while it is written', async () => {
    for (let round = 0; round < 20; round++) {
      const pack = newPack()
      for (let at = 0; at < 24; at++) pack.add(blockOf(seededBytes(`${round} ${at}`, 1_000_000)), async () => sleep(1))
      pack.abort()
      const path = join(directory, 'innocent')
      const innocent = await open(path, 'w+')
      await innocent.write('mine')
      await sleep(10)
      expect(await readFile(path, 'utf8')).toBe('mine')
      await innocent.close()
    }
  })

  it('cannot be finished after a failed write', async () => {
    const pack = newPack()
    pack.add(blockOf('a block'))
    const place = pack.place(new Uint32Array(8).fill(1), Uint32Array.of(100), 1)
    expect(place.accepted).toEqual(Uint8Array.of(1))
    pack.fail(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' }))
    await expect(pack.finish()).rejects.toMatchObject({ family: 'unavailable', code: 'disk-full' })
    expect(await readdir(directory)).toEqual([])
  })
})
