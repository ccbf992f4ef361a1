import type { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'

import type { BlockSource } from '../../../src/model/block.ts'
import { linksOf } from '../../../src/model/tree/reachability.ts'
import { resolvePath, walkTree } from '../../../src/model/tree/tree-walk.ts'
import { measureUsage, type UsageRow } from '../../../src/repo/usage/measure-usage.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree, type Leaf } from '../../support/memory-tree.ts'
import { createSeededRandom } from '../../worktree/support/seeded-random.ts'

const BIG = 'b'.repeat(1_100_000)

function randomLeaves(seed: number): Record<string, Leaf> {
  const random = createSeededRandom(seed)
  const leaves: Record<string, Leaf> = {}
  const makeFolder = (prefix: string, depth: number): void => {
    for (const name of ['p', 'q', 'r', 's', 't'].slice(random.below(5))) {
      const content = random.pick(['', 'one', 'two', 'three', 'fourteen', BIG])
      const kind = random.below(7)
      if (kind < 2 && depth < 4) makeFolder(`${prefix}${name}/`, depth + 1)
      else if (kind === 2) leaves[prefix + name] = { link: content.slice(0, 9) || 'x' }
      else if (kind === 3) leaves[prefix + name] = { executable: content }
      else if (kind === 4) leaves[prefix + name] = { folder: true }
      else leaves[prefix + name] = content
    }
  }
  makeFolder('', 0)
  return leaves
}

/** All blocks that an entry reaches, with their sizes. */
async function blocksBelow(blocks: MemoryBlocks, root: CID, found = new Map<string, number>()) {
  const bytes = await blocks.get(root)
  found.set(Buffer.from(root.multihash.digest).toString('hex'), bytes.length)
  for (const link of linksOf(root, bytes)) await blocksBelow(blocks, link, found)
  return found
}

const sum = (sizes: Iterable<number>) => [...sizes].reduce((total, size) => total + size, 0)

/** The same by sets: what each folder holds, and which of it is in no other row that does not lie around or in it. */
async function measureBySets(blocks: MemoryBlocks, trees: readonly CID[]) {
  const leaves: { tree: number; path: string; size: number; blocks: Map<string, number> }[] = []
  for (const [tree, root] of trees.entries()) {
    const folders = new Set([''])
    for await (const { path, entry, node } of walkTree(blocks, root)) {
      if (node.kind === 'directory') folders.add(path)
      else leaves.push({ tree, path, size: node.size, blocks: await blocksBelow(blocks, entry.cid) })
      for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at))
    }
    for (const folder of folders) {
      const cid = (await resolvePath(blocks, root, folder))!.cid
      const bytes = await blocks.get(cid)
      const block = new Map([[Buffer.from(cid.multihash.digest).toString('hex'), bytes.length]])
      leaves.push({ tree, path: folder === '' ? '/' : `${folder}/`, size: 0, blocks: block })
    }
  }
  const folders = leaves.filter(({ path }) => path.endsWith('/'))
  return folders.map(({ tree, path }) => {
    const prefix = path === '/' ? '' : path
    const isInside = (leaf: { tree: number; path: string }) => leaf.tree === tree && leaf.path.startsWith(prefix)
    const inside = leaves.filter(isInside)
    const here = new Map(inside.flatMap((leaf) => [...leaf.blocks]))
    const outside = new Set(leaves.filter((leaf) => !isInside(leaf)).flatMap((leaf) => [...leaf.blocks.keys()]))
    const shared = [...here].filter(([digest]) => outside.has(digest)).map(([, size]) => size)
    const logical = sum(inside.map(({ size }) => size))
    return { tree, path: path.slice(0, -1), logical, stored: sum(here.values()), shared: sum(shared) }
  })
}

const byPlace = (a: UsageRow, b: UsageRow) => a.tree - b.tree || (a.path < b.path ? -1 : 1)

test.each([1, 2, 3, 4, 5, 6, 7, 8])('each folder holds what sets of its blocks say: seed %i', async (seed) => {
  const blocks = new MemoryBlocks()
  const trees = [seed, seed + 100, seed].map((each) => buildTree(blocks, randomLeaves(each))).slice(0, 1 + (seed % 3))
  const { rows } = await measureUsage(blocks, trees)
  expect(rows.toSorted(byPlace)).toEqual((await measureBySets(blocks, trees)).toSorted(byPlace))
})

const LEAVES: Record<string, Leaf> = { 'a/x': 'same', 'a/in/y': 'own', 'b/x': 'same', 'b.txt': 'same' }

test('paths are measured apart, and what they share is said', async () => {
  const blocks = new MemoryBlocks()
  const tree = buildTree(blocks, LEAVES)
  const { rows, total, missing } = await measureUsage(blocks, [tree], {
    paths: ['b', 'a', 'a/in', 'b.txt', 'none'],
    maxDepth: 0,
  })
  const [b, a, file] = rows
  expect(rows.map(({ path, logical, shared }) => ({ path, logical, shared }))).toEqual([
    { path: 'b', logical: 4, shared: 4 },
    { path: 'a', logical: 7, shared: 4 },
    { path: 'b.txt', logical: 4, shared: 4 },
  ])
  expect(file).toMatchObject({ stored: 4 })
  expect(total).toEqual({ logical: 15, stored: a!.stored + b!.stored - 4, shared: 4 })
  expect(missing).toEqual(['none'])
})

test('folders below the depth that is asked for have no row, and their sizes count', async () => {
  const blocks = new MemoryBlocks()
  const tree = buildTree(blocks, LEAVES)
  const whole = await measureUsage(blocks, [tree])
  expect(whole.rows.map(({ path }) => path)).toEqual(['a/in', 'a', 'b', ''])
  const { rows, total } = await measureUsage(blocks, [tree], { maxDepth: 1 })
  expect(rows).toEqual(whole.rows.slice(1))
  expect(total).toEqual({ ...whole.total, shared: 0 })
})

test('of files only inner nodes are read', async () => {
  const blocks = new MemoryBlocks()
  const tree = buildTree(blocks, { 'a/big': BIG, 'a/small': 'x', 'b/small': 'y' })
  blocks.reads = 0
  await measureUsage(blocks, [tree])
  // The root once more to resolve the path, two folders, the file's own node twice: to see what it is, and for its leaves.
  expect(blocks.reads).toBe(2 + 2 + 2)
})

test('what is missing is told with its path', async () => {
  const whole = new MemoryBlocks()
  const tree = buildTree(whole, { 'a/b/c': 'c', 'a/d': 'd' })
  const { cid } = (await resolvePath(whole, tree, 'a/b'))!
  const source: BlockSource = { get: (each) => (each.equals(cid) ? new MemoryBlocks().get(each) : whole.get(each)) }
  const measured = measureUsage(source, [tree], { paths: ['a'] })
  await expect(measured).rejects.toMatchObject({ code: 'block-missing', details: { path: 'a/b' } })
})
