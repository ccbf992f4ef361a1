import { expect, test } from 'vitest'

import type { BlockSource } from '../../../src/model/block.ts'
import { resolvePath } from '../../../src/model/tree/tree-walk.ts'
import { filesOfTree } from '../../../src/worktree/grep/files-of-tree.ts'
import { createSilentBlocks } from '../../../src/worktree/grep/silent-blocks.ts'
import { parsePathspecs, pathFilter } from '../../../src/worktree/pathspec/pathspec.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree, type Leaf } from '../../support/memory-tree.ts'

const LEAVES: Record<string, Leaf> = {
  'a-': 'x',
  'a-b/c': 'x',
  'a.b': 'x',
  'a/z': 'found',
  'a/-/y': 'x',
  a0: 'x',
  empty: { folder: true },
  link: { link: 'a0' },
  run: { executable: 'x' },
  'same/one': 'x',
  'same/two': 'other',
}

/** The paths given by a walk in which only files with this content are not silent. */
async function walk(
  blocks: MemoryBlocks,
  leaves: Record<string, Leaf>,
  { silent = createSilentBlocks(), only = [] as string[] } = {},
) {
  const paths: string[] = []
  const filter = pathFilter(parsePathspecs(only, { worktree: '/', cwd: '/', isHistoric: true }))
  for await (const file of filesOfTree(blocks, buildTree(blocks, leaves), { silent, filter })) {
    paths.push(file.path)
    let text = ''
    for await (const piece of file.content()) text += String(piece)
    file.isSilent = text !== 'found'
  }
  return paths
}

test('files come in the order of their paths, each content that is silent once', async () => {
  expect(await walk(new MemoryBlocks(), LEAVES)).toEqual(['a-', 'a/z', 'run', 'same/two'])
  const names = Object.fromEntries(
    Object.entries(LEAVES)
      .filter(([, leaf]) => typeof leaf === 'string')
      .map(([path]) => [path, path]),
  )
  expect(await walk(new MemoryBlocks(), names)).toEqual(Object.keys(names).toSorted())
})

test('what was silent is not read in another revision', async () => {
  const blocks = new MemoryBlocks()
  const silent = createSilentBlocks()
  await walk(blocks, LEAVES, { silent })
  blocks.reads = 0
  expect(await walk(blocks, { ...LEAVES, new: 'new' }, { silent })).toEqual(['a/z', 'new'])
  // The root, the folder `a`, and two files.
  expect(blocks.reads).toBe(4)
})

test('a directory of which a part was searched is searched again', async () => {
  const blocks = new MemoryBlocks()
  const silent = createSilentBlocks()
  expect(await walk(blocks, LEAVES, { silent, only: ['same/one'] })).toEqual(['same/one'])
  expect(await walk(blocks, LEAVES, { silent })).toEqual(['a/z', 'run', 'same/two'])
})

test('what is missing or damaged is told with its path', async () => {
  const whole = new MemoryBlocks()
  const tree = buildTree(whole, { 'a/b/lost': 'lost', 'a/c': 'c' })
  const lost = (await resolvePath(whole, tree, 'a/b/lost'))!.cid
  const folder = (await resolvePath(whole, tree, 'a/b'))!.cid
  for (const [cid, path] of [
    [lost, 'a/b/lost'],
    [folder, 'a/b'],
  ] as const) {
    const source: BlockSource = { get: (each) => (each.equals(cid) ? new MemoryBlocks().get(each) : whole.get(each)) }
    const search = async () => {
      for await (const file of filesOfTree(source, tree, { silent: createSilentBlocks() })) {
        for await (const _ of file.content());
      }
    }
    await expect(search()).rejects.toMatchObject({ code: 'block-missing', details: { path } })
  }
})
