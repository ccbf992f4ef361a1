import { MemoryBlockstore } from 'blockstore-core'
import fc from 'fast-check'
import { importer } from 'ipfs-unixfs-importer'
import type { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'

import { RAW, cidOf } from '../../../src/model/cid.ts'
import { openDirectory } from '../../../src/model/directory/directory-node.ts'
import {
  buildDirectory,
  EMPTY_DIRECTORY,
  findEntry,
  listDirectory,
  updateDirectory,
} from '../../../src/model/directory/directory.ts'
import type { BuiltDirectory, Entry } from '../../../src/model/directory/directory.ts'
import { hashName } from '../../../src/model/directory/hamt-slot.ts'
import { collidingNames } from '../../support/colliding-names.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { readable } from '../../support/readable.ts'

const anyName = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
    fc.constantFrom('\ufeff', '...', '-rf', 'a\nb', '\u{1f600}', '\uffff', '.jzfs'),
  )
  .filter((name) => !/[/\0]/u.test(name) && name !== '.' && name !== '..')

test('a directory is that of the importer, in whatever order its entries are given', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(anyName, { maxLength: 20 }), async (names) => {
      const built = buildDirectory(names.map((name) => entry(name)))
      expect(built.cid.toString()).toBe(await importedCid(names))
      expect(built.cid.equals(buildDirectory(names.toReversed().map((name) => entry(name))).cid)).toBe(true)
    }),
  )
})

test('a sharded directory is that of the importer, three shards deep', async () => {
  const names = [...collidingNames(5), ...Array.from({ length: 6000 }, (_, i) => `file ${i} \u{1f600}`)]
  const built = buildDirectory(names.map((name) => entry(name)))
  expect(built.blocks.length).toBeGreaterThan(256)
  expect(built.cid.toString()).toBe(await importedCid(names))
})

test('blocks come children first, and are not kept where somebody takes them', () => {
  const entries = Array.from({ length: 6000 }, (_, i) => entry(`file ${i}`))
  const { blocks, cid } = buildDirectory(entries)
  const taken: string[] = []
  const streamed = buildDirectory(entries, { onBlock: (block) => taken.push(block.cid.toString()) })
  expect(streamed.blocks).toEqual([])
  expect(taken).toEqual(blocks.map((block) => block.cid.toString()))
  expect(taken.at(-1)).toBe(cid.toString())
})

test('the size of a directory is that of its blocks and what it links', () => {
  const { blocks, tsize } = buildDirectory(Array.from({ length: 6000 }, (_, i) => entry(`file ${i}`, 1000)))
  expect(tsize).toBe(6000 * 1000 + blocks.reduce((sum, block) => sum + block.bytes.length, 0))
})

test('refuses a name twice, plain and sharded, and names that cannot be', () => {
  const many = Array.from({ length: 6000 }, (_, i) => entry(`file ${i}`))
  expect(() => buildDirectory([entry('a'), entry('b'), entry('a')])).toThrow(
    expect.objectContaining({ code: 'entry-duplicate' }),
  )
  expect(() => buildDirectory([...many, entry('file 7')])).toThrow(expect.objectContaining({ code: 'entry-duplicate' }))
  expect(() => buildDirectory([entry('..')])).toThrow(expect.objectContaining({ code: 'entry-name-invalid' }))
  expect(() => buildDirectory([entry('a', 2 ** 53 - 1)])).toThrow(expect.objectContaining({ code: 'tree-too-large' }))
})

/**
 * 290 names of about 1,000 bytes, some of which share two or more bytes of their hash: as many of them as fit are a
 * plain directory, a few more a sharded one.
 */
const universe = [
  ...collidingNames(25, 1000),
  ...Array.from({ length: 240 }, (_, i) => `n${i}`.padEnd(900 + (i % 100), '.')),
]
const size = fc.integer({ min: 0, max: 3e9 })
/** Changes of one update: entries that come or change, that go, or both. */
const step = fc
  .constantFrom(size, fc.constant(undefined), fc.option(size, { nil: undefined }))
  .chain((size) => fc.array(fc.record({ name: fc.constantFrom(...universe), size }), { maxLength: 150, size: 'max' }))
const subset = fc
  .tuple(
    fc.nat(universe.length),
    fc.oneof(
      fc.nat(universe.length),
      fc.integer({ min: 180, max: 252 }),
      fc.integer({ min: 253, max: universe.length }),
    ),
  )
  .map(
    ([from, to]) =>
      new Map([...universe.slice(from), ...universe.slice(0, from)].slice(0, to).map((name) => [name, 1])),
  )

