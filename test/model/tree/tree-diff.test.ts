import fc from 'fast-check'
import { expect, test } from 'vitest'

import { RAW, cidOf } from '../../../src/model/cid.ts'
import { buildDirectory, updateDirectory } from '../../../src/model/directory/directory.ts'
import { diffTrees } from '../../../src/model/tree/tree-diff.ts'
import { resolvePath, walkTree } from '../../../src/model/tree/tree-walk.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { putTree } from '../../support/put-tree.ts'
import type { TreeSketch } from '../../support/put-tree.ts'

/** Few names and few contents, so that two trees agree in much and differ in kind at many places; some directories are sharded (by long names). */
const tree: fc.Memo<TreeSketch> = fc.memo((depth) => {
  const leaf = fc.constantFrom<TreeSketch>('one', 'two', { executable: 'one' }, { target: 'x' }, {})
  const names = fc.constantFrom('a', 'a.b', 'b', '\uffff', '\u{1f600}')
  const inside = depth <= 1 ? leaf : fc.oneof(leaf, tree())
  const padding = fc.constantFrom(0, 0, 0, 260, 261).map(filling)
  return fc
    .tuple(fc.dictionary(names, inside, { maxKeys: 4 }), padding)
    .map(([entries, padding]) => ({ entries: { ...padding, ...entries } }))
})

const fillings = new Map<number, Record<string, TreeSketch>>()
function filling(count: number): Record<string, TreeSketch> {
  const made =
    fillings.get(count) ??
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`filling ${i}`.padEnd(1000), 'one']))
  fillings.set(count, made)
  return made
}

test('a difference is what the lists of both trees differ in, in the order of the walk', async () => {
  await fc.assert(
    fc.asyncProperty(tree(3), tree(3), async (one, two) => {
      const source = new MemoryBlocks()
      const [before, after] = [putTree(source, one).cid, putTree(source, two).cid]
      const lists = { before: await listed(source, before), after: await listed(source, after) }
      const changes = await Array.fromAsync(diffTrees(source, before, after))
      const removed = changes
        .filter((change) => change.before)
        .map((change) => [change.path, change.before?.cid.toString()])
      const added = changes
        .filter((change) => change.after)
        .map((change) => [change.path, change.after?.cid.toString()])
      const only = (a: Map<string, string>, b: Map<string, string>) =>
        [...a].filter(([path, cid]) => b.get(path) !== cid)
      expect(removed).toEqual(only(lists.before, lists.after))
      expect(added).toEqual(only(lists.after, lists.before))
      const paths = changes.map(({ path }) => path)
      expect(new Set(paths).size).toBe(paths.length)
    }),
    { numRuns: 30 },
  )
})

test('of two wide directories that differ in few entries these are found, whatever sizes the others say', async () => {
  const names = fc.uniqueArray(fc.nat(500), { maxLength: 300 })
  const edits = fc.array(fc.record({ name: fc.nat(500), content: fc.constantFrom(undefined, 'two', 'three') }), {
    maxLength: 5,
  })
  await fc.assert(
    fc.asyncProperty(names, edits, fc.nat(3), async (names, edits, lies) => {
      const source = new MemoryBlocks()
      const link = (name: number, content: string, tsize: number) =>
        [String(name), { name: String(name), cid: cidOf(RAW, Buffer.from(content)), tsize }] as const
      const one = new Map(names.map((name) => link(name, 'one', 3)))
      const two = new Map(names.map((name) => link(name, 'one', name % 3 < lies ? 4 : 3)))
      for (const { name, content } of edits) {
        if (content === undefined) two.delete(String(name))
        else two.set(...link(name, content, 5))
      }
      const [before, after] = [one, two].map((entries) => buildDirectory(entries.values()))
      for (const built of [before, after]) source.putAll(built?.blocks ?? [])
      const paths = await Array.fromAsync(diffTrees(source, before?.cid, after?.cid), ({ path }) => path)
      const differs = (name: string) => one.get(name)?.cid.toString() !== two.get(name)?.cid.toString()
      expect(paths).toEqual([...new Set([...one.keys(), ...two.keys()])].filter(differs).toSorted())
    }),
    { numRuns: 100 },
  )
})

test('a walk yields every leaf where the path leads to it', async () => {
  await fc.assert(
    fc.asyncProperty(tree(3), async (sketch) => {
      const source = new MemoryBlocks()
      const { cid } = putTree(source, sketch)
      for await (const { path, entry, node } of walkTree(source, cid)) {
        if (!path.includes('filling')) {
          expect((await resolvePath(source, cid, path))?.cid.toString()).toBe(entry.cid.toString())
          expect(node.kind === 'symlink' ? node.target : undefined).toBe(node.kind === 'symlink' ? 'x' : undefined)
        }
      }
    }),
    { numRuns: 30 },
  )
})

test('the order: names by bytes, the content of a directory in its place', async () => {
  const source = new MemoryBlocks()
  const { cid } = putTree(source, {
    entries: { 'a.b': '1', a: { entries: { z: '2', '\u{1f600}': '3', '\uffff': '4' } }, 'a-': '5', empty: {} },
  })
  const paths = await Array.fromAsync(walkTree(source, cid), ({ path }) => path)
  expect(paths).toEqual(['a/z', 'a/\uffff', 'a/\u{1f600}', 'a-', 'a.b', 'empty'])
})

