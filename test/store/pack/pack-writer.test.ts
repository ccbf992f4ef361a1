import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

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
