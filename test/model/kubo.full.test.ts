import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { CarReader } from '@ipld/car'
import { CID } from 'multiformats/cid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Block } from '../../src/model/block.ts'
import { RAW, cidOf } from '../../src/model/cid.ts'
import { listDirectory, updateDirectory } from '../../src/model/directory/directory.ts'
import { diffTrees } from '../../src/model/tree/tree-diff.ts'
import { walkTree } from '../../src/model/tree/tree-walk.ts'
import { readFile } from '../../src/model/unixfs/file-content.ts'
import { readNode } from '../../src/model/unixfs/node.ts'
import { fileOfBytes } from '../support/build-file.ts'
import { createKuboRepository, findKubo } from '../support/kubo.ts'
import type { KuboRepository } from '../support/kubo.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { seededBytes, seededPieces } from '../support/seeded.ts'
import { treeOfFolder } from '../support/tree-of-folder.ts'

const binary = findKubo()
const MIB = 1_048_576

describe.skipIf(binary === undefined)('the same trees as Kubo', () => {
  let workplace: string
  let kubo: KuboRepository
  beforeAll(async () => {
    workplace = mkdtempSync(join(tmpdir(), 'jzfs-kubo-'))
    kubo = await createKuboRepository(binary as string, join(workplace, 'kubo'))
  })

  afterAll(() => rmSync(workplace, { recursive: true, force: true }))

  function folder(name: string): string {
    const path = join(workplace, name)
    mkdirSync(path)
    return path
  }

  function added(path: string, ...options: string[]): CID {
    const args = ['--offline', 'add', '-r', '-Q', '--hidden', '--pin=false', ...options, path]
    return CID.parse(kubo.ipfs(args).toString().trim())
  }

  async function blocksOf(root: CID): Promise<MemoryBlocks> {
    const car = await CarReader.fromBytes(kubo.ipfs(['--offline', 'dag', 'export', root.toString()]))
    const blocks = new MemoryBlocks()
    for await (const { cid, bytes } of car.blocks()) {
      blocks.put({ cid: CID.decode(cid.bytes), bytes })
    }
    return blocks
  }

  test('of a messy folder', async () => {
    const path = folder('messy')
    fillMessily(path)
    const root = added(path)
    expect(treeOfFolder(path).cid.toString()).toBe(root.toString())
    const leaves = await Array.fromAsync(walkTree(await blocksOf(root), root))
    expect(leaves.every(({ node }) => node.canonical)).toBe(true)
    expect(leaves.map((leaf) => leaf.path)).toContain('d/symlink that loops')
  })

  test.each([4766, 4767, 100_000])('of a folder of %i entries', (count) => {
    const path = folder(`of ${count}`)
    for (let i = 0; i < count; i++) {
      writeFileSync(join(path, `file ${String(i).padStart(6, '0')}`), 'x')
    }
    expect(treeOfFolder(path).cid.toString()).toBe(added(path, '--only-hash').toString())
    rmSync(path, { recursive: true })
  })

  test('of files at the limits of chunks and nodes', () => {
    const path = folder('sizes')
    for (const size of [0, 1, MIB - 1, MIB, MIB + 1]) {
      writeFileSync(join(path, String(size)), seededBytes('sizes', size))
    }
    for (const piece of seededPieces('large', 1024 * MIB + 1)) {
      appendFileSync(join(path, 'large'), piece)
    }
    expect(treeOfFolder(path).cid.toString()).toBe(added(path, '--only-hash').toString())
    rmSync(path, { recursive: true })
  })

  test('of a file whose size takes more than 32 bits', () => {
    const path = folder('sparse')
    writeFileSync(join(path, 'zeros'), '')
    truncateSync(join(path, 'zeros'), 4096 * MIB + 5)
    expect(treeOfFolder(path).cid.toString()).toBe(added(path, '--only-hash').toString())
  })

  test('of an update of a sharded folder', async () => {
    const path = folder('updated')
    for (let i = 0; i < 5000; i++) {
      writeFileSync(join(path, `file ${i}`), 'x')
    }
    const blocks = new MemoryBlocks()
    const before = treeOfFolder(path, (block) => blocks.put(block))
    const gone = Array.from({ length: 400 }, (_, i) => `file ${10 * i}`)
    gone.forEach((name) => rmSync(join(path, name)))
    writeFileSync(join(path, 'new'), 'new')
    const after = { cid: cidOf(RAW, Buffer.from('new')), tsize: 3 }
    const changes = [{ name: 'new', after }, ...gone.map((name) => ({ name, after: undefined }))]
    const updated = await updateDirectory(blocks, before.cid, changes)
    expect(updated.cid.toString()).toBe(added(path, '--only-hash').toString())
    blocks.putAll(updated.blocks)
    expect(await Array.fromAsync(diffTrees(blocks, before.cid, updated.cid))).toHaveLength(401)
  })

  test.each([0, 1, MIB, MIB + 1])('and Kubo reads our executable of %i bytes, with its mode', (size) => {
    const bytes = seededBytes('executable', size)
    const blocks: Block[] = []
    const built = fileOfBytes(bytes, { executable: true, onLeaf: (block) => blocks.push(block) })
    for (const block of [...blocks, ...built.blocks]) {
      const codec = block.cid.code === RAW ? 'raw' : 'dag-pb'
      const put = kubo.ipfs(['--offline', 'block', 'put', `--cid-codec=${codec}`], { input: block.bytes })
      expect(put.toString().trim()).toBe(block.cid.toString())
    }
    expect(kubo.ipfs(['--offline', 'cat', built.cid.toString()]).equals(bytes)).toBe(true)
    const stat = kubo.ipfs([
      '--offline',
      'files',
      'stat',
      '--format=<mode> <size> <cumulsize>',
      `/ipfs/${built.cid.toString()}`,
    ])
    expect(stat.toString().trim()).toBe(`-rwxr-xr-x ${size} ${built.tsize}`)
  })

  test.each([
    ['the profile of 2015', ['--cid-version=0', '--raw-leaves=false', '--chunker=size-262144', '--max-file-links=174']],
    ['a chunker that follows the content', ['--chunker=rabin-1000-2000-4000']],
    ['trickle', ['--trickle', '--chunker=size-1000', '--max-file-links=10']],
    ['small nodes', ['--chunker=size-1000', '--max-file-links=3']],
    ['modes and times', ['--raw-leaves=false', '--preserve-mode', '--preserve-mtime']],
  ])('and we read what Kubo made with %s', async (name, options) => {
    const path = folder(name)
    const bytes = seededBytes('foreign', 300_000)
    writeFileSync(join(path, 'file'), bytes)
    writeFileSync(join(path, 'tool'), 'tool', { mode: 0o755 })
    symlinkSync('file', join(path, 'link'))
    mkdirSync(join(path, 'empty'))
    const root = added(path, ...options)
    const source = await blocksOf(root)
    const entries = await Array.fromAsync(listDirectory(source, root))
    expect(entries.map((entry) => entry.name)).toEqual(['empty', 'file', 'link', 'tool'])
    const nodes = await Promise.all(entries.map((entry) => readNode(source, entry)))
    const tool = options.includes('--preserve-mode') ? 'executable' : 'file'
    expect(nodes.map(({ kind, size }) => `${kind} ${size}`)).toEqual([
      'directory 0',
      'file 300000',
      'symlink 4',
      `${tool} 4`,
    ])
    const file = entries[1]?.cid as CID
    expect(Buffer.concat(await Array.fromAsync(readFile(source, file))).equals(bytes)).toBe(true)
    const range = { start: 123_456, end: 125_000 }
    const part = Buffer.concat(await Array.fromAsync(readFile(source, file, range)))
    expect(part.equals(bytes.subarray(range.start, range.end))).toBe(true)
  })
})

