import { MemoryBlockstore } from 'blockstore-core'
import fc from 'fast-check'
import { importBytes } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced, flat, trickle } from 'ipfs-unixfs-importer/layout'
import type { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'

import type { BlockSource } from '../../../src/model/block.ts'
import { fileLeaves, readFile } from '../../../src/model/unixfs/file-content.ts'
import { readNode } from '../../../src/model/unixfs/node.ts'
import { fileOfBytes } from '../../support/build-file.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { seededBytes } from '../../support/seeded.ts'

const layout = fc.constantFrom(balanced({ maxChildrenPerNode: 3 }), flat(), trickle({ maxChildrenPerNode: 3 }))
const variety = fc.record({
  layout,
  chunkSize: fc.integer({ min: 1, max: 20 }),
  rawLeaves: fc.boolean(),
  cidVersion: fc.constantFrom(0 as const, 1 as const),
  reduceSingleLeafToSelf: fc.boolean(),
  leafType: fc.constantFrom('file' as const, 'raw' as const),
})

test('files of any chunker, layout and CID version are read, whole and in parts', async () => {
  await fc.assert(
    fc.asyncProperty(variety, fc.nat(200), fc.nat(220), fc.nat(220), async ({ chunkSize, ...options }, size, a, b) => {
      const bytes = seededBytes('any', size)
      const blockstore = new MemoryBlockstore()
      const { cid } = await importBytes(bytes, blockstore, { ...options, chunker: fixedSize({ chunkSize }) })
      const source = sourceOf(blockstore)
      const node = await readNode(source, { cid })
      expect(node.size).toBe(size)
      expect(node.kind).toBe('file')
      expect(await read(source, cid)).toEqual(Buffer.from(bytes))
      const range = { start: Math.min(a, b), end: Math.max(a, b) }
      expect(await read(source, cid, range)).toEqual(Buffer.from(bytes.subarray(range.start, range.end)))
      const leaves = await Array.fromAsync(fileLeaves(source, cid))
      expect(leaves.reduce((end, leaf) => (leaf.start === end ? end + leaf.size : Number.NaN), 0)).toBe(size)
    }),
    { numRuns: 200 },
  )
})

test('only what our own profile writes is canonical', async () => {
  const bytes = seededBytes('any', 3_000_000)
  for (const [options, canonical] of [
    [{ profile: 'unixfs-v1-2025' as const }, true],
    [{ profile: 'unixfs-v1-2025' as const, layout: balanced({ maxChildrenPerNode: 2 }) }, false],
    [{ profile: 'unixfs-v1-2025' as const, chunker: fixedSize({ chunkSize: 262_144 }) }, false],
    [{ profile: 'unixfs-v1-2025' as const, cidVersion: 0 as const }, false],
    [{ profile: 'unixfs-v1-2025' as const, rawLeaves: false }, false],
  ] as const) {
    const blockstore = new MemoryBlockstore()
    const { cid } = await importBytes(bytes, blockstore, options)
    expect([options, (await readNode(sourceOf(blockstore), { cid })).canonical]).toEqual([options, canonical])
  }
})

test('of a large file only what the range needs is read', async () => {
  const bytes = seededBytes('any', 5_000_000)
  const source = new MemoryBlocks()
  const { cid, blocks } = fileOfBytes(bytes, { onLeaf: (block) => source.put(block) })
  source.putAll(blocks)
  expect(await read(source, cid, { start: 2_000_000, end: 2_000_005 })).toEqual(
    Buffer.from(bytes.subarray(2_000_000, 2_000_005)),
  )
  expect(source.reads).toBe(2)
  source.reads = 0
  expect(await Array.fromAsync(fileLeaves(source, cid))).toHaveLength(5)
  expect(source.reads).toBe(1)
})

function sourceOf(blockstore: MemoryBlockstore): BlockSource {
  return {
    get: async (cid) => {
      const pieces: Uint8Array[] = []
      for await (const piece of blockstore.get(cid)) {
        pieces.push(piece)
      }
      return Buffer.concat(pieces)
    },
  }
}

async function read(source: BlockSource, cid: CID, range = {}): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(readFile(source, cid, range)))
}
