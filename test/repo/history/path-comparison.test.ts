import { expect, test } from 'vitest'

import { createPathComparison } from '../../../src/repo/history/path-comparison.ts'
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
  const comparison = createPathComparison(blocks, paths)
  expect(await comparison.isSame(before, after)).toBe(isSame)
  expect(await comparison.isSame(after, before)).toBe(isSame)
  expect(await comparison.isSame(before, before)).toBe(true)
})

test('against no tree at all', async () => {
  expect(await createPathComparison(blocks, ['a']).isSame(undefined, after)).toBe(false)
  expect(await createPathComparison(blocks, ['nothing']).isSame(undefined, after)).toBe(true)
})

test('a tree is resolved once', async () => {
  const comparison = createPathComparison(blocks, ['d/x'])
  await comparison.isSame(before, after)
  const { reads } = blocks
  await comparison.isSame(after, before)
  expect(blocks.reads).toBe(reads)
})
