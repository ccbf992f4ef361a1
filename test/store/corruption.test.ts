import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

import { describe, expect, it } from 'vitest'

import type { Block } from '../../src/model/block.ts'
import { LOOSE_LAYOUT } from '../../src/store/loose/loose-layout.ts'
import {
  decodePackHeader,
  FIRST_SECTION_OFFSET,
  PAYLOAD_OFFSET,
  sectionLayout,
} from '../../src/store/pack/pack-format.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { all, damageFile, rawBlock, rawBlocks, writePack } from '../support/store-files.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const content = (block: Block): Buffer => Buffer.from(block.bytes)

describe('a damaged pack', () => {
  it('never gives wrong bytes, is always noticed, and disturbs nobody, whichever byte is damaged', async () => {
    const directory = temporaryFolder()
    const store = await openStore(directory)
    const blocks = rawBlocks(3, 'in the damaged pack')
    const sound = rawBlock('in a sound pack')
    const path = await writePack(store, blocks)
    await writePack(store, [sound])
    const original = readFileSync(path)
    // The codec in a section's CID is covered by no hash, and has no part in finding or verifying a block.
    const codecs = new Set(codecPositions(original))
    expect(codecs.size).toBe(blocks.length)
    for (const how of ['flip', 'cut'] as const) {
      for (let at = 0; at < original.length; at++) {
        if (how === 'flip' && codecs.has(at)) continue
        damageFile(path, at, how)
        await expectNoticed(directory, blocks, sound, `${how} at ${at}`)
        writeFileSync(path, original)
      }
    }
  })

  it('is named when a block that it may have had is asked for', async () => {
    const store = await openStore(temporaryFolder())
    const block = rawBlock('lost')
    const path = await writePack(store, [block])
    damageFile(path, readFileSync(path).length - 20, 'cut')
    const fresh = await openStore(store.directory)
    await expect(fresh.get(block.cid)).rejects.toMatchObject({
      code: 'pack-corrupt',
      family: 'integrity',
      message: expect.stringContaining(path),
      hint: expect.stringContaining('jzfs verify'),
      details: { path },
    })
    expect(await all(fresh.verifyPacks())).toMatchObject([{ code: 'pack-corrupt', path }])
    await writePack(fresh, [block])
    expect(await fresh.get(block.cid)).toEqual(block.bytes)
  })

  it('does not give one block for another when its index lies', async () => {
    const store = await openStore(temporaryFolder())
    const blocks = [rawBlock('first'), rawBlock('other')]
    const path = await writePack(store, blocks)
    const bytes = readFileSync(path)
    // Both entries are made to lead to one section.
    const [one, two] = [bytes.length - 8, bytes.length - 48]
    bytes.copyWithin(one, two, two + 8)
    writeFileSync(path, bytes)
    const fresh = await openStore(store.directory)
    const results = await Promise.allSettled(blocks.map(({ cid }) => fresh.get(cid)))
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    for (const [i, result] of results.entries()) {
      if (result.status === 'fulfilled') expect(result.value).toEqual(blocks[i]?.bytes)
      else expect(result.reason).toMatchObject({ code: 'pack-corrupt', details: { path } })
    }
  })

  it('is passed over where another pack or a loose file has the block', async () => {
    for (const where of ['pack', 'loose'] as const) {
      const store = await openStore(temporaryFolder())
      const block = rawBlock('twice here')
      const path = await writePack(store, [block])
      damageFile(path, readFileSync(path).indexOf(content(block)))
      const fresh = await openStore(store.directory)
      await expect(fresh.get(block.cid)).rejects.toMatchObject({ code: 'block-corrupt' })
      if (where === 'pack') await writePack(fresh, [block])
      else await fresh.put(block)
      expect(await fresh.get(block.cid)).toEqual(block.bytes)
      expect(await (await openStore(store.directory)).get(block.cid)).toEqual(block.bytes)
    }
  })
})

