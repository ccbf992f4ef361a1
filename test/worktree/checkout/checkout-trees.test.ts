import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { checkoutTrees, type WorkingFiles } from '../../../src/worktree/checkout/checkout-trees.ts'
import { fileModes, UNFINISHED_MODE } from '../../../src/worktree/checkout/write-entry.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree, type Leaf } from '../../support/memory-tree.ts'
import { temporaryFolder } from '../../support/repository.ts'

function workingFiles(blocks: MemoryBlocks): WorkingFiles {
  const folder = temporaryFolder()
  const [top, tmp] = [join(folder, 'top'), join(folder, 'tmp')]
  mkdirSync(top)
  mkdirSync(tmp)
  const keeps = { executableBit: true, symlinks: true }
  return { top, tmp, source: blocks, modes: fileModes(0o022, true), keeps }
}

/** What is in a folder, in the form in which trees are given. */
function leavesIn(folder: string, path = ''): Record<string, Leaf> {
  const names = readdirSync(join(folder, path))
  if (names.length === 0 && path !== '') return { [path]: { folder: true } }
  return Object.assign({}, ...names.map((name) => leafAt(folder, path === '' ? name : `${path}/${name}`))) as Record<
    string,
    Leaf
  >
}

function leafAt(folder: string, path: string): Record<string, Leaf> {
  const stat = lstatSync(join(folder, path))
  if (stat.isDirectory()) return leavesIn(folder, path)
  if (stat.isSymbolicLink()) return { [path]: { link: readlinkSync(join(folder, path)) } }
  const text = readFileSync(join(folder, path), 'utf8')
  return { [path]: (stat.mode & 0o100) === 0 ? text : { executable: text } }
}

const name = fc.constantFrom('a', 'b', 'c', 'd e', 'é')
const leaf: fc.Arbitrary<Leaf> = fc.oneof(
  fc.constantFrom('', 'one\n', 'two\n'),
  fc.constantFrom({ executable: 'one\n' }, { executable: '#!\n' }),
  fc.constantFrom({ link: 'a' }, { link: '../nowhere' }),
  fc.constant({ folder: true as const }),
)

/** Leaves at paths of which none lies below another. */
const leaves = fc
  .uniqueArray(
    fc.tuple(
      fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/')),
      leaf,
    ),
    {
      maxLength: 8,
      selector: ([path]) => path,
    },
  )
  .map((all) => all.filter(([path]) => !all.some(([other]) => other !== path && path.startsWith(`${other}/`))))
  .map((all) => Object.fromEntries(all) as Record<string, Leaf>)

