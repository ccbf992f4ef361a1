import fs, { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'

import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import type { CID } from 'multiformats/cid'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'

import type { Block } from '../../../src/model/block.ts'
import { cidOfDigest, RAW } from '../../../src/model/cid.ts'
import { encodeCommit } from '../../../src/model/commit/commit.ts'
import { encodeTag } from '../../../src/model/commit/tag.ts'
import { buildDirectory, type Entry } from '../../../src/model/directory/directory.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { type ArrivingFiles, createArrivingFiles } from '../../../src/worktree/arriving/arriving-files.ts'
import { placeArrived } from '../../../src/worktree/arriving/place-arrived.ts'
import { fileModes } from '../../../src/worktree/checkout/write-entry.ts'
import { fileOfBytes } from '../../support/build-file.ts'
import { ANN } from '../../support/repository.ts'
import { seededBytes } from '../../support/seeded.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const MIB = 1_048_576
const random = seededBytes('arriving', 18 * MIB + 321)
const other = seededBytes('other', 16 * MIB)

let folder: string
let store: Store
let temporaries: string
beforeEach(async () => {
  folder = temporaryFolder()
  temporaries = join(folder, 'store', 'tmp')
  const opened = await openStore(join(folder, 'store'))
  onTestFinished(() => opened.close())
  store = opened
})

interface Built {
  cid: CID
  tsize: number
  /** Each node before what is below it. */
  blocks: Block[]
}

function fileOf(bytes: Uint8Array, executable = false): Built {
  const leaves: Block[] = []
  const { cid, tsize, blocks } = fileOfBytes(bytes, { executable, onLeaf: (block) => void leaves.push(block) })
  return { cid, tsize, blocks: [...blocks.toReversed(), ...leaves] }
}

/** As another program builds it: leaves of 128 KiB, three to a node. */
async function foreignFile(bytes: Uint8Array): Promise<Built> {
  const made: Block[] = []
  const put = (cid: CID, block: Uint8Array): CID => {
    made.push({ cid, bytes: block })
    return cid
  }
  const options = {
    rawLeaves: true,
    chunker: fixedSize({ chunkSize: 131_072 }),
    layout: balanced({ maxChildrenPerNode: 3 }),
  }
  const [file] = await Array.fromAsync(importer([{ content: bytes }], { put }, options))
  return { cid: file!.cid, tsize: Number(file!.size), blocks: made.toReversed() }
}

function directoryOf(children: Record<string, Built>): Built {
  const entries: Entry[] = Object.entries(children).map(([name, { cid, tsize }]) => ({ name, cid, tsize }))
  const { cid, tsize, blocks } = buildDirectory(entries)
  return { cid, tsize, blocks: [...blocks.toReversed(), ...Object.values(children).flatMap((child) => child.blocks)] }
}

function commitOf(tree: Built): Built {
  const { cid, bytes } = encodeCommit({ tree: tree.cid, parents: [], author: ANN, committer: ANN, message: 'x' })
  return { cid, tsize: 0, blocks: [{ cid, bytes }, ...tree.blocks] }
}

async function arrivalOf(root: CID): Promise<ArrivingFiles> {
  const arriving = await createArrivingFiles(store, root)
  onTestFinished(() => arriving[Symbol.asyncDispose]())
  return arriving
}

/** Has blocks arrive, each once, in a pack as those of a transfer do. */
async function receive(arriving: ArrivingFiles, blocks: readonly Block[]): Promise<void> {
  const pack = await store.createPack()
  for (const block of blocks) {
    // What came is true until the next block comes.
    const bytes = new Uint8Array(block.bytes)
    pack.add({ cid: block.cid, bytes }, arriving.note({ cid: block.cid, bytes }))
    bytes.fill(0)
    await pack.drain()
  }
  await pack.finish()
}

async function taken(arriving: ArrivingFiles, file: Built): Promise<Buffer | undefined> {
  const path = await arriving.take(file.cid)
  if (path === undefined) return undefined
  expect(statSync(path).mode & 0o777).toBe(0o200)
  return readFileSync(path)
}

describe('files that arrive', () => {
  it('are whole once their leaves came, in whatever directories and layouts', async () => {
    const [plain, executable, foreign] = [fileOf(random), fileOf(other, true), await foreignFile(other)]
    const many = Object.fromEntries(
      Array.from({ length: 6000 }, (_, at) => [`small file ${at}`, fileOf(Buffer.of(at))]),
    )
    const sharded = directoryOf({ ...many, foreign })
    const commit = commitOf(directoryOf({ plain, deep: directoryOf({ executable }), sharded }))
    const arriving = await arrivalOf(commit.cid)
    await receive(arriving, commit.blocks)
    expect((await taken(arriving, plain))?.equals(random)).toBe(true)
    expect((await taken(arriving, executable))?.equals(other)).toBe(true)
    expect((await taken(arriving, foreign))?.equals(other)).toBe(true)
    expect(await taken(arriving, plain)).toBeUndefined()
  })

  it('have a leaf wherever it stands, of a tag as of a commit, and leaves in any order', async () => {
    const leaf = random.subarray(0, MIB)
    const repeated = Buffer.concat([leaf, ...Array.from({ length: 16 }, () => other.subarray(0, MIB)), leaf, leaf])
    const file = fileOf(repeated)
    const commit = commitOf(directoryOf({ repeated: file }))
    const tag = encodeTag({ object: commit.cid, objectType: 'commit', name: 'v1', tagger: ANN, message: 'x' })
    const arriving = await arrivalOf(tag.cid)
    const nodes = commit.blocks.slice(0, 3)
    const leaves = [...new Map(commit.blocks.slice(3).map((block) => [block.cid.toString(), block])).values()]
    await receive(arriving, [tag, ...nodes, ...leaves.toReversed()])
    expect((await taken(arriving, file))?.equals(repeated)).toBe(true)
  })

  it('are not there where a leaf is missing, came before its node, or is of another length', async () => {
    const [missing, early] = [fileOf(random), fileOf(other)]
    const commit = commitOf(directoryOf({ missing, early }))
    const arriving = await arrivalOf(commit.cid)
    const lastOfMissing = missing.blocks.at(-1)!
    const leafOfEarly = early.blocks.at(-1)!
    await receive(arriving, [leafOfEarly, ...commit.blocks.filter((block) => block !== lastOfMissing)])
    arriving.note({ cid: lastOfMissing.cid, bytes: lastOfMissing.bytes.subarray(1) })
    expect(await taken(arriving, missing)).toBeUndefined()
    expect(await taken(arriving, early)).toBeUndefined()
    await arriving[Symbol.asyncDispose]()
    expect(readdirSync(temporaries)).toEqual([])
  })

  it('are of that commit only: what its parents had is not written', async () => {
    const old = commitOf(directoryOf({ old: fileOf(other) }))
    const tree = directoryOf({ small: fileOf(Buffer.from('small')) })
    const body = { tree: tree.cid, parents: [old.cid], author: ANN, committer: ANN, message: 'x' }
    const commit = encodeCommit(body)
    const arriving = await arrivalOf(commit.cid)
    await receive(arriving, [commit, ...tree.blocks, ...old.blocks])
    expect(readdirSync(temporaries)).toEqual([])
  })

  it('are one for all places of a file, and none where sizes lie, a block has many places, or nothing is a node', async () => {
    const [twice, many] = [
      fileOf(random),
      fileOf(Buffer.concat(Array.from({ length: 17 }, () => other.subarray(0, MIB)))),
    ]
    const commit = commitOf(directoryOf({ here: twice, there: twice, deep: directoryOf({ again: twice }), many }))
    const arriving = await arrivalOf(commit.cid)
    const unique = [...new Map(commit.blocks.map((block) => [block.cid.toString(), block])).values()]
    await receive(arriving, unique)
    expect(readdirSync(temporaries).length).toBe(1)
    expect((await taken(arriving, twice))?.equals(random)).toBe(true)
    expect(await taken(arriving, many)).toBeUndefined()

    const foreign = await foreignFile(other)
    const root = foreign.blocks[0]!
    const inner = foreign.blocks.find(({ cid }) => cid.code !== RAW && !cid.equals(root.cid))!
    const lying = commitOf(directoryOf({ foreign }))
    const misled = await arrivalOf(lying.cid)
    for (const block of lying.blocks.slice(0, 3)) misled.note(block)
    // As if a node said less than the one above it, and another were none: a walk refuses them, here nothing is thrown.
    expect(misled.note({ cid: inner.cid, bytes: fileOf(other).blocks[0]!.bytes })).toBeUndefined()
    for (const { cid } of foreign.blocks.filter((block) => block.cid.code !== RAW)) {
      expect(misled.note({ cid, bytes: Buffer.from('no node') })).toBeUndefined()
    }
    expect(await taken(misled, foreign)).toBeUndefined()
  })

  it('are not what a raw block of the same digest is: that is the bytes of the node', async () => {
    const file = fileOf(random)
    const commit = commitOf(directoryOf({ file }))
    const arriving = await arrivalOf(commit.cid)
    await receive(arriving, commit.blocks)
    expect(await arriving.take(cidOfDigest(RAW, file.cid.multihash.digest))).toBeUndefined()
    expect((await taken(arriving, file))?.equals(random)).toBe(true)
  })

  it('are gone where they come twice, as after a peer that lied', async () => {
    const file = fileOf(random)
    const commit = commitOf(
      directoryOf({ one: directoryOf({ file }), two: directoryOf({ file, x: fileOf(Buffer.of(1)) }) }),
    )
    const arriving = await arrivalOf(commit.cid)
    const nodes = commit.blocks.filter(({ cid }) => cid.code !== RAW)
    await receive(arriving, [...nodes.slice(0, 4), ...file.blocks])
    for (const block of [...nodes, ...file.blocks]) arriving.note(block)
    await arriving[Symbol.asyncDispose]()
    expect(readdirSync(temporaries)).toEqual([])
  })

  it('give up where the disk fails, and end the lease', async () => {
    const file = fileOf(random)
    const commit = commitOf(directoryOf({ file }))
    const arriving = await arrivalOf(commit.cid)
    const copies = commit.blocks.slice(0, -1).map((block) => [arriving.note(block), block.bytes] as const)
    const failing = vi.spyOn(fs, 'close').mockImplementation((descriptor, callback) => {
      fs.closeSync(descriptor)
      callback?.(Object.assign(new Error('over quota'), { code: 'EDQUOT' }))
    })
    syncBuiltinESMExports()
    try {
      for (const [copy, bytes] of copies) await copy?.(bytes)
      expect(await taken(arriving, file)).toBeUndefined()
      await arriving[Symbol.asyncDispose]()
    } finally {
      failing.mockRestore()
      syncBuiltinESMExports()
    }
    expect(readdirSync(temporaries)).toEqual([])
    const alone = await store.tryLockOutWriters()
    expect(alone).toBeDefined()
    alone?.release()
  })

  it('are not written where the disk has no room for them beside their blocks', async () => {
    const file = fileOf(random)
    const commit = commitOf(directoryOf({ deep: directoryOf({ file }) }))
    for (const [freeBytes, isWritten] of [
      [40 * MIB, false],
      [42 * MIB, true],
    ] as const) {
      await using arriving = await createArrivingFiles(store, commit.cid, { freeBytes: () => freeBytes })
      const copies = commit.blocks.map((block) => arriving.note(block))
      expect(copies.some((copy) => copy !== undefined)).toBe(isWritten)
    }
  })

  it('are given up, with nothing left, where they cannot be written or are more than may be open', async () => {
    const files = Array.from({ length: 12 }, (_, at) => fileOf(Buffer.concat([Buffer.of(at), random])))
    const commit = commitOf(directoryOf(Object.fromEntries(files.map((file, at) => [`file ${at}`, file]))))
    const arriving = await arrivalOf(commit.cid)
    const nodes = commit.blocks.filter(({ cid }) => cid.code !== RAW)
    const [last, lastButOne] = [1, 2].map((at) => files.map((file) => file.blocks.at(-at)!))
    await receive(arriving, [...nodes, ...last!, ...lastButOne!])
    expect(readdirSync(temporaries).length).toBe(8)
    for (const file of files) expect(await taken(arriving, file)).toBeUndefined()
    const single = fileOf(random)
    const [root] = [commitOf(directoryOf({ single }))]
    const blocked = await arrivalOf(root.cid)
    const [first, ...rest] = root.blocks
    blocked.note(first!)
    const copies = rest.map((block) => [blocked.note(block), block.bytes] as const)
    rmSync(temporaries, { recursive: true })
    writeFileSync(temporaries, 'in the way')
    for (const [copy, bytes] of copies) await copy?.(bytes)
    rmSync(temporaries)
    mkdirSync(temporaries)
    expect(await taken(blocked, single)).toBeUndefined()
  })

  it('are put where nothing is, with their mode; where something is, they are gone', async () => {
    const files = [fileOf(random), fileOf(other, true)] as const
    const commit = commitOf(directoryOf({ plain: files[0], tool: files[1] }))
    const arriving = await arrivalOf(commit.cid)
    await receive(arriving, commit.blocks)
    const modes = fileModes(0o022, true)
    const at = (name: string, { cid, tsize }: Built, kind: 'file' | 'executable') => ({
      path: join(folder, name),
      entry: { cid },
      node: { kind, size: tsize, contentCid: cid, canonical: true },
    })
    const order: string[] = []
    const onReady = (): void => void order.push(existsSync(join(folder, 'tool')) ? 'there' : 'not yet')
    const stamp = await placeArrived(arriving, at('tool', files[1], 'executable'), modes, { onReady })
    expect(order).toEqual(['not yet'])
    const found = statSync(join(folder, 'tool'), { bigint: true })
    expect(stamp).toEqual({ mtimeNs: found.mtimeNs, ctimeNs: found.ctimeNs, inode: found.ino })
    expect([Number(found.mode & 0o777n), Number(found.nlink)]).toEqual([0o755, 1])
    writeFileSync(join(folder, 'plain'), 'somebody’s')
    expect(await placeArrived(arriving, at('plain', files[0], 'file'), modes, { onReady })).toBeUndefined()
    expect(readFileSync(join(folder, 'plain'), 'utf8')).toBe('somebody’s')
    expect(readdirSync(temporaries)).toEqual([])
  })
})
