import { expect, test } from 'vitest'

import type { Block } from '../../src/model/block.ts'
import { DAG_PB, RAW, cidOf } from '../../src/model/cid.ts'
import { buildDirectory, findEntry, listDirectory } from '../../src/model/directory/directory.ts'
import { hashName } from '../../src/model/directory/hamt-slot.ts'
import { diffTrees } from '../../src/model/tree/tree-diff.ts'
import { walkTree } from '../../src/model/tree/tree-walk.ts'
import { encodeNode } from '../../src/model/unixfs/dag-pb.ts'
import type { Link } from '../../src/model/unixfs/dag-pb.ts'
import { fileLeaves, leafContent, readFile } from '../../src/model/unixfs/file-content.ts'
import { readNode } from '../../src/model/unixfs/node.ts'
import { encodeUnixfs } from '../../src/model/unixfs/unixfs-data.ts'
import type { UnixfsData } from '../../src/model/unixfs/unixfs-data.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'

const leaf = cidOf(RAW, Buffer.from('x'))
const target = (name: string, tsize = 1): Link => ({ name, cid: leaf.bytes, tsize })
const invalid = (entry?: string) =>
  expect.objectContaining({
    family: 'integrity',
    code: 'tree-invalid',
    ...(entry !== undefined && { details: expect.objectContaining({ entry }) }),
  })

function blockOf(bytes: Uint8Array): Block {
  return { cid: cidOf(DAG_PB, bytes), bytes }
}

const directory = (links: Link[]) => blockOf(encodeNode(links, encodeUnixfs({ type: 1 })))
const file = (links: Link[], data: Omit<UnixfsData, 'type'>) =>
  blockOf(encodeNode(links, encodeUnixfs({ type: 2, ...data })))
const linkTo = (block: Block, name: string, tsize: number): Link => ({ name, cid: block.cid.bytes, tsize })

function sourceOf(...blocks: Block[]): MemoryBlocks {
  const source = new MemoryBlocks()
  source.putAll([...blocks, { cid: leaf, bytes: Buffer.from('x') }])
  return source
}

test.each<[string, Link[], string]>([
  ['a name twice', [target('a'), target('a')], 'a'],
  ['a name twice, once a symlink', [target('a'), linkTo(file([], {}), 'a', 1)], 'a'],
  ['links out of order', [target('b'), target('a')], 'a'],
  ['links in the order of UTF-16', [target('\u{1f600}'), target('\uffff')], '\uffff'],
  ['an empty name', [target('')], ''],
  ['the directory itself', [target('.')], '.'],
  ['its parent', [target('..')], '..'],
  ['a path', [target('../x')], '../x'],
  ['an absolute path', [target('/x')], '/x'],
  ['a NUL', [target('a\0')], 'a\0'],
  ['a path that begins as a name', [target('a'), target('a/x')], 'a/x'],
  ['a NUL behind another name', [target('é'), target('é\0')], 'é\0'],
  ['a name too long', [target('é'.repeat(513))], 'é'.repeat(513)],
])('a directory with %s is refused, naming the entry', async (_, links, entry) => {
  const block = directory(links)
  const source = sourceOf(block)
  await expect(Array.fromAsync(listDirectory(source, block.cid))).rejects.toThrow(invalid(entry))
  await expect(findEntry(source, block.cid, 'other')).rejects.toThrow(invalid(entry))
  await expect(Array.fromAsync(walkTree(source, block.cid))).rejects.toThrow(invalid(entry))
  await expect(Array.fromAsync(diffTrees(source, undefined, block.cid))).rejects.toThrow(invalid(entry))
  await expect(readNode(source, { cid: block.cid })).rejects.toThrow(invalid(entry))
  const error = await readNode(source, { cid: block.cid }).catch((error: unknown) => error)
  expect(error).toMatchObject({ details: { cid: block.cid.toString(), entry } })
})

