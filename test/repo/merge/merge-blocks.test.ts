import type { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'

import { cidOf, RAW } from '../../../src/model/cid.ts'
import { buildDirectory, type Entry, updateDirectory } from '../../../src/model/directory/directory.ts'
import { mergeTrees } from '../../../src/repo/merge/merge-trees.ts'
import type { MergeOptions, TreeMerge } from '../../../src/repo/merge/tree-merge.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { createRandom } from '../../support/random.ts'

/** Files of one directory: the text of each by its name. Texts are not in the store: reading one fails. */
type Folder = ReadonlyMap<string, string>

function put(blocks: MemoryBlocks, entries: Entry[]): Entry & { blocks: number } {
  const built = buildDirectory(entries)
  blocks.putAll(built.blocks)
  return { name: '', cid: built.cid, tsize: built.tsize, blocks: built.blocks.length }
}

function fileEntry(name: string, text: string): Entry {
  const bytes = Buffer.from(text)
  return { name, cid: cidOf(RAW, bytes), tsize: bytes.length }
}

function putFolder(blocks: MemoryBlocks, folder: Folder): Entry & { blocks: number } {
  return put(
    blocks,
    Array.from(folder, ([name, text]) => fileEntry(name, text)),
  )
}

interface Counted extends TreeMerge {
  /** Distinct blocks that were read. */
  read: Set<string>
}

async function merge(
  blocks: MemoryBlocks,
  trees: Record<'base' | 'ours' | 'theirs', CID | undefined>,
  options?: MergeOptions,
): Promise<Counted> {
  const read = new Set<string>()
  const source = {
    get(cid: CID) {
      read.add(cid.toString())
      return blocks.get(cid)
    },
  }
  return { ...(await mergeTrees(source, blocks.put.bind(blocks), trees, options)), read }
}

const nameOf = (at: number) => `a file with a long name, and a number: ${at}`

function folderOf(count: number): Map<string, string> {
  return new Map(Array.from({ length: count }, (_, at) => [nameOf(at), `content ${at}`]))
}

function changedAt(folder: Folder, ats: readonly number[], text: string): Map<string, string> {
  const copy = new Map(folder)
  for (const at of ats) copy.set(nameOf(at), `${text} ${at}`)
  return copy
}

test('of a large directory only shards in which something changed are read', async () => {
  const blocks = new MemoryBlocks()
  const base = putFolder(blocks, folderOf(30_000))
  const change = (tree: CID, first: number, text: string) => {
    const changes = Array.from({ length: 5 }, (_, at) => {
      const name = nameOf(first + 4999 * at)
      return { name, after: fileEntry(name, text) }
    })
    return updateDirectory(blocks, tree, changes, { onBlock: (block) => blocks.put(block) })
  }
  const ours = await change(base.cid, 1, 'ours')
  const theirs = await change(base.cid, 2, 'theirs')
  const { tree, conflicts, read } = await merge(blocks, { base: base.cid, ours: ours.cid, theirs: theirs.cid })
  expect(conflicts).toEqual([])
  expect(tree).toEqual((await change(ours.cid, 2, 'theirs')).cid)
  expect(base.blocks).toBeGreaterThan(5000)
  expect(read.size).toBeLessThan(50)
})

test('a shard that ours alone changed is opened for renames only', async () => {
  const blocks = new MemoryBlocks()
  const base = folderOf(3000)
  const other = new Map([['unrelated', 'x']])
  const ours = changedAt(base, [7, 8, 9], 'ours')
  const treeOf = (large: Folder, small: Folder) => {
    const entries = [
      { ...putFolder(blocks, large), name: 'large' },
      { ...putFolder(blocks, small), name: 'small' },
    ]
    return put(blocks, entries).cid
  }
  const theirs = new Map([...other, [nameOf(5000), 'theirs']])
  const one = await merge(blocks, {
    base: treeOf(base, other),
    ours: treeOf(ours, other),
    theirs: treeOf(base, theirs),
  })
  expect(one.tree).toEqual(treeOf(ours, theirs))
  expect(one.read.size).toBeLessThan(8)

  // Theirs changes what ours moved into a shard.
  const moved = new Map([...base, ['unrelated', 'x']])
  const edited = new Map([['unrelated', 'y']])
  const trees = { base: treeOf(base, other), ours: treeOf(moved, new Map()), theirs: treeOf(base, edited) }
  const two = await merge(blocks, trees)
  expect(two.conflicts).toEqual([])
  const entries = [{ ...putFolder(blocks, new Map([...base, ['unrelated', 'y']])), name: 'large' }]
  expect(two.tree).toEqual(put(blocks, [...entries, { ...putFolder(blocks, new Map()), name: 'small' }]).cid)
})

test.each(['ours', 'theirs'] as const)(
  'of a directory that was moved as a whole only changes are read: by %s',
  async (side) => {
    const blocks = new MemoryBlocks()
    const base = folderOf(9000)
    const changed = changedAt(base, [5, 2000, 8999], 'changed')
    const added = new Map(changed).set('a new file', 'new').set(nameOf(9000), 'new too')
    added.delete(nameOf(17))
    const treeOf = (name: string, folder: Folder) => put(blocks, [{ ...putFolder(blocks, folder), name }]).cid
    const [moved, edited] = [treeOf('to', base), treeOf('from', added)]
    const trees = side === 'ours' ? { ours: moved, theirs: edited } : { ours: edited, theirs: moved }
    const versions = { base: treeOf('from', base), ...trees }
    const { tree, conflicts, read } = await merge(blocks, versions, { similarity: 1 })
    expect(conflicts.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      `rename-delete to/${nameOf(17)}`,
      `directory-rename to/${nameOf(9000)}`,
      'directory-rename to/a new file',
    ])
    expect(tree).toEqual(treeOf('to', new Map(added).set(nameOf(17), base.get(nameOf(17)) as string)))
    expect(read.size).toBeLessThan(150)
  },
)