describe('checkoutTrees', () => {
  it('removes the folders that a killed checkout had emptied and not yet removed', async () => {
    const blocks = new MemoryBlocks()
    const files = workingFiles(blocks)
    const before = buildTree(blocks, { 'gone/deep/a': 'one\n', 'kept/deep/a': 'one\n', 'kept/b': 'two\n', c: '' })
    const after = buildTree(blocks, { 'kept/b': 'two\n', c: '' })
    await checkoutTrees(files, { before: undefined, after: before })
    rmSync(join(files.top, 'gone/deep'), { recursive: true })
    rmSync(join(files.top, 'kept/deep'), { recursive: true })
    expect(await checkoutTrees(files, { before, after })).toEqual({ left: [], failed: [] })
    expect(leavesIn(files.top)).toEqual({ 'kept/b': 'two\n', c: '' })
  })

  it('brings files from any tree to any other, and leaves nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(leaves, { minLength: 1, maxLength: 4 }), async (trees) => {
        const blocks = new MemoryBlocks()
        const files = workingFiles(blocks)
        let before
        for (const tree of trees) {
          const after = buildTree(blocks, tree)
          expect(await checkoutTrees(files, { before, after })).toEqual({ left: [], failed: [] })
          expect(leavesIn(files.top)).toEqual(tree)
          before = after
        }
      }),
      { numRuns: 60 },
    )
  })

  it('completes what a crash left, whatever part of it was done', async () => {
    await fc.assert(
      fc.asyncProperty(leaves, leaves, fc.nat(20), async (treeBefore, treeAfter, steps) => {
        const blocks = new MemoryBlocks()
        const files = workingFiles(blocks)
        const [before, after] = [buildTree(blocks, treeBefore), buildTree(blocks, treeAfter)]
        await checkoutTrees(files, { before: undefined, after: before })
        let left = steps
        const crashing: WorkingFiles = {
          ...files,
          isUnchanged: () => {
            if (left-- === 0) throw new Error('crash')
            return false
          },
        }
        await checkoutTrees(crashing, { before, after }).catch(() => {})
        expect(await checkoutTrees(files, { before, after })).toEqual({ left: [], failed: [] })
        expect(leavesIn(files.top)).toEqual(treeAfter)
      }),
      { numRuns: 60 },
    )
  })

  it('leaves alone and names what somebody made or changed meanwhile', async () => {
    const blocks = new MemoryBlocks()
    const files = workingFiles(blocks)
    const before = buildTree(blocks, { changed: 'one', removed: 'one', gone: 'one' })
    const after = buildTree(blocks, { changed: 'two', fresh: 'new', folder: 'a file' })
    await checkoutTrees(files, { before: undefined, after: before })
    writeFileSync(join(files.top, 'changed'), 'mine')
    writeFileSync(join(files.top, 'removed'), 'mine')
    writeFileSync(join(files.top, 'fresh'), 'mine')
    mkdirSync(join(files.top, 'folder'))
    const { left } = await checkoutTrees(files, { before, after })
    expect(left.toSorted()).toEqual(['changed', 'folder', 'fresh', 'removed'])
    expect(leavesIn(files.top)).toEqual({ changed: 'mine', removed: 'mine', fresh: 'mine', folder: { folder: true } })
  })

  it('finishes its own unfinished file, and no empty file that somebody made', async () => {
    const blocks = new MemoryBlocks()
    const files = workingFiles(blocks)
    const after = buildTree(blocks, { ours: 'content', theirs: 'content' })
    writeFileSync(join(files.top, 'ours'), 'cont')
    chmodSync(join(files.top, 'ours'), UNFINISHED_MODE)
    writeFileSync(join(files.top, 'theirs'), '')
    expect(await checkoutTrees(files, { before: undefined, after })).toEqual({ left: ['theirs'], failed: [] })
    expect(leavesIn(files.top)).toEqual({ ours: 'content', theirs: '' })
  })

  it('never writes through a symlink', async () => {
    const blocks = new MemoryBlocks()
    const files = workingFiles(blocks)
    const outside = temporaryFolder()
    symlinkSync(outside, join(files.top, 'folder'))
    const after = buildTree(blocks, { 'folder/file': 'x' })
    const { failed } = await checkoutTrees(files, { before: undefined, after })
    expect(failed).toMatchObject([{ path: 'folder/file', error: { code: 'path-in-the-way' } }])
    expect(readdirSync(outside)).toEqual([])
  })

  it('never removes through a symlink', async () => {
    const blocks = new MemoryBlocks()
    const files = workingFiles(blocks)
    const outside = temporaryFolder()
    writeFileSync(join(outside, 'file'), 'x')
    symlinkSync(outside, join(files.top, 'folder'))
    const before = buildTree(blocks, { 'folder/file': 'x' })
    await checkoutTrees(files, { before, after: undefined })
    expect(readdirSync(outside)).toEqual(['file'])
  })

  it('changes the executable bit without writing the file again', async () => {
    const blocks = new MemoryBlocks()
    const files = workingFiles(blocks)
    const [before, after] = [buildTree(blocks, { tool: 'x' }), buildTree(blocks, { tool: { executable: 'x' } })]
    await checkoutTrees(files, { before: undefined, after: before })
    const inode = lstatSync(join(files.top, 'tool')).ino
    await checkoutTrees(files, { before, after })
    expect(leavesIn(files.top)).toEqual({ tool: { executable: 'x' } })
    expect(lstatSync(join(files.top, 'tool')).ino).toBe(inode)
  })

  it('writes a symlink as a file where the file system has none', async () => {
    const blocks = new MemoryBlocks()
    const files = {
      ...workingFiles(blocks),
      modes: fileModes(0o022, false),
      keeps: { executableBit: true, symlinks: false },
    }
    const before = buildTree(blocks, { link: { link: 'target' } })
    await checkoutTrees(files, { before: undefined, after: before })
    expect(leavesIn(files.top)).toEqual({ link: 'target' })
    expect(await checkoutTrees(files, { before, after: undefined })).toEqual({ left: [], failed: [] })
    expect(leavesIn(files.top)).toEqual({})
  })

  it.each(['.jzfs', '.JZFS', 'JZFS~1'])('refuses a tree with %s in it', async (reserved) => {
    const blocks = new MemoryBlocks()
    const files = workingFiles(blocks)
    const after = buildTree(blocks, { [`a/${reserved}/config`]: 'x' })
    await expect(checkoutTrees(files, { before: undefined, after })).rejects.toMatchObject({ code: 'path-reserved' })
  })
})