test('updates give the directory of a build from scratch, across the threshold both ways and after deletions', async () => {
  const crossings = { toShards: 0, toPlain: 0, withinShards: 0 }
  await fc.assert(
    fc.asyncProperty(subset, fc.array(step, { minLength: 1, maxLength: 3 }), async (start, steps) => {
      const source = new MemoryBlocks()
      const state: Map<string, number> = start
      let current = buildOf(state)
      source.putAll(current.blocks)
      for (const step of steps) {
        const changes = step.map(({ name, size }) => ({
          name,
          after: size === undefined ? undefined : entry(name, size),
        }))
        const before = current
        current = await updateDirectory(source, current.cid, changes)
        source.putAll(current.blocks)
        for (const { name, size } of step) {
          if (size === undefined) {
            state.delete(name)
          } else {
            state.set(name, size)
          }
        }
        const scratch = buildOf(state)
        expect(current.cid.toString()).toBe(scratch.cid.toString())
        expect(current.tsize).toBe(scratch.tsize)
        const [was, is] = [await isSharded(source, before.cid), await isSharded(source, current.cid)]
        crossings.toShards += Number(!was && is)
        crossings.toPlain += Number(was && !is)
        crossings.withinShards += Number(was && is)
      }
      expect(await Array.fromAsync(listDirectory(source, current.cid), ({ name, tsize }) => [name, tsize])).toEqual(
        sorted(state),
      )
    }),
    { numRuns: 150 },
  )
  // So many of the cases that the property is about were among those tried.
  expect(crossings.toShards).toBeGreaterThan(0)
  expect(crossings.toPlain).toBeGreaterThan(0)
  expect(crossings.withinShards).toBeGreaterThan(0)
})

test('taking a name away collapses shards that are left with one entry, level by level', async () => {
  const [a, b] = collidingNames(1) as [string, string]
  const rest = Array.from({ length: 6000 }, (_, i) => `file ${i}`).filter(
    (name) => hashName(name)[0] !== hashName(a)[0],
  )
  const build = (names: string[]) => buildDirectory(names.map((name) => entry(name)))
  const source = new MemoryBlocks()
  const both = build([...rest, a, b])
  source.putAll(both.blocks)
  const one = await updateDirectory(source, both.cid, [{ name: b, after: undefined }])
  expect(one.cid.toString()).toBe(build([...rest, a]).cid.toString())
  expect(one.blocks).toHaveLength(1)
})

test('an update without change keeps the directory, and takes away what is not there', async () => {
  const source = new MemoryBlocks()
  const built = buildDirectory([entry('a'), entry('b')])
  source.putAll([...built.blocks, EMPTY_DIRECTORY])
  const same = await updateDirectory(source, built.cid, [
    { name: 'a', after: entry('a') },
    { name: 'x', after: undefined },
  ])
  expect(readable(same)).toEqual(readable({ ...built, blocks: [] }))
  const none = await updateDirectory(
    source,
    built.cid,
    ['a', 'b'].map((name) => ({ name, after: undefined })),
  )
  expect(none.cid.equals(EMPTY_DIRECTORY.cid)).toBe(true)
})

test('of a large directory only what is needed is read and written', async () => {
  const source = new MemoryBlocks()
  const entries = Array.from({ length: 60_000 }, (_, i) => entry(`file ${i}`))
  const { cid, blocks } = buildDirectory(entries)
  source.putAll(blocks)
  expect((await findEntry(source, cid, 'file 4711'))?.name).toBe('file 4711')
  expect(source.reads).toBeLessThanOrEqual(4)
  expect(await findEntry(source, cid, 'file x')).toBeUndefined()
  source.reads = 0
  const updated = await updateDirectory(source, cid, [
    { name: 'file 4711', after: undefined },
    { name: 'new', after: entry('new') },
  ])
  expect(updated.blocks.length).toBeLessThanOrEqual(7)
  expect(source.reads).toBeLessThan(blocks.length / 40)
})

test('lists and finds what was built, in the order of bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(anyName, { maxLength: 20 }), fc.boolean(), async (names, isLarge) => {
      const filling = isLarge ? Array.from({ length: 5000 }, (_, i) => `fill ${i}`) : []
      const all = [...new Set([...names, ...filling])]
      const source = new MemoryBlocks()
      const { cid, blocks } = buildDirectory(all.map((name) => entry(name)))
      source.putAll(blocks)
      const listed = await Array.fromAsync(listDirectory(source, cid))
      expect(listed.map(({ name }) => name)).toEqual(
        all.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      )
      for (const name of names) {
        expect(readable(await findEntry(source, cid, name))).toEqual(readable(entry(name)))
      }
    }),
    { numRuns: 30 },
  )
})

function entry(name: string, tsize = 1): Entry {
  return { name, cid: cidOf(RAW, Buffer.from('x')), tsize }
}

function sorted(state: Map<string, number>): [string, number][] {
  return [...state].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

function buildOf(state: Map<string, number>): BuiltDirectory {
  return buildDirectory(Array.from(state, ([name, size]) => entry(name, size)))
}

async function isSharded(source: MemoryBlocks, directory: CID): Promise<boolean> {
  return (await openDirectory(source, directory)).shard !== undefined
}

async function importedCid(names: string[]): Promise<string> {
  const files = names.map((path) => ({ path: `root/${path}`, content: Buffer.from('x') }))
  let last: string | undefined
  const options = { profile: 'unixfs-v1-2025' as const, wrapWithDirectory: false }
  for await (const { cid } of importer(
    files.length > 0 ? files : [{ path: 'root' }],
    new MemoryBlockstore(),
    options,
  )) {
    last = cid.toString()
  }
  return last as string
}