test('a directory with links that have no names is refused', async () => {
  const unnamed = Buffer.concat([Buffer.from([0x12, 40, 0x0a, 36]), leaf.bytes, Buffer.from([0x18, 1])])
  for (const count of [1, 2]) {
    const block = blockOf(Buffer.concat([...Array.from({ length: count }, () => unnamed), directory([]).bytes]))
    await expect(Array.fromAsync(listDirectory(sourceOf(block), block.cid))).rejects.toThrow(invalid(''))
  }
})

test('what is no directory is not listed', async () => {
  const empty = file([], { fileSize: 0 })
  await expect(Array.fromAsync(listDirectory(sourceOf(empty), empty.cid))).rejects.toThrow(invalid())
  await expect(Array.fromAsync(listDirectory(sourceOf(), leaf))).rejects.toThrow(invalid())
  const noData = blockOf(Uint8Array.of())
  await expect(Array.fromAsync(listDirectory(sourceOf(noData), noData.cid))).rejects.toThrow(invalid())
})

test('sizes of links that lie are refused where the target is opened', async () => {
  const below = directory([target('x')])
  for (const lie of [1, -1]) {
    const root = directory([linkTo(below, 'd', below.bytes.length + 1 + lie)])
    await expect(Array.fromAsync(walkTree(sourceOf(root, below), root.cid))).rejects.toThrow(invalid())
  }
  const honest = directory([linkTo(below, 'd', below.bytes.length + 1)])
  expect(await Array.fromAsync(walkTree(sourceOf(honest, below), honest.cid))).toHaveLength(1)
  await expect(readNode(sourceOf(below), { cid: below.cid, tsize: 7 })).rejects.toThrow(invalid())
})

test('sizes that add up to more than 2^53 bytes are refused', async () => {
  const root = directory([target('a', Number.MAX_SAFE_INTEGER)])
  await expect(readNode(sourceOf(root), { cid: root.cid })).rejects.toThrow(invalid())
})

test('a raw file whose link lies about its size is refused when it is read', async () => {
  await expect(Array.fromAsync(readFile(sourceOf(), leaf, { tsize: 2 }))).rejects.toThrow(invalid())
  expect(() => leafContent({ cid: leaf, size: 2 }, Buffer.from('x'))).toThrow(invalid())
})

test('a small DAG of directories that unfolds without end is stopped', async () => {
  const blocks = [directory([target('x')])]
  let tsize = (blocks[0] as Block).bytes.length + 1
  for (let level = 0; level < 5; level++) {
    const below = blocks.at(-1) as Block
    const links = Array.from({ length: 100 }, (_, i) => linkTo(below, String(i).padStart(3, '0'), tsize))
    const block = directory(links)
    blocks.push(block)
    tsize = block.bytes.length + 100 * tsize
  }
  const root = blocks.at(-1) as Block
  const source = sourceOf(...blocks)
  for (const limits of [{ maxEntries: 2000 }, { maxBytes: 1000 }]) {
    await expect(Array.fromAsync(walkTree(source, root.cid, limits))).rejects.toThrow(invalid())
    await expect(Array.fromAsync(diffTrees(source, undefined, root.cid, limits))).rejects.toThrow(invalid())
  }
})

test('directories too deep are refused', async () => {
  const blocks = [directory([target('x')])]
  let tsize = (blocks[0] as Block).bytes.length + 1
  for (let level = 0; level < 600; level++) {
    const block = directory([linkTo(blocks.at(-1) as Block, 'd', tsize)])
    blocks.push(block)
    tsize += block.bytes.length
  }
  const root = blocks.at(-1) as Block
  await expect(Array.fromAsync(walkTree(sourceOf(...blocks), root.cid))).rejects.toThrow(invalid())
})

const part = target('')

