import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'

import type { BlockSource } from '../../src/model/block.ts'
import { cidOf, DAG_JSON, DAG_PB, RAW } from '../../src/model/cid.ts'
import { encodeCommit } from '../../src/model/commit/commit.ts'
import { encodeTag } from '../../src/model/commit/tag.ts'
import { isShardLink, openDirectory } from '../../src/model/directory/directory-node.ts'
import { toCid } from '../../src/model/directory/directory-read.ts'
import { buildDirectory } from '../../src/model/directory/directory.ts'
import { IntegrityError, NotFoundError } from '../../src/model/errors.ts'
import { encodeNode, linkCid } from '../../src/model/unixfs/dag-pb.ts'
import { encodeUnixfs, UNIXFS_DIRECTORY, UNIXFS_FILE } from '../../src/model/unixfs/unixfs-data.ts'
import { verifyReachable } from '../../src/repo/verify.ts'
import type { VerifyFinding, VerifyOptions, VerifyProgress } from '../../src/repo/verify/verify-run.ts'
import { fileOfBytes } from '../support/build-file.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { buildTree } from '../support/memory-tree.ts'
import { ANN, temporaryRepository } from '../support/repository.ts'
import { seededBytes } from '../support/seeded.ts'

const MIB = 1_048_576
const raw = (text: string) => cidOf(RAW, Buffer.from(text))

function commitOf(blocks: MemoryBlocks, tree: CID, parents: CID[] = [], message = ''): CID {
  const block = encodeCommit({ tree, parents, author: ANN, committer: ANN, message })
  blocks.put(block)
  return block.cid
}

/** The blocks without some, and with some that are corrupt, as a store that verifies has them. */
function damaged(
  blocks: BlockSource,
  { missing = [], corrupt = [] }: { missing?: CID[]; corrupt?: CID[] },
): BlockSource {
  const has = (cids: CID[], cid: CID) => cids.some((each) => each.equals(cid))
  return {
    async get(cid) {
      if (has(missing, cid)) throw new NotFoundError('block-missing', `no ${cid.toString()}`)
      if (has(corrupt, cid)) throw new IntegrityError('block-corrupt', `corrupt ${cid.toString()}`)
      return blocks.get(cid)
    },
  }
}

async function verify(source: BlockSource, starts: CID[], options: VerifyOptions = {}) {
  const findings: VerifyFinding[] = []
  const generator = verifyReachable(
    source,
    starts.map((cid, at) => ({ cid, revision: `r${at}` })),
    options,
  )
  for (;;) {
    const { done, value } = await generator.next()
    if (done === true) return { findings, totals: value }
    findings.push(value)
  }
}

const brief = ({ code, cid, path, commit, revision }: VerifyFinding) => ({
  code,
  cid: cid.toString(),
  path,
  commit: commit?.toString(),
  revision,
})

/** Two commits and a tag over a tree with everything in it. */
function makeHistory() {
  const blocks = new MemoryBlocks()
  const leaves = {
    'a.txt': 'one',
    'run.sh': { executable: '#!\n' },
    empty: '',
    'd/link': { link: '../a.txt' },
    'd/nothing': { folder: true as const },
    'd/big': seededBytes('big', 3 * MIB + 5),
    'd/e/copy': 'one',
  }
  const first = buildTree(blocks, leaves)
  const second = buildTree(blocks, { ...leaves, 'a.txt': 'two' })
  const root = commitOf(blocks, first)
  const head = commitOf(blocks, second, [root])
  const tag = encodeTag({ object: head, objectType: 'commit', name: 'v1', tagger: ANN, message: '' })
  blocks.put(tag)
  return { blocks, first, second, root, head, tag: tag.cid }
}