test.each<[string, TreeSketch, TreeSketch, string[]]>([
  ['a file becomes another', { entries: { a: '1' } }, { entries: { a: '2' } }, ['a file file']],
  [
    'a file becomes executable',
    { entries: { a: '1' } },
    { entries: { a: { executable: '1' } } },
    ['a file executable'],
  ],
  ['a file becomes a symlink', { entries: { a: '1' } }, { entries: { a: { target: '1' } } }, ['a file symlink']],
  ['a file becomes an empty directory', { entries: { a: '1' } }, { entries: { a: {} } }, ['a file directory']],
  [
    'a file becomes a directory',
    { entries: { a: '1' } },
    { entries: { a: { entries: { b: '1' } } } },
    ['a file -', 'a/b - file'],
  ],
  [
    'a directory becomes a file',
    { entries: { a: { entries: { b: '1' } } } },
    { entries: { a: '1' } },
    ['a/b file -', 'a - file'],
  ],
  [
    'a directory fills',
    { entries: { a: {} } },
    { entries: { a: { entries: { b: '1' } } } },
    ['a directory -', 'a/b - file'],
  ],
  [
    'a directory empties',
    { entries: { a: { entries: { b: '1' } } } },
    { entries: { a: {} } },
    ['a/b file -', 'a - directory'],
  ],
  ['the root empties', { entries: { a: '1' } }, {}, ['a file -']],
  ['nothing', { entries: { a: '1' } }, { entries: { a: '1' } }, []],
])('%s', async (_, one, two, expected) => {
  const source = new MemoryBlocks()
  const changes = diffTrees(source, putTree(source, one).cid, putTree(source, two).cid)
  const lines = await Array.fromAsync(
    changes,
    ({ path, before, after }) => `${path} ${before?.node.kind ?? '-'} ${after?.node.kind ?? '-'}`,
  )
  expect(lines).toEqual(expected)
})

test('against nothing, all of a tree is added or removed', async () => {
  const source = new MemoryBlocks()
  const { cid } = putTree(source, { entries: { a: '1', d: { entries: { b: '2', e: {} } } } })
  expect(await Array.fromAsync(diffTrees(source, undefined, cid), ({ path }) => path)).toEqual(['a', 'd/b', 'd/e'])
  const removed = await Array.fromAsync(diffTrees(source, cid, undefined))
  expect(removed.every(({ before, after }) => before !== undefined && after === undefined)).toBe(true)
  expect(removed).toHaveLength(3)
})

test('of two large directories only the shards that differ are read, and equal directories never', async () => {
  const source = new MemoryBlocks()
  const entries = Array.from({ length: 50_000 }, (_, i) => ({
    name: `file ${i}`,
    cid: cidOf(RAW, Buffer.from('x')),
    tsize: 1,
  }))
  const large = buildDirectory(entries)
  source.putAll(large.blocks)
  const after = cidOf(RAW, Buffer.from('y'))
  const changed = await updateDirectory(source, large.cid, [
    { name: 'file 77', after: { cid: after, tsize: 1 } },
    { name: 'file 4711', after: undefined },
    { name: 'added', after: { cid: after, tsize: 1 } },
  ])
  source.putAll(changed.blocks)
  const absent = cidOf(0x70, Buffer.from('a directory of which no block is there'))
  const wrap = (directory: { cid: typeof absent; tsize: number }) => {
    const root = buildDirectory([
      { name: 'large', ...directory },
      { name: 'same', cid: absent, tsize: 99 },
    ])
    source.putAll(root.blocks)
    return root.cid
  }
  const roots = [wrap(large), wrap(changed)] as const
  source.reads = 0
  const paths = await Array.fromAsync(diffTrees(source, ...roots), ({ path }) => path)
  expect(paths).toEqual(['large/added', 'large/file 4711', 'large/file 77'])
  expect(source.reads).toBeLessThan(25)
})

test('paths that are none are refused, paths that lead nowhere are undefined', async () => {
  const source = new MemoryBlocks()
  const { cid } = putTree(source, { entries: { a: '1', d: { entries: { b: '2' } } } })
  expect((await resolvePath(source, cid, ''))?.cid.equals(cid)).toBe(true)
  expect((await resolvePath(source, cid, 'd/b'))?.name).toBe('b')
  for (const path of ['x', 'a/b', 'd/b/c', 'd/x/y']) {
    expect(await resolvePath(source, cid, path)).toBeUndefined()
  }
  for (const path of ['a/', '/a', 'd//b', './a', 'd/../a']) {
    await expect(resolvePath(source, cid, path)).rejects.toThrow(expect.objectContaining({ code: 'path-invalid' }))
  }
})

async function listed(source: MemoryBlocks, tree: Parameters<typeof walkTree>[1]): Promise<Map<string, string>> {
  return new Map(
    await Array.fromAsync(walkTree(source, tree), ({ path, entry }) => [path, entry.cid.toString()] as const),
  )
}
