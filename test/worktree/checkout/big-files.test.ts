import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

import { importer, type ImporterOptions } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { trickle } from 'ipfs-unixfs-importer/layout'
import type { CID } from 'multiformats/cid'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'

import type { BlockSink } from '../../../src/model/block.ts'
import { buildDirectory, type Entry } from '../../../src/model/directory/directory.ts'
import { createBlockCopier } from '../../../src/store/copy/block-copier.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { checkoutTrees, type WorkingFiles } from '../../../src/worktree/checkout/checkout-trees.ts'
import { fileModes } from '../../../src/worktree/checkout/write-entry.ts'
import { fileOfBytes } from '../../support/build-file.ts'
import { whenReady } from '../../support/ready-copier.ts'
import { seededBytes } from '../../support/seeded.ts'
import { damageFile } from '../../support/store-files.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const MIB = 1_048_576

let store: Store
let files: WorkingFiles
/** One for all tests: to start threads takes longer than to write a file. */
const copier = createBlockCopier({ locate: (cid) => store.locate(cid), refresh: () => store.refresh() })
afterAll(() => copier.stop())
beforeEach(async () => {
  const folder = temporaryFolder()
  const [top, tmp] = [join(folder, 'top'), join(folder, 'tmp')]
  for (const each of [top, tmp]) mkdirSync(each)
  const opened = await openStore(join(folder, 'store'))
  onTestFinished(() => opened.close())
  store = opened
  files = {
    top,
    tmp,
    source: store,
    copier,
    modes: fileModes(0o022, true),
    keeps: { executableBit: true, symlinks: true },
  }
  await whenReady(copier, store)
})

type Sketch = Uint8Array | { executable: Uint8Array } | { foreign: Uint8Array; options: ImporterOptions }

const bytesOf = (sketch: Sketch): Uint8Array =>
  'executable' in sketch ? sketch.executable : 'foreign' in sketch ? sketch.foreign : sketch

/** Packs a directory of files, and returns its CID and the pack's path. */
async function packTree(sketches: Record<string, Sketch>): Promise<{ tree: CID; pack: string }> {
  const pack = await store.createPack()
  const sink: BlockSink = { put: (block) => void pack.add(block) }
  const entries: Entry[] = []
  for (const [name, sketch] of Object.entries(sketches)) {
    entries.push({ name, ...('foreign' in sketch ? await importForeign(sink, sketch) : buildOurs(sink, sketch)) })
  }
  const directory = buildDirectory(entries)
  for (const block of directory.blocks) pack.add(block)
  const written = await pack.finish()
  return { tree: directory.cid, pack: written?.path ?? '' }
}

function buildOurs(sink: BlockSink, sketch: Exclude<Sketch, { foreign: Uint8Array }>): { cid: CID; tsize: number } {
  const executable = 'executable' in sketch
  const file = fileOfBytes(bytesOf(sketch), { executable, onLeaf: (block) => void sink.put(block) })
  for (const block of file.blocks) void sink.put(block)
  return file
}

async function importForeign(
  sink: BlockSink,
  { foreign, options }: { foreign: Uint8Array; options: ImporterOptions },
): Promise<{ cid: CID; tsize: number }> {
  const put = (cid: CID, bytes: Uint8Array): CID => {
    void sink.put({ cid, bytes })
    return cid
  }
  const [file] = await Array.fromAsync(importer([{ content: foreign }], { put }, options))
  if (file === undefined) throw new Error('nothing was imported')
  return { cid: file.cid, tsize: Number(file.size) }
}

function expectFiles(sketches: Record<string, Sketch>): void {
  for (const [name, sketch] of Object.entries(sketches)) {
    const path = join(files.top, name)
    expect([name, readFileSync(path).equals(bytesOf(sketch))]).toEqual([name, true])
    expect([name, statSync(path).mode & 0o777]).toEqual([name, 'executable' in sketch ? 0o755 : 0o644])
  }
}

const random = seededBytes('big', 17 * MIB + 12_345)

describe('big files', () => {
  it('are written as their blocks say, whatever made them, and replace one another', async () => {
    const before: Record<string, Sketch> = {
      'at the bound': random.subarray(0, 16 * MIB),
      tool: { executable: random },
      repeated: Buffer.concat(Array.from({ length: 17 }, () => random.subarray(0, MIB))),
    }
    const chunker = fixedSize({ chunkSize: 262_144 })
    const after: Record<string, Sketch> = {
      'at the bound': { foreign: random, options: { chunker, rawLeaves: true } },
      tool: { foreign: random, options: { rawLeaves: false, layout: trickle() } },
    }
    const trees = { before: (await packTree(before)).tree, after: (await packTree(after)).tree }
    expect(await checkoutTrees(files, { before: undefined, after: trees.before })).toEqual({ left: [], failed: [] })
    expectFiles(before)
    expect(await checkoutTrees(files, trees)).toEqual({ left: [], failed: [] })
    expectFiles(after)
    expect(existsSync(join(files.top, 'repeated'))).toBe(false)
  })

  it('of which a block is corrupt are named, and are not there', async () => {
    const { tree, pack } = await packTree({ rotten: random, sound: new Uint8Array(16 * MIB) })
    const rotten = readFileSync(pack).indexOf(random.subarray(9 * MIB, 9 * MIB + 64)) + 1000
    damageFile(pack, rotten)
    const { left, failed } = await checkoutTrees(files, { before: undefined, after: tree })
    expect(left).toEqual([])
    expect(failed).toMatchObject([{ path: 'rotten', error: { code: 'block-corrupt', details: { path: pack } } }])
    expect(existsSync(join(files.top, 'rotten'))).toBe(false)
    expectFiles({ sound: new Uint8Array(16 * MIB) })
  })

  it('are not there where the checkout is aborted', async () => {
    const { tree } = await packTree({ aborted: Buffer.concat([random, random, random]) })
    const controller = new AbortController()
    const source = {
      get: (...given: Parameters<Store['get']>) => store.get(...given),
      getSync: (cid: CID) => store.getSync(cid),
    }
    setImmediate(() => controller.abort(new Error('enough')))
    const { signal } = controller
    await expect(checkoutTrees({ ...files, source }, { before: undefined, after: tree }, { signal })).rejects.toThrow(
      'enough',
    )
    expect(existsSync(join(files.top, 'aborted'))).toBe(false)
  })
})