test('of a directory that was moved and changed, directories in it that only moved are not read', async () => {
  const blocks = new MemoryBlocks()
  const folder = (at: number, text: string) =>
    new Map([
      [`${at} one`, `${at} one`],
      [`${at} two`, `${at} two`],
      ['note', text],
    ])
  const treeOf = (name: string, texts: Record<number, string>) => {
    const entries = Array.from({ length: 60 }, (_, at) => {
      return { ...putFolder(blocks, folder(at, texts[at] ?? `base ${at}`)), name: `folder ${at}` }
    })
    return put(blocks, [{ ...put(blocks, entries), name }]).cid
  }
  const trees = { base: treeOf('from', {}), ours: treeOf('to', { 3: 'ours' }), theirs: treeOf('from', { 5: 'theirs' }) }
  const { tree, conflicts, read } = await merge(blocks, trees, { similarity: 1 })
  expect(conflicts).toEqual([])
  expect(tree).toEqual(treeOf('to', { 3: 'ours', 5: 'theirs' }))
  expect(read.size).toBeLessThan(15)
})

test('of many directories only those that differ are read, and no content', async () => {
  const blocks = new MemoryBlocks()
  const folder = (at: number, text: string) => folderOf(10 + at).set('note', text)
  const treeOf = (texts: Record<number, string>) => {
    const entries = Array.from({ length: 80 }, (_, at) => {
      return { ...putFolder(blocks, folder(at, texts[at] ?? 'base')), name: `folder ${at}` }
    })
    return put(blocks, entries).cid
  }
  const trees = {
    base: treeOf({}),
    ours: treeOf({ 3: 'ours', 50: 'ours', 70: 'both' }),
    theirs: treeOf({ 4: 'theirs', 70: 'both', 79: 'theirs' }),
  }
  const { tree, conflicts, read } = await merge(blocks, trees)
  expect(conflicts).toEqual([])
  expect(tree).toEqual(treeOf({ 3: 'ours', 50: 'ours', 70: 'both', 4: 'theirs', 79: 'theirs' }))
  // Three roots; of a folder that one side changed ours is deferred, and theirs taken as it is; one was changed by both.
  expect(read.size).toBeLessThan(10)
})

test('directories around the limit of sharding merge name by name', async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const random = createRandom(seed)
    const below = (limit: number) => Math.floor(random() * limit)
    const blocks = new MemoryBlocks()
    const base = folderOf(2500 + below(120))
    const sides = { ours: new Map(base), theirs: new Map(base) }
    const merged = new Map(base)
    for (const side of [sides.ours, sides.theirs]) {
      const other = side === sides.ours ? sides.theirs : sides.ours
      for (let left = below(300); left > 0; left--) {
        const name = nameOf(below(2800))
        if (other.get(name) !== base.get(name)) continue
        for (const folder of [side, merged]) {
          if (left % 3 === 0) folder.delete(name)
          else folder.set(name, `${seed} ${left} ${name}`)
        }
      }
    }
    const trees = {
      base: putFolder(blocks, base).cid,
      ours: putFolder(blocks, sides.ours).cid,
      theirs: putFolder(blocks, sides.theirs).cid,
    }
    const { tree, conflicts } = await merge(blocks, trees, { similarity: 1 })
    expect({ seed, conflicts, tree }).toEqual({ seed, conflicts: [], tree: putFolder(blocks, merged).cid })
  }
})