describe('a corrupt block', () => {
  it('is named with its pack, and storing it again repairs it, also from another process', async () => {
    const store = await openStore(temporaryFolder())
    const blocks = rawBlocks(10, 'some')
    const block = blocks[4]!
    const path = await writePack(store, blocks)
    damageFile(path, readFileSync(path).indexOf(content(block)) + 3)
    const finder = await openStore(store.directory)
    await expect(finder.get(block.cid)).rejects.toMatchObject({
      code: 'block-corrupt',
      family: 'integrity',
      message: `block ${block.cid.toString()} is corrupt in ${path}`,
      details: { cid: block.cid.toString(), path },
    })
    expect(finder.getSync(block.cid)).toBeUndefined()
    for (const other of blocks) if (other !== block) expect(await finder.get(other.cid)).toEqual(other.bytes)
    const repairer = await openStore(store.directory)
    expect(repairer.hasDigest(block.cid.multihash.digest)).toBe(false)
    const pack = await repairer.createPack()
    expect(blocks.map((each) => pack.add(each))).toEqual(blocks.map((each) => each === block))
    await pack.finish()
    expect(await repairer.get(block.cid)).toEqual(block.bytes)
    expect(repairer.hasDigest(block.cid.multihash.digest)).toBe(true)
    const findings = await all(repairer.verifyPacks())
    expect(findings).toMatchObject([{ path, hasSoundCopy: true }])
    expect(String(findings[0]?.cid)).toBe(block.cid.toString())
  })

  it('of which only the process that found it could not write knows is repaired by that process', async () => {
    const store = await openStore(temporaryFolder())
    const block = rawBlock('x')
    const path = await writePack(store, [block])
    damageFile(path, readFileSync(path).indexOf(content(block)))
    const reader = await openStore(store.directory, { readonly: true })
    await expect(reader.get(block.cid)).rejects.toMatchObject({ code: 'block-corrupt' })
    expect(reader.hasDigest(block.cid.multihash.digest)).toBe(false)
    expect((await openStore(store.directory)).hasDigest(block.cid.multihash.digest)).toBe(true)
  })

  it('in a loose file is not served, and replaced by a put', async () => {
    const store = await openStore(temporaryFolder())
    const block = rawBlock('loose')
    await store.put(block)
    const path = loosePath(store, block)
    for (const damage of [() => damageFile(path, 2), () => damageFile(path, 0, 'cut'), () => appendTo(path)]) {
      damage()
      await expect(store.get(block.cid)).rejects.toMatchObject({
        code: 'block-corrupt',
        details: { cid: block.cid.toString(), path },
      })
      expect(await all(store.verifyPacks())).toMatchObject([{ code: 'block-corrupt', path, hasSoundCopy: false }])
      await store.put(block)
      expect(await store.get(block.cid)).toEqual(block.bytes)
      expect(await all(store.verifyPacks())).toEqual([])
    }
    expect(readdirSync(join(path, '..'))).toEqual([basename(path)])
  })

  it('in place of whose loose file is a folder is an error that names it', async () => {
    const store = await openStore(temporaryFolder())
    const block = rawBlock('folder')
    mkdirSync(loosePath(store, block), { recursive: true })
    await expect(store.get(block.cid)).rejects.toMatchObject({ code: 'is-a-directory' })
  })
})

describe('checking a store', () => {
  it('finds nothing in a sound one, and says how far it is', async () => {
    const store = await openStore(temporaryFolder())
    await writePack(store, rawBlocks(600, 'packed'))
    await store.put(rawBlock('loose'))
    const reports: number[] = []
    expect(await all(store.verifyPacks({ onProgress: ({ blocks }) => reports.push(blocks) }))).toEqual([])
    expect(reports).toEqual([256, 512, 601])
  })

  it('finds every corrupt block of a pack', async () => {
    const store = await openStore(temporaryFolder())
    const blocks = rawBlocks(20, 'some')
    const path = await writePack(store, blocks)
    const corrupt = [blocks[3]!, blocks[17]!]
    for (const block of corrupt) damageFile(path, readFileSync(path).indexOf(content(block)))
    const findings = await all((await openStore(store.directory)).verifyPacks())
    expect(findings.map(({ cid }) => String(cid)).sort()).toEqual(corrupt.map(({ cid }) => cid.toString()).sort())
  })

  it('finds an index that is not the pack’s, however it came about', async () => {
    const store = await openStore(temporaryFolder())
    const path = await writePack(store, rawBlocks(50, 'some'))
    const original = readFileSync(path)
    const entries = original.length - 50 * 40
    const swapped = Buffer.from(original)
    original.copy(swapped, entries, entries + 40, entries + 80)
    original.copy(swapped, entries + 40, entries, entries + 40)
    const lying = Buffer.from(original)
    lying.writeBigUInt64LE(BigInt(PAYLOAD_OFFSET), entries + 32)
    for (const bytes of [swapped, lying]) {
      writeFileSync(path, bytes)
      expect(await all((await openStore(store.directory)).verifyPacks())).toMatchObject([
        { code: 'pack-corrupt', path },
      ])
    }
  })

  it('stops when told to', async () => {
    const store = await openStore(temporaryFolder())
    await writePack(store, rawBlocks(10, 'some'))
    await expect(all(store.verifyPacks({ signal: AbortSignal.abort() }))).rejects.toThrow(/abort/iu)
  })
})

/** Every block is given right or refused by a clear error; the check finds the damage; other packs go on serving. */
async function expectNoticed(directory: string, blocks: Block[], sound: Block, what: string): Promise<void> {
  const store = await openStore(directory, { readonly: true })
  let refused = 0
  for (const { cid, bytes } of blocks) {
    const result = await store.get(cid).catch((error: unknown) => error)
    if (result instanceof Uint8Array) expect({ what, result }).toEqual({ what, result: bytes })
    else {
      refused++
      expect({ what, result }).toMatchObject({ what, result: { family: 'integrity' } })
    }
  }
  expect(await store.get(sound.cid)).toEqual(sound.bytes)
  const findings = await all(store.verifyPacks())
  expect({ what, isFound: findings.length > 0 }).toEqual({ what, isFound: true })
  if (refused > 0) expect(findings[0]?.message).toMatch(/corrupt|damaged/u)
  await store.close()
}

function codecPositions(pack: Uint8Array): number[] {
  const positions: number[] = []
  const end = decodePackHeader(pack, pack.length)?.indexOffset ?? 0
  for (let at = FIRST_SECTION_OFFSET; at < end;) {
    const section = sectionLayout(pack, at)
    if (section === undefined) break
    positions.push(section.cidStart + 1)
    at = section.end
  }
  return positions
}

function loosePath(store: Store, block: Block): string {
  const { dir, file } = LOOSE_LAYOUT.encode(block.cid)
  return join(store.directory, 'loose', dir, file)
}

function appendTo(path: string): void {
  writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(100)]))
}
