import { readFileSync, statSync, writeFileSync } from 'node:fs'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { createIndexMemory } from '../../../src/store/pack/index-memory.ts'
import { createOpenFiles } from '../../../src/store/pack/open-files.ts'
import { packSections } from '../../../src/store/pack/pack-sections.ts'
import { openPack, type Pack } from '../../../src/store/pack/pack.ts'
import { soundSections } from '../../../src/store/salvage/sound-sections.ts'
import { temporaryRepository } from '../../support/repository.ts'
import { seededBytes } from '../../support/seeded.ts'
import { rawBlock, writePack } from '../../support/store-files.ts'

const open = (path: string): Pack => openPack(path, createOpenFiles(2), createIndexMemory(1 << 20))

function saved(path: string): string[] {
  const pack = open(path)
  const sections = soundSections(pack, statSync(path).size)
  const cids = Array.from(sections, ({ cid }) => cid.toString())
  pack.close()
  return cids
}

/** Blocks of many sizes and all codecs; some hold what looks like the start of a section. */
const BLOCKS = [0, 1, 5, 90, 127, 128, 300, 5000, 16_383, 16_384, 70_000, 1_048_576, 12].map((size, at) => {
  const bytes = seededBytes(`block ${at}`, size)
  const start = Buffer.from([0x24, 0x01, 0x55, 0x12, 0x20])
  if (size > 2000) for (let place = 100; place < size - 10; place += 997) bytes.set(start, place)
  return rawBlock(bytes, [0x55, 0x70, 0x0129][at % 3])
})

test('all blocks of a sound pack, in their order', async () => {
  const { store } = await temporaryRepository()
  const path = await writePack(store, BLOCKS)
  expect(saved(path)).toEqual(BLOCKS.map(({ cid }) => cid.toString()))
})

test('every block that is whole is found, whatever happened to the rest of the file', async () => {
  const { store } = await temporaryRepository()
  const path = await writePack(store, BLOCKS)
  const whole = readFileSync(path)
  const pack = open(path)
  const places = Array.from(packSections(pack), ({ cid, start }) => ({ cid: cid.toString(), start }))
  pack.close()
  const ends = [...places.slice(1).map(({ start }) => start), Number(whole.readBigUInt64LE(11 + 16 + 16))]
  const damage = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    length: fc.integer({ min: 1, max: 40_000 }),
    byte: fc.integer({ min: 0, max: 255 }),
  })
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 6 }), fc.boolean(), (damages, isHeadLost) => {
      const bytes = Buffer.from(whole)
      const ranges = damages.map(({ at, length, byte }) => {
        const from = Math.floor(at * whole.length)
        const to = Math.min(from + length, whole.length)
        bytes.fill(byte, from, to)
        return { from, to }
      })
      if (isHeadLost) bytes.fill(0xff, 0, 69)
      writeFileSync(path, bytes)
      const untouched = places.filter(({ start }, at) =>
        ranges.every(({ from, to }) => to <= start || from >= ends[at]!),
      )
      expect(saved(path)).toEqual(expect.arrayContaining(untouched.map(({ cid }) => cid)))
    }),
    { numRuns: 40, seed: 20_261_121 },
  )
})

test('a file that is cut short, or holds nothing of a pack', async () => {
  const { store } = await temporaryRepository()
  const path = await writePack(store, BLOCKS)
  const whole = readFileSync(path)
  writeFileSync(path, whole.subarray(0, 7000))
  expect(saved(path)).toEqual(BLOCKS.slice(0, 8).map(({ cid }) => cid.toString()))
  for (const bytes of ['', 'nothing', seededBytes('noise', 100_000)]) {
    writeFileSync(path, bytes)
    expect(saved(path)).toEqual([])
  }
})