describe('what is sound', () => {
  test('has no findings, and every block is read once', async () => {
    const { blocks, tag, head } = makeHistory()
    const events: VerifyProgress[] = []
    const { findings, totals } = await verify(blocks, [tag, head, head], { onProgress: (event) => events.push(event) })
    expect(findings).toEqual([])
    // 3 nodes of history; 2 roots, d, e, nothing; one, two, script, empty, 4 leaves; executable, link, big.
    expect(totals).toMatchObject({ commits: 2, tags: 1, directories: 5, blocks: 19, findings: 0 })
    expect(blocks.reads).toBe(totals.blocks)
    expect(events.at(-1)).toEqual(totals)
    expect(totals.bytes).toBeGreaterThan(3 * MIB)
  })

  test('a directory and a file are verified as they are', async () => {
    const { blocks, second } = makeHistory()
    expect((await verify(blocks, [second, raw('one')])).totals).toMatchObject({
      commits: 0,
      directories: 4,
      findings: 0,
    })
  })

  test('a sharded directory, and another version of it, of which only the new shards are read', async () => {
    const { blocks, cid, changed } = makeSharded()
    const first = await verify(blocks, [cid])
    const both = await verify(blocks, [cid, changed])
    expect([first.findings, both.findings]).toEqual([[], []])
    expect(first.totals.files).toBe(6000)
    expect(both.totals.files).toBe(6001)
    expect(both.totals.blocks - first.totals.blocks).toBeLessThan(5)
  })
})

/** A sharded directory of 6,000 files, and the same with one file more. */
function makeSharded() {
  const blocks = new MemoryBlocks()
  const entries = Array.from({ length: 6001 }, (_, at) => {
    const bytes = Buffer.from(`content ${at}`)
    blocks.put({ cid: cidOf(RAW, bytes), bytes })
    return { name: `a file of some name ${at}`, cid: cidOf(RAW, bytes), tsize: bytes.length }
  })
  const built = buildDirectory(entries.slice(0, 6000))
  const changed = buildDirectory(entries)
  blocks.putAll(built.blocks)
  blocks.putAll(changed.blocks)
  return { blocks, cid: built.cid, changed: changed.cid }
}

describe('what is missing or corrupt', () => {
  test('is named with path and commit, and the rest is verified all the same', async () => {
    const { blocks, head, root, tag } = makeHistory()
    const big = fileOfBytes(seededBytes('big', 3 * MIB + 5))
    const leaf = cidOf(RAW, seededBytes('big', 3 * MIB).subarray(MIB, 2 * MIB))
    const source = damaged(blocks, { missing: [raw('two'), leaf], corrupt: [raw('one')] })
    const { findings, totals } = await verify(source, [tag])
    const at = { commit: head.toString(), revision: 'r0' }
    expect(findings.map(brief)).toEqual([
      { code: 'block-missing', cid: raw('two').toString(), path: 'a.txt', ...at },
      { code: 'block-missing', cid: leaf.toString(), path: 'd/big', ...at },
      { code: 'block-corrupt', cid: raw('one').toString(), path: 'd/e/copy', ...at },
    ])
    expect(totals).toMatchObject({ commits: 2, findings: 3, blocks: 16 })
    expect(big.blocks.length).toBe(1)
    expect((await verify(source, [root])).findings.map(({ path }) => path)).toEqual(['a.txt', 'd/big'])
  })

  test('a commit, a tree, an inner node of a file', async () => {
    const { blocks, head, root, first } = makeHistory()
    const big = fileOfBytes(seededBytes('big', 3 * MIB + 5)).cid
    expect((await verify(damaged(blocks, { missing: [root] }), [head])).findings.map(brief)).toEqual([
      { code: 'block-missing', cid: root.toString(), path: undefined, commit: root.toString(), revision: 'r0' },
    ])
    expect((await verify(damaged(blocks, { missing: [first] }), [head])).findings.map(brief)).toEqual([
      { code: 'block-missing', cid: first.toString(), path: '', commit: root.toString(), revision: 'r0' },
    ])
    const lost = await verify(damaged(blocks, { corrupt: [big] }), [head])
    expect(lost.findings.map(({ path }) => path)).toEqual(['d/big'])
    expect(lost.totals.commits).toBe(2)
  })

  test('a shard: the entries of all others are verified', async () => {
    const { blocks, cid } = makeSharded()
    const directory = await openDirectory(blocks, cid)
    const index = Array.from({ length: directory.node.count }, (_, at) => at).findIndex((at) =>
      isShardLink(directory, at),
    )
    const shard = toCid(linkCid(directory.node, index))
    const tree = buildDirectory([
      {
        name: 'big',
        cid,
        tsize: directory.node.bytes.length + directory.node.tsizes.reduce((sum, size) => sum + size, 0),
      },
    ])
    blocks.putAll(tree.blocks)
    const { findings, totals } = await verify(damaged(blocks, { missing: [shard] }), [tree.cid])
    expect(findings.map(({ code, path, cid }) => ({ code, path, cid: cid.toString() }))).toEqual([
      { code: 'block-missing', path: 'big', cid: shard.toString() },
    ])
    expect(totals.files).toBeGreaterThan(5900)
    expect(totals.files).toBeLessThan(6000)
  })

  test('in a real store: a flipped byte on the disk', async () => {
    const repository = await temporaryRepository()
    const block = encodeCommit({
      tree: buildDirectory([{ name: 'x', cid: raw('hello'), tsize: 5 }]).cid,
      parents: [],
      author: ANN,
      committer: ANN,
      message: '',
    })
    for (const each of [
      block,
      ...buildDirectory([{ name: 'x', cid: raw('hello'), tsize: 5 }]).blocks,
      { cid: raw('hello'), bytes: Buffer.from('hello') },
    ])
      await repository.store.put(each)
    expect((await verify(repository.store, [block.cid])).findings).toEqual([])
    const file = readdirSync(repository.path, { recursive: true, encoding: 'utf8' })
      .map((name) => join(repository.path, name))
      .find((path) => path.includes('loose') && path.endsWith('.data') && readFileSync(path).toString() === 'hello')
    writeFileSync(file as string, 'hellO')
    const { findings } = await verify(repository.store, [block.cid])
    expect(findings.map(({ code, path }) => ({ code, path }))).toEqual([{ code: 'block-corrupt', path: 'x' }])
  })
})