const NAMES = [
  'plain',
  '.hidden',
  '-rf',
  '--help',
  ' leading and trailing ',
  'a "quote" and \'another\'',
  'line\nbreak',
  'tab\tand\rreturn',
  'comma, semicolon; colon:',
  'back\\slash',
  '\u{1f600} emoji \u{1f468}\u200d\u{1f469}',
  '\uffff and \ue000',
  '\ufeffbyte order mark',
  'e\u0301 combining',
  '\u00e9 composed',
  '\ufffd replacement',
  '%2F &amp; $HOME `x` *?[]',
  '...',
  'x'.repeat(255),
]

function fillMessily(path: string): void {
  for (const [i, name] of NAMES.entries()) {
    writeFileSync(join(path, name), i % 3 === 0 ? '' : `content of ${name}`)
  }
  for (const name of ['d', '.hidden directory', 'empty', '.empty and hidden']) {
    mkdirSync(join(path, name))
  }
  writeFileSync(join(path, '.hidden directory', '.hidden'), 'hidden')
  symlinkSync('../plain', join(path, 'd', 'symlink'))
  symlinkSync('nowhere/\u{1f600}', join(path, 'd', 'symlink that dangles'))
  symlinkSync('symlink that loops', join(path, 'd', 'symlink that loops'))
  symlinkSync('..', join(path, 'd', 'symlink to a directory'))
  symlinkSync('/', join(path, 'd', 'symlink that is absolute'))
}
