import { importBytes } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import type { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'

import { cidOf, RAW } from '../../../src/model/cid.ts'
import { buildDirectory } from '../../../src/model/directory/directory.ts'
import { mergeTrees } from '../../../src/repo/merge/merge-trees.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree } from '../../support/memory-tree.ts'
import { mergeLeaves, readMerge } from './support/merge-leaves.ts'

const FOLDER = { folder: true } as const
const binary = (text: string) => Buffer.from(`\0${text}`)

describe('an empty directory', () => {
  test('stays where one side keeps it, and goes where one removed it', async () => {
    const { files, conflicts } = await mergeLeaves({
      base: { old: FOLDER, kept: FOLDER, x: 'x' },
      ours: { kept: FOLDER, x: 'x' },
      theirs: { old: FOLDER, kept: FOLDER, new: FOLDER, x: 'x' },
    })
    expect(conflicts).toEqual({})
    expect(files).toEqual({ kept: '(directory)', new: '(directory)', x: 'x' })
  })

  test('is no conflict with anything that stands there on the other side', async () => {
    const { files, conflicts } = await mergeLeaves({
      base: { a: FOLDER },
      ours: { a: FOLDER, 'b/x': 'x', c: FOLDER },
      theirs: { 'a/y': 'y', b: FOLDER, c: 'file' },
    })
    expect(conflicts).toEqual({})
    expect(files).toEqual({ 'a/y': 'y', 'b/x': 'x', c: 'file' })
  })

  test('is not what is left of a directory whose files were removed', async () => {
    const { files } = await mergeLeaves({
      base: { 'd/x': 'x', 'd/y': 'y', z: 'z' },
      ours: { 'd/x': 'x', z: 'z' },
      theirs: { 'd/y': 'y', z: 'z' },
    })
    expect(files).toEqual({ z: 'z' })
  })
})

describe('histories that have nothing in common', () => {
  test('merge: what both have alike is no conflict, two files of one name are', async () => {
    const { files, conflicts } = await mergeLeaves({
      ours: { same: 's', text: 'ours\n', 'd/o': 'o' },
      theirs: { same: 's', text: 'theirs\n', 'd/t': 't' },
    })
    expect(conflicts).toEqual({ text: { kind: 'add-add', ours: 'ours\n', theirs: 'theirs\n' } })
    expect(files).toEqual({
      same: 's',
      text: '<<<<<<< ours\nours\n=======\ntheirs\n>>>>>>> theirs\n',
      'd/o': 'o',
      'd/t': 't',
    })
  })
})

describe('a favoured side', () => {
  const trees = {
    base: { text: 'a\nb\nc\n', binary: binary('base'), link: { link: 'base' }, gone: 'g\n' },
    ours: { text: 'a\nours\nc\n', binary: binary('ours'), link: { link: 'ours' }, gone: 'g2\n' },
    theirs: { text: 'a\ntheirs\nc\nd\n', binary: binary('theirs'), link: { link: 'theirs' } },
  }

  test.each(['ours', 'theirs'] as const)('settles contents, but not what one side deleted: %s', async (favour) => {
    const { files, conflicts } = await mergeLeaves(trees, { favour })
    expect(Object.keys(conflicts)).toEqual(['gone'])
    expect(files).toEqual({
      text: `a\n${favour}\nc\nd\n`,
      binary: `\0${favour}`,
      link: `${favour} (symlink)`,
      gone: 'g2\n',
    })
  })
})

describe('what cannot be merged', () => {
  test('stays as ours, and theirs is named as an artefact with a name that nothing has', async () => {
    const { files, conflicts } = await mergeLeaves({
      base: { a: binary('1'), b: binary('1'), 'b~theirs': 'taken', 'c/d': binary('1') },
      ours: { a: binary('2'), b: binary('2'), 'b~theirs': 'taken', 'c/d': binary('2'), 'c/d~theirs_1': 'taken' },
      theirs: { a: binary('3'), b: binary('3'), 'b~theirs': 'taken', 'c/d': binary('3'), 'c/d~theirs': 'taken' },
    })
    const whole = { kind: 'binary', base: '\x001', ours: '\x002', theirs: '\x003' }
    expect(conflicts).toEqual({
      a: { ...whole, artefact: 'a~theirs' },
      b: { ...whole, artefact: 'b~theirs_1' },
      'c/d': { ...whole, artefact: 'c/d~theirs_2' },
    })
    expect(files['a']).toBe('\x002')
  })

  test('is not what another chunker made of the same bytes', async () => {
    const blocks = new MemoryBlocks()
    const treeOf = async (text: string, chunkSize: number) => {
      const sink = {
        put: (cid: CID, bytes: Uint8Array) => {
          blocks.put({ cid, bytes })
          return cid
        },
      }
      const options = { profile: 'unixfs-v1-2025', chunker: fixedSize({ chunkSize }) } as const
      const { cid, size } = await importBytes(binary(text), sink, options)
      const tree = buildDirectory([{ name: 'x', cid, tsize: Number(size) }])
      blocks.putAll(tree.blocks)
      return tree.cid
    }
    const trees = {
      base: await treeOf('abcdef', 100),
      ours: await treeOf('abcdef', 3),
      theirs: await treeOf('new', 100),
    }
    const merge = await mergeTrees(blocks, blocks.put.bind(blocks), trees)
    expect(await readMerge(blocks, merge)).toEqual({ files: { x: '\0new' }, conflicts: {} })
  })
})

test('the executable bit and the content are merged each on its own', async () => {
  const { files, conflicts } = await mergeLeaves({
    base: { a: 'a\n', b: { executable: 'b\n' }, c: 'same' },
    ours: { a: { executable: 'a\n' }, b: { executable: 'b2\n' }, c: 'same', new: 'n' },
    theirs: { a: 'a2\n', b: 'b\n', c: { executable: 'same' }, new: { executable: 'n' } },
  })
  expect(conflicts).toEqual({ new: { kind: 'mode', ours: 'n', theirs: 'n (executable)' } })
  expect(files).toMatchObject({ a: 'a2\n (executable)', b: 'b2\n', c: 'same (executable)' })
})

test('a block that is missing is named with its path', async () => {
  const all = new MemoryBlocks()
  const base = buildTree(all, { 'd/text': 'a\n', other: 'x' })
  const ours = buildTree(all, { 'd/text': 'b\n', other: 'x' })
  const theirs = buildTree(all, { 'd/text': 'c\n', other: 'x' })
  const missing = cidOf(RAW, Buffer.from('c\n'))
  const source = {
    get: (cid: typeof missing) => all.get(cid.equals(missing) ? cidOf(RAW, Buffer.from('nowhere')) : cid),
  }
  await expect(mergeTrees(source, () => {}, { base, ours, theirs })).rejects.toMatchObject({
    code: 'block-missing',
    message: expect.stringContaining('cannot read d/text') as string,
    details: { path: 'd/text' },
  })
})

test('a merge can be stopped', async () => {
  const blocks = new MemoryBlocks()
  const [base, ours, theirs] = ['a\n', 'b\n', 'c\n'].map((text) => buildTree(blocks, { text }))
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(mergeTrees(blocks, () => {}, { base, ours, theirs }, { signal })).rejects.toThrow('enough')
})
