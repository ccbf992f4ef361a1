import type { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'

import { buildDirectory } from '../../../src/model/directory/directory.ts'
import { createPathComparison } from '../../../src/repo/history/path-comparison.ts'
import { fileOfBytes } from '../../support/build-file.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree } from '../../support/memory-tree.ts'

const blocks = new MemoryBlocks()
const before = buildTree(blocks, { a: '1', 'd/x': '1', 'd/y': '1', 'e/f': { executable: '1' }, was: { folder: true } })
const after = buildTree(blocks, { a: '2', 'd/x': '1', 'd/y': '2', 'e/f': '1', new: '1' })

test.each([
  [['a'], false],
  [['d'], false],
  [['d/x'], true],
  [['d/x', 'd/y'], false],
  [['e/f'], false],
  [['nothing', 'a/b', 'd/x/z'], true],
  [['was'], false],
  [['new'], false],
  [[''], false],
])('%j', async (paths, isSame) => {
  const [one, other] = [before.toString(), after.toString()]
  for (const source of [blocks, blocks.atOnce()]) {
    const comparison = createPathComparison(source, paths)
    expect(await comparison.isSame(one, other)).toBe(isSame)
    expect(await comparison.isSame(other, one)).toBe(isSame)
    expect(await comparison.isSame(one, one)).toBe(true)
  }
})

test('against no tree at all', async () => {
  expect(await createPathComparison(blocks, ['a']).isSame(undefined, after.toString())).toBe(false)
  expect(await createPathComparison(blocks, ['nothing']).isSame(undefined, after.toString())).toBe(true)
})

test('a tree is resolved once', async () => {
  const comparison = createPathComparison(blocks, ['d/x'])
  await comparison.isSame(before.toString(), after.toString())
  const { reads } = blocks
  await comparison.isSame(after.toString(), before.toString())
  expect(blocks.reads).toBe(reads)
})

test('what is here is said at once, also of a file where a directory is looked for', () => {
  const [one, other] = [before.toString(), after.toString()]
  expect(createPathComparison(blocks.atOnce(), ['d/x', 'a/b']).isSame(one, other)).toBe(true)
  expect(createPathComparison(blocks.atOnce(), ['d/y']).isSame(one, other)).toBe(false)
})

test('a directory in shards is compared as well, at whatever side it is', async () => {
  const name = 'd/file-with-a-long-name-77'
  const [plain, sharded, changed] = [buildTree(blocks, { [name]: '1' }), buildWide('1'), buildWide('2')]
  for (const source of [blocks, blocks.atOnce()]) {
    const comparison = createPathComparison(source, [name])
    expect(await comparison.isSame(plain.toString(), sharded.toString())).toBe(true)
    expect(await comparison.isSame(sharded.toString(), changed.toString())).toBe(false)
    expect(await comparison.isSame(changed.toString(), plain.toString())).toBe(false)
  }
})

/** A tree with one directory of so many files that it is in shards; one of them has this content. */
function buildWide(content: string): CID {
  const files = Array.from({ length: 5000 }, (_, at) => {
    const { cid, blocks: made } = fileOfBytes(Buffer.from(at === 77 ? content : '1'))
    blocks.putAll(made)
    return { name: `file-with-a-long-name-${at}`, cid, tsize: 1 }
  })
  const directory = buildDirectory(files)
  const root = buildDirectory([{ name: 'd', cid: directory.cid, tsize: directory.tsize }])
  blocks.putAll([...directory.blocks, ...root.blocks])
  return root.cid
}