test.each<[string, Block]>([
  ['fewer block sizes than links', file([part, part], { fileSize: 1, blockSizes: [1] })],
  ['more block sizes than links', file([part], { fileSize: 2, blockSizes: [1, 1] })],
  ['a file size that is not the sum', file([part], { fileSize: 5, blockSizes: [1] })],
  ['block sizes of more than 2^53 bytes', file([part, part], { blockSizes: [2 ** 53 - 1, 2 ** 53 - 1] })],
  ['a type unknown', blockOf(encodeNode([], encodeUnixfs({ type: 9 })))],
  ['metadata for a type', blockOf(encodeNode([], encodeUnixfs({ type: 3 })))],
  ['a field twice', blockOf(encodeNode([], Buffer.from([8, 2, 8, 2])))],
  ['a field of another kind', blockOf(encodeNode([], Buffer.from([8, 2, 0x22, 1, 1])))],
])('a file with %s is refused', async (_, block) => {
  const source = sourceOf(block)
  await expect(readNode(source, { cid: block.cid })).rejects.toThrow(invalid())
  await expect(Array.fromAsync(fileLeaves(source, block.cid))).rejects.toThrow(invalid())
})

test('a leaf or an inner node that holds other than its parent says is refused', async () => {
  const inner = file([part], { fileSize: 1, blockSizes: [1] })
  const root = (size: number) =>
    file([linkTo(inner, '', inner.bytes.length + 1)], { fileSize: size, blockSizes: [size] })
  const read = (block: Block) =>
    Array.fromAsync(readFile(sourceOf(block, inner), block.cid), (piece) => piece.toString())
  expect(await read(root(1))).toEqual(['x'])
  await expect(read(root(2))).rejects.toThrow(invalid())
  await expect(read(file([part], { fileSize: 9, blockSizes: [9] }))).rejects.toThrow(invalid())
  await expect(read(file([linkTo(directory([]), '', 4)], { fileSize: 1, blockSizes: [1] }))).rejects.toThrow()
})

test('a file that unfolds without end holds no bytes and is never opened, or is too deep', async () => {
  let below = file([], { fileSize: 0, blockSizes: [] })
  const blocks = [below]
  for (let level = 0; level < 100; level++) {
    below = file([linkTo(below, '', 0), linkTo(below, '', 0)], { fileSize: 0, blockSizes: [0, 0] })
    blocks.push(below)
  }
  const source = sourceOf(...blocks)
  expect(await Array.fromAsync(fileLeaves(source, below.cid))).toEqual([])
  expect(source.reads).toBe(1)

  let tsize = 1
  let deep: Block = { cid: leaf, bytes: Buffer.from('x') }
  for (let level = 0; level < 100; level++) {
    deep = file([linkTo(deep, '', tsize)], { fileSize: 1, blockSizes: [1] })
    tsize += deep.bytes.length
    source.put(deep)
  }
  await expect(Array.fromAsync(fileLeaves(source, deep.cid))).rejects.toThrow(invalid())
})

test.each<[string, Uint8Array]>([
  ['nothing', Buffer.alloc(0)],
  ['a NUL', Buffer.from('a\0b')],
  ['no UTF-8', Buffer.from([0x61, 0xff])],
  ['a path too long', Buffer.alloc(4096, 'a')],
])('a symlink that leads to %s is refused', async (_, data) => {
  const block = blockOf(encodeNode([], encodeUnixfs({ type: 4, data })))
  await expect(readNode(sourceOf(block), { cid: block.cid })).rejects.toThrow(invalid())
})

test('other codecs are neither file nor directory', async () => {
  const cid = cidOf(0x71, Buffer.from('x'))
  await expect(readNode(sourceOf(), { cid, tsize: 1 })).rejects.toThrow(invalid())
})

const slotOfA = hashName('a')[0] as number
const hex = (slot: number) => slot.toString(16).toUpperCase().padStart(2, '0')
const bits = (...slots: number[]) => {
  const field = Buffer.alloc(32)
  for (const slot of slots) {
    field[31 - (slot >>> 3)]! |= 1 << (slot & 7)
  }
  return field
}
const shard = (links: Link[], data: Partial<UnixfsData>) =>
  blockOf(encodeNode(links, encodeUnixfs({ type: 5, hashType: 0x22, fanout: 256, ...data })))

