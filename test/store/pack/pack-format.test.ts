import { createHash } from 'node:crypto'

import { CarReader } from '@ipld/car'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { cidOf, DAG_PB, RAW } from '../../../src/model/cid.ts'
import {
  decodePackHeader,
  encodePackHeader,
  FIRST_SECTION_OFFSET,
  MAX_SECTION_SIZE,
  PAYLOAD_HEADER,
  PAYLOAD_OFFSET,
  readVarint,
  sectionLayout,
  sectionSize,
  writeSectionStart,
  writeVarint,
} from '../../../src/store/pack/pack-format.ts'

describe('the start of a pack', () => {
  it('has the bytes of the CARv2 specification', () => {
    const bytes = encodePackHeader(0x1234)
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '0aa16776657273696f6e02' +
        '80000000000000000000000000000000' +
        '3300000000000000' +
        '3412000000000000' +
        '6712000000000000',
    )
  })

  it('is read back', () => {
    const start = Buffer.concat([encodePackHeader(500), PAYLOAD_HEADER])
    expect(start.length).toBe(FIRST_SECTION_OFFSET)
    expect(decodePackHeader(start, 1000)).toEqual({ payloadSize: 500, indexOffset: PAYLOAD_OFFSET + 500 })
  })

  it('is refused where any byte that matters is changed, and where the file is too short', () => {
    const start = Buffer.concat([encodePackHeader(500), PAYLOAD_HEADER])
    for (let at = 0; at < start.length; at++) {
      const changed = Uint8Array.from(start)
      changed[at] = (changed[at] ?? 0) ^ 0xff
      expect(decodePackHeader(changed, 1000), `byte ${at}`).toBeUndefined()
    }
    expect(decodePackHeader(start.subarray(0, -1), 1000)).toBeUndefined()
    expect(decodePackHeader(start, PAYLOAD_OFFSET + 500)).toBeUndefined()
  })
})

describe('sections', () => {
  it('are read by @ipld/car', async () => {
    const blocks = [new Uint8Array(0), Buffer.from('a'), new Uint8Array(300).fill(7)]
    const parts: Uint8Array[] = [PAYLOAD_HEADER]
    for (const bytes of blocks) {
      const cid = cidOf(RAW, bytes)
      const start = new Uint8Array(64)
      const end = writeSectionStart(start, 0, cid.bytes, bytes.length)
      expect(sectionSize(cid.bytes.length, bytes.length)).toBe(end + bytes.length)
      parts.push(start.subarray(0, end), bytes)
    }
    const payload = Buffer.concat(parts)
    const reader = await CarReader.fromBytes(Buffer.concat([encodePackHeader(payload.length), payload]))
    const read: string[] = []
    for await (const { cid } of reader.blocks()) read.push(cid.toString())
    expect(read).toEqual(blocks.map((bytes) => cidOf(RAW, bytes).toString()))
    expect(await reader.getRoots()).toEqual([])
  })

  it('are taken apart for every kind of CID', () => {
    const digest = createHash('sha256').update('x').digest()
    const cids = [cidOf(RAW, Buffer.from('x')), cidOf(DAG_PB, Buffer.from('x')).toV0()]
    for (const cid of cids) {
      const bytes = new Uint8Array(200)
      const blockStart = writeSectionStart(bytes, 10, cid.bytes, 77)
      const layout = sectionLayout(bytes, 10)
      expect(layout).toMatchObject({ hashCode: 0x12, blockStart, end: blockStart + 77 })
      expect(bytes.subarray(layout?.digestStart, blockStart)).toEqual(Uint8Array.from(digest))
      expect(bytes.subarray(layout?.cidStart, blockStart)).toEqual(cid.bytes)
    }
  })

  it('are refused where the length lies', () => {
    const cid = cidOf(RAW, Buffer.from('x')).bytes
    const tooLong = new Uint8Array(64)
    writeSectionStart(tooLong, 0, cid, MAX_SECTION_SIZE)
    expect(sectionLayout(tooLong, 0)).toBeUndefined()
    const shorterThanItsCid = new Uint8Array(64)
    writeSectionStart(shorterThanItsCid, 0, cid, -1)
    expect(sectionLayout(shorterThanItsCid, 0)).toBeUndefined()
    expect(sectionLayout(new Uint8Array(64), 0)).toBeUndefined()
    expect(sectionLayout(new Uint8Array(64).fill(0xff), 0)).toBeUndefined()
    expect(sectionLayout(cid, cid.length)).toBeUndefined()
  })

  it('never make reading throw, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const layout = sectionLayout(bytes, 0)
        if (layout === undefined) return
        expect(layout.blockStart).toBeLessThanOrEqual(layout.end)
        expect(layout.digestStart).toBeLessThanOrEqual(layout.blockStart)
      }),
    )
  })
})

describe('varints', () => {
  it('are read as written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(5), (value, at) => {
        const bytes = new Uint8Array(20)
        const end = writeVarint(bytes, at, value)
        expect(readVarint(bytes, at)).toEqual({ value, next: end })
        expect(readVarint(bytes.subarray(0, end - 1), at)).toBeUndefined()
      }),
    )
  })

  it('are refused in a longer form than needed', () => {
    expect(readVarint(Uint8Array.of(0x80, 0x00), 0)).toBeUndefined()
    expect(readVarint(Uint8Array.of(0x00), 0)).toEqual({ value: 0, next: 1 })
  })
})
