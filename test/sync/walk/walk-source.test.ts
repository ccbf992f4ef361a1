import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { createDagWalk, type DagWalk } from '../../../src/sync/walk/dag-walk.ts'
import { orderedBlocks, passHaves } from '../../../src/sync/walk/walk-source.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { commitTree } from '../../support/transfer.ts'

const names = fc.constantFrom('a', 'b', 'c/a', 'c/b', 'c/d/a', 'e/a')
const trees = fc.dictionary(names, fc.constantFrom('one', 'two', 'three', 'four', 'five'), { minKeys: 1 })

describe('passHaves', () => {
  it('leaves nothing of what it passed, and nothing else out of a walk after it', async () => {
    const property = fc.asyncProperty(trees, trees, async (before, after) => {
      const blocks = new MemoryBlocks()
      const [have, want] = [commitTree(blocks, before), commitTree(blocks, after)]
      const walk = createDagWalk()
      await passHaves(walk, [have], blocks)
      const passed = await walkOn(createDagWalk(), have, blocks)
      expect(walk.visited).toBe(passed.length)
      const whole = await walkOn(createDagWalk(), want, blocks)
      expect(await walkOn(walk, want, blocks)).toEqual(whole.filter((cid) => !passed.includes(cid)))
    })
    await fc.assert(property, { numRuns: 50 })
  })
})

async function walkOn(walk: DagWalk, root: ReturnType<typeof commitTree>, blocks: MemoryBlocks): Promise<string[]> {
  walk.begin([root], { isStrict: false, role: 'any' })
  const readAhead = { blocks: 4, bytes: 1000 }
  const order = orderedBlocks(walk, blocks, { skip: 0, readAhead })
  return (await Array.fromAsync(order)).flat().map(({ cid }) => cid.toString())
}