test.each<[string, Block]>([
  [
    'an entry in a slot not its own',
    shard([target(`${hex((slotOfA + 1) % 256)}a`)], { data: bits((slotOfA + 1) % 256) }),
  ],
  ['a bit field with a slot more', shard([target(`${hex(slotOfA)}a`)], { data: bits(slotOfA, (slotOfA + 9) % 256) })],
  ['a bit field of other slots', shard([target(`${hex(slotOfA)}a`)], { data: bits((slotOfA + 9) % 256) })],
  ['no bit field', shard([target(`${hex(slotOfA)}a`)], {})],
  [
    'a bit field too long',
    shard([target(`${hex(slotOfA)}a`)], { data: Buffer.concat([Buffer.alloc(1), bits(slotOfA)]) }),
  ],
  ['two links in one slot', shard([target(`${hex(slotOfA)}a`), target(`${hex(slotOfA)}b`)], { data: bits(slotOfA) })],
  ['a slot in small letters', shard([target('ffa')], { data: bits(255) })],
  ['a link without slot', shard([target('A')], { data: bits(10) })],
  ['a name that is a path', shard([target(`${hex(slotOfA)}../x`)], { data: bits(slotOfA) })],
  ['another hash function', shard([target(`${hex(slotOfA)}a`)], { data: bits(slotOfA), hashType: 0x12 })],
  ['a fanout that is no power of two', shard([target(`${hex(slotOfA)}a`)], { data: bits(slotOfA), fanout: 200 })],
  ['a shard below that is raw', shard([target(hex(slotOfA))], { data: bits(slotOfA) })],
])('a sharded directory with %s is refused', async (_, block) => {
  await expect(Array.fromAsync(listDirectory(sourceOf(block), block.cid))).rejects.toThrow(invalid())
})

test('a shard below that is not like the one above, or lies about its size, is refused', async () => {
  const slotBelow = hashName('a')[1] as number
  const good = shard([target(`${hex(slotBelow)}a`)], { data: bits(slotBelow) })
  const narrow = shard([target('0a')], { data: Buffer.from([0, 1]), fanout: 16 })
  const empty = shard([], {})
  const list = (below: Block, tsize: number) => {
    const root = shard([linkTo(below, hex(slotOfA), tsize)], { data: bits(slotOfA) })
    return Array.fromAsync(listDirectory(sourceOf(root, below), root.cid))
  }
  expect(await list(good, good.bytes.length + 1)).toHaveLength(1)
  await expect(list(good, good.bytes.length + 2)).rejects.toThrow(invalid())
  await expect(list(narrow, narrow.bytes.length + 1)).rejects.toThrow(invalid())
  await expect(list(empty, empty.bytes.length)).rejects.toThrow(invalid())
})

test('shards that unfold without end are refused at the first entry in a wrong slot', async () => {
  let below = shard([target(`${hex(slotOfA)}a`)], { data: bits(slotOfA) })
  const blocks = [below]
  let tsize = below.bytes.length + 1
  for (let level = 0; level < 4; level++) {
    const links = Array.from({ length: 256 }, (_, slot) => linkTo(below, hex(slot), tsize))
    below = shard(links, { data: Buffer.alloc(32, 0xff) })
    tsize = below.bytes.length + 256 * tsize
    blocks.push(below)
  }
  const source = sourceOf(...blocks)
  await expect(Array.fromAsync(listDirectory(source, below.cid))).rejects.toThrow(invalid('a'))
  expect(source.reads).toBeLessThan(10)
})

test('what is refused is not what any directory has: the same kind of tree, made well, is read', async () => {
  const built = buildDirectory(['a', '\uffff', '\u{1f600}'].map((name) => ({ name, cid: leaf, tsize: 1 })))
  expect(await Array.fromAsync(listDirectory(sourceOf(...built.blocks), built.cid))).toHaveLength(3)
})
