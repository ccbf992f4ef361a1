import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { diffTrees, type DirectoryChange, type TreeChange } from '../../../src/model/tree/tree-diff.ts'
import { adoptDirectories } from '../../../src/worktree/index/adopt-directories.ts'
import { diffIndexes } from '../../../src/worktree/index/index-diff.ts'
import { indexChanges } from '../../../src/worktree/index/index-of-tree.ts'
import { rebuildIndex } from '../../../src/worktree/index/index-rebuild.ts'
import { updateIndex } from '../../../src/worktree/index/index-update.ts'
import { writeTree } from '../../../src/worktree/index/write-tree.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree, type Leaf } from '../../support/memory-tree.ts'

const name = fc.constantFrom('a', 'a-b', 'a0', 'b', 'é')
const leaf: fc.Arbitrary<Leaf> = fc.oneof(
  fc.constantFrom('', 'one\n', 'two\n'),
  fc.constantFrom({ executable: 'one\n' }, { link: 'a' }, { link: '../nowhere' }),
  fc.constant({ folder: true as const }),
)

/** Leaves at paths of which none lies below another. */
const leaves = fc
  .uniqueArray(
    fc.tuple(
      fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/')),
      leaf,
    ),
    { maxLength: 10, selector: ([path]) => path },
  )
  .map((all) => all.filter(([path]) => !all.some(([other]) => other !== path && path.startsWith(`${other}/`))))
  .map((all) => Object.fromEntries(all) as Record<string, Leaf>)

async function collect(changes: AsyncIterable<TreeChange>): Promise<string[]> {
  const found: string[] = []
  for await (const { path, before, after } of changes) {
    const sides = [before, after].map((side) => side && { ...side, node: { ...side.node, canonical: true } })
    found.push(JSON.stringify({ path, sides }))
  }
  return found
}

describe('diffIndexes', () => {
  it('finds what diffTrees finds, and a leaf in the place of a folder last', async () => {
    await fc.assert(
      fc.asyncProperty(leaves, leaves, async (one, other) => {
        const blocks = new MemoryBlocks()
        const [before, after] = [buildTree(blocks, one), buildTree(blocks, other)]
        const indexes = [await rebuildIndex(blocks, before), await rebuildIndex(blocks, after)] as const
        const found = await collect(diffIndexes(blocks, ...indexes))
        expect(found.toSorted()).toEqual((await collect(diffTrees(blocks, before, after))).sort())
        const paths = found.map((text) => (JSON.parse(text) as TreeChange).path)
        for (const [at, path] of paths.entries()) {
          const isAdded = one[path] === undefined
          if (isAdded) expect(paths.slice(at).filter((later) => later.startsWith(`${path}/`))).toEqual([])
        }
      }),
      { numRuns: 100 },
    )
  })
})

describe('adoptDirectories', () => {
  it('leaves no directory to be built where the index was as the tree before', async () => {
    await fc.assert(
      fc.asyncProperty(leaves, leaves, async (one, other) => {
        const blocks = new MemoryBlocks()
        const [before, after] = [buildTree(blocks, one), buildTree(blocks, other)]
        const index = await rebuildIndex(blocks, before)
        const next = await follow(blocks, index, { before, after })
        const built: unknown[] = []
        expect(String(await writeTree(next, (block) => built.push(block)))).toBe(String(after))
        if (index.count > 0 && next.count > 0) expect(built).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  it('takes no directory in which something else is staged', async () => {
    await fc.assert(
      fc.asyncProperty(leaves, leaves, leaves, async (one, other, staged) => {
        const blocks = new MemoryBlocks()
        const [before, after] = [buildTree(blocks, one), buildTree(blocks, other)]
        const index = await rebuildIndex(blocks, buildTree(blocks, staged))
        const next = await follow(blocks, index, { before, after })
        const known = await writeTree(next, (block) => blocks.put(block))
        // Made anew from its entries, the index has the same tree: no known directory lies.
        const anew = updateIndex(await rebuildIndex(blocks, undefined), [...next.entries()].map(asChange))
        expect(String(await writeTree(anew, (block) => blocks.put(block)))).toBe(String(known))
      }),
      { numRuns: 100 },
    )
  })
})

type Index = Awaited<ReturnType<typeof rebuildIndex>>
type Trees = Parameters<typeof indexChanges>[1]

/** The index after all that differs between two trees, told of their directories. */
async function follow(blocks: MemoryBlocks, index: Index, trees: Trees): Promise<Index> {
  const directories: DirectoryChange[] = []
  const onDirectory = (change: DirectoryChange) => void directories.push(change)
  const next = updateIndex(index, await indexChanges(blocks, trees, { onDirectory }))
  adoptDirectories(index, next, directories)
  return next
}

function asChange(entry: ReturnType<Index['entry']>) {
  return { path: entry.path, entries: [entry] }
}