describe('what is sound as blocks and wrong as a dataset', () => {
  const directoryOf = (blocks: MemoryBlocks, links: { name: string; cid: CID; tsize: number }[]) => {
    const bytes = encodeNode(
      links.map((link) => ({ ...link, cid: link.cid.bytes })),
      encodeUnixfs({ type: UNIXFS_DIRECTORY }),
    )
    const cid = cidOf(DAG_PB, bytes)
    blocks.put({ cid, bytes })
    return { cid, tsize: bytes.length + links.reduce((sum, { tsize }) => sum + tsize, 0) }
  }
  const fileOf = (blocks: MemoryBlocks, links: { cid: CID; tsize: number; size: number }[]) => {
    const bytes = encodeNode(
      links.map(({ cid, tsize }) => ({ name: '', cid: cid.bytes, tsize })),
      encodeUnixfs({
        type: UNIXFS_FILE,
        fileSize: links.reduce((sum, { size }) => sum + size, 0),
        blockSizes: links.map(({ size }) => size),
      }),
    )
    const cid = cidOf(DAG_PB, bytes)
    blocks.put({ cid, bytes })
    return { cid, tsize: bytes.length + links.reduce((sum, { tsize }) => sum + tsize, 0) }
  }
  const leafOf = (blocks: MemoryBlocks, text: string) => {
    blocks.put({ cid: raw(text), bytes: Buffer.from(text) })
    return { cid: raw(text), tsize: text.length }
  }

  const cases: [string, (blocks: MemoryBlocks) => CID, string, string][] = [
    [
      'a file with a size that lies',
      (blocks) => directoryOf(blocks, [{ name: 'a', ...leafOf(blocks, 'abc'), tsize: 9 }]).cid,
      'tree-invalid',
      'a',
    ],
    [
      'the same file twice, once with a size that lies',
      (blocks) =>
        directoryOf(blocks, [
          { name: 'a', ...leafOf(blocks, 'abc') },
          { name: 'b', ...leafOf(blocks, 'abc'), tsize: 2 },
        ]).cid,
      'tree-invalid',
      'b',
    ],
    [
      'a directory with a size that lies',
      (blocks) => directoryOf(blocks, [{ name: 'd', ...directoryOf(blocks, []), tsize: 1 }]).cid,
      'tree-invalid',
      'd',
    ],
    [
      'part of a file with a size that lies',
      (blocks) => directoryOf(blocks, [{ name: 'f', ...fileOf(blocks, [{ ...leafOf(blocks, 'abc'), size: 4 }]) }]).cid,
      'tree-invalid',
      'f',
    ],
    [
      'an inner node with a size that lies',
      (blocks) =>
        directoryOf(blocks, [
          { name: 'f', ...fileOf(blocks, [{ ...fileOf(blocks, [{ ...leafOf(blocks, 'abc'), size: 3 }]), size: 5 }]) },
        ]).cid,
      'tree-invalid',
      'f',
    ],
    [
      'a directory in a file',
      (blocks) =>
        directoryOf(blocks, [{ name: 'f', ...fileOf(blocks, [{ ...directoryOf(blocks, []), size: 0 }]) }]).cid,
      'tree-invalid',
      'f',
    ],
    [
      'a name of the repository itself',
      (blocks) => directoryOf(blocks, [{ name: '.JZFS', ...leafOf(blocks, 'abc') }]).cid,
      'tree-invalid',
      '.JZFS',
    ],
    [
      'names out of order',
      (blocks) =>
        directoryOf(blocks, [
          { name: 'b', ...leafOf(blocks, 'abc') },
          { name: 'a', ...leafOf(blocks, 'abc') },
        ]).cid,
      'tree-invalid',
      '',
    ],
    [
      'a name twice',
      (blocks) =>
        directoryOf(blocks, [
          { name: 'a', ...leafOf(blocks, 'abc') },
          { name: 'a', ...leafOf(blocks, 'x') },
        ]).cid,
      'tree-invalid',
      '',
    ],
    [
      'a name that leaves the directory',
      (blocks) => directoryOf(blocks, [{ name: '../x', ...leafOf(blocks, 'abc') }]).cid,
      'tree-invalid',
      '',
    ],
    [
      'a commit in a tree',
      (blocks) => directoryOf(blocks, [{ name: 'c', cid: cidOf(DAG_JSON, Buffer.of()), tsize: 0 }]).cid,
      'tree-invalid',
      'c',
    ],
  ]
  test.each(cases)('%s', async (_, make, code, path) => {
    const blocks = new MemoryBlocks()
    const head = commitOf(blocks, make(blocks))
    const { findings } = await verify(blocks, [head])
    expect(
      findings.map((finding) => ({ code: finding.code, path: finding.path, commit: finding.commit?.toString() })),
    ).toEqual([{ code, path, commit: head.toString() }])
  })

  test('a commit that breaks the format, and a parent that is none', async () => {
    const { blocks, second, tag } = makeHistory()
    const bytes = Buffer.from('{"type":"jzfs/commit/1"}')
    const broken = cidOf(DAG_JSON, bytes)
    blocks.put({ cid: broken, bytes })
    const head = commitOf(blocks, second, [broken, tag])
    const { findings } = await verify(blocks, [head])
    expect(findings.map(({ code, cid }) => ({ code, cid: cid.toString() }))).toEqual([
      { code: 'commit-invalid', cid: broken.toString() },
      { code: 'not-a-commit', cid: tag.toString() },
    ])
  })

  test('a small DAG that unfolds to very much is verified in as many steps as it has blocks', async () => {
    const blocks = new MemoryBlocks()
    let directory = directoryOf(blocks, [{ name: 'leaf', ...leafOf(blocks, 'x') }])
    let file = fileOf(blocks, [{ ...leafOf(blocks, 'x'), size: 1 }])
    let size = 1
    for (let depth = 0; depth < 40; depth++) {
      directory = directoryOf(blocks, [
        { name: 'a', ...directory },
        { name: 'b', ...directory },
      ])
      file = fileOf(blocks, [
        { ...file, size },
        { ...file, size },
      ])
      size *= 2
    }
    const { findings, totals } = await verify(blocks, [
      directoryOf(blocks, [
        { name: 'd', ...directory },
        { name: 'f', ...file },
      ]).cid,
    ])
    expect(findings).toEqual([])
    expect(totals.blocks).toBe(84)
  })
})

test('it stops when it is told to', async () => {
  const { blocks, head } = makeHistory()
  await expect(verify(blocks, [head], { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
})

test('what is no fault of the data is thrown', async () => {
  const broken: BlockSource = { get: async () => Promise.reject(new TypeError('bug')) }
  await expect(verify(broken, [makeHistory().head])).rejects.toThrow('bug')
})
