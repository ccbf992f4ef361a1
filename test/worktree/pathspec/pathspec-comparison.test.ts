import { describe, expect, it } from 'vitest'

import { diffTrees } from '../../../src/model/tree/tree-diff.ts'
import { toByteString } from '../../../src/worktree/index/byte-string.ts'
import { createPathspecComparison } from '../../../src/worktree/pathspec/pathspec-comparison.ts'
import { parsePathspecs, pathFilter } from '../../../src/worktree/pathspec/pathspec.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree, type Leaf } from '../../support/memory-tree.ts'
import { createRandom } from '../../support/random.ts'

const PATHSPECS = [['a'], ['d'], ['d/x', 'e'], ['*.csv'], [':(glob)d/*.csv'], ['d', ':!d/x'], [':!*.csv'], ['nothing*']]
const NAMES = ['a', 'b.csv', 'd/x', 'd/y.csv', 'd/e/z.csv', 'e/f', 'e/g.csv', 'empty']

function makeTree(random: () => number): Record<string, Leaf> {
  const leaves: Record<string, Leaf> = {}
  for (const name of NAMES) {
    if (random() < 0.7) leaves[name] = name === 'empty' ? { folder: true } : random() < 0.8 ? '1' : '2'
  }
  return leaves
}

describe('a comparison by pathspecs', () => {
  it.each(PATHSPECS)('%j %j sees what a whole diff would see', async (...texts) => {
    const store = new MemoryBlocks()
    const pathspecs = parsePathspecs(texts.filter(Boolean), { worktree: '/', cwd: '/', isHistoric: true })
    const filter = pathFilter(pathspecs)
    const comparison = createPathspecComparison(store, pathspecs)
    const random = createRandom(7)
    let same = 0
    for (let round = 0; round < 200; round++) {
      const [before, after] = [buildTree(store, makeTree(random)), buildTree(store, makeTree(random))]
      const changes = await Array.fromAsync(diffTrees(store, before, after))
      const expected = !changes.some(({ path }) => filter?.matches(toByteString(path)))
      expect(await comparison?.isSame(before.toString(), after.toString())).toBe(expected)
      if (expected) same++
    }
    expect(same).toBeGreaterThan(0)
  })

  it('is none without pathspecs', () => {
    expect(createPathspecComparison(new MemoryBlocks(), [])).toBeUndefined()
  })

  it('reads no more than the way to the paths', async () => {
    const store = new MemoryBlocks()
    const leaves = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`d${at}/x/y`, '1']))
    const before = buildTree(store, leaves)
    const after = buildTree(store, Object.fromEntries(Object.keys(leaves).map((path) => [path, '2'])))
    for (const text of ['d7/x', 'd7/*']) {
      const pathspecs = parsePathspecs([text], { worktree: '/', cwd: '/', isHistoric: true })
      const { reads } = store
      await createPathspecComparison(store, pathspecs)?.isSame(before.toString(), after.toString())
      expect(store.reads - reads).toBeLessThan(10)
    }
  })
})
