import { MemoryBlockstore } from 'blockstore-core'
import fc from 'fast-check'
import { importBytes } from 'ipfs-unixfs-importer'
import { expect, test } from 'vitest'

import { RAW, cidOf } from '../../../src/model/cid.ts'
import { buildFile } from '../../../src/model/unixfs/file.ts'
import type { Leaf } from '../../../src/model/unixfs/file.ts'
import { readNode } from '../../../src/model/unixfs/node.ts'
import { fileOfBytes } from '../../support/build-file.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { readable } from '../../support/readable.ts'
import { seededBytes } from '../../support/seeded.ts'

const MIB = 1_048_576

test.each([0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 5])(
  'a file of %i bytes is that of the importer',
  async (size) => {
    const bytes = seededBytes('file', size)
    const expected = await importBytes(bytes, new MemoryBlockstore(), { profile: 'unixfs-v1-2025' })
    const built = fileOfBytes(bytes)
    expect(built.cid.toString()).toBe(expected.cid.toString())
    expect(built.contentCid.equals(built.cid)).toBe(true)
    expect(built.size).toBe(size)
    expect(built.tsize).toBe(Number(expected.size))
  },
)

test.each([1, 1023, 1024, 1025, 2048, 2049, 1024 * 1024, 1024 * 1024 + 1])(
  'a file of %i leaves is balanced: all of them equally deep, nodes full from the left',
  (count) => {
    const { cid, size, tsize, blocks } = buildFile(sameLeaves(count), { executable: false })
    expect(size).toBe((count - 1) * MIB + 7)
    let nodes = 0
    for (let level = count; level > 1; level = Math.ceil(level / 1024)) {
      nodes += Math.ceil(level / 1024)
    }
    expect(blocks).toHaveLength(nodes)
    expect(tsize).toBe(size + blocks.reduce((sum, block) => sum + block.bytes.length, 0))
    expect((blocks.at(-1)?.cid ?? cid).equals(cid)).toBe(true)
  },
)

test.each([0, 1, MIB, MIB + 1])(
  'an executable of %i bytes is a node over the leaves of the plain file',
  async (size) => {
    const bytes = seededBytes('file', size)
    const plain = fileOfBytes(bytes)
    const executable = fileOfBytes(bytes, { executable: true })
    expect(executable.cid.equals(plain.cid)).toBe(false)
    expect(executable.contentCid.toString()).toBe(plain.cid.toString())
    expect(executable.blocks).toHaveLength(1)
    const source = new MemoryBlocks()
    source.putAll(executable.blocks)
    const expected = { kind: 'executable', size, contentCid: plain.cid, canonical: true }
    expect(readable(await readNode(source, executable))).toEqual(readable(expected))
  },
)

test('the content CID of a large executable is that of the plain file, of which no root is kept', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), async (count) => {
      const plain = buildFile(sameLeaves(count), { executable: false })
      const executable = buildFile(sameLeaves(count), { executable: true })
      const source = new MemoryBlocks()
      source.putAll(executable.blocks)
      const expected = { kind: 'executable', size: plain.size, contentCid: plain.cid, canonical: true }
      expect(readable(await readNode(source, executable))).toEqual(readable(expected))
    }),
    { numRuns: 20, examples: [[1024], [1025], [2048]] },
  )
})

test("leaves of other sizes are the caller's mistake", () => {
  const leaf = (size: number): Leaf => ({ cid: cidOf(RAW, Buffer.alloc(0)), size })
  expect(() => buildFile([], { executable: false })).toThrow(TypeError)
  expect(() => buildFile([leaf(MIB + 1)], { executable: false })).toThrow(TypeError)
  expect(() => buildFile([leaf(5), leaf(5)], { executable: false })).toThrow(TypeError)
  expect(() => buildFile([leaf(MIB), leaf(0)], { executable: false })).toThrow(TypeError)
})

function* sameLeaves(count: number): Generator<Leaf> {
  const full = cidOf(RAW, Buffer.from('full'))
  for (let i = 1; i < count; i++) {
    yield { cid: full, size: MIB }
  }
  yield { cid: cidOf(RAW, Buffer.from('last')), size: 7 }
}
