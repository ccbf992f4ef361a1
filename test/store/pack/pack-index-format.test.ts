import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  decodeIndexGroups,
  encodeIndex,
  type IndexEntries,
  packName,
} from '../../../src/store/pack/pack-index-format.ts'

const SHA2_512 = 0x13

describe('the index of a pack', () => {
  it('has the bytes of the CARv2 specification', () => {
    const bytes = encode([
      { hashCode: SHA2_512, digestSize: 2, digests: Uint8Array.of(1, 2), offsets: [0x0102030405], count: 1 },
      { hashCode: 0x12, digestSize: 1, digests: Uint8Array.of(9, 3), offsets: [18, 60], count: 2 },
      { hashCode: 0x14, digestSize: 1, digests: new Uint8Array(0), offsets: [], count: 0 },
    ])
    expect(bytes.toString('hex')).toBe(
      [
        '8108 02000000',
        '1200000000000000 01000000',
        '09000000 1200000000000000',
        '03 3c00000000000000',
        '09 1200000000000000',
        '1300000000000000 01000000',
        '0a000000 0a00000000000000',
        '0102 0504030201000000',
      ]
        .join('')
        .replaceAll(' ', ''),
    )
  })

  it('is sorted by digest, however the digests are distributed', () => {
    const digest = fc.oneof(
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
      fc.uint8Array({ minLength: 2, maxLength: 2 }).map((tail) => Uint8Array.of(5, 5, 5, 5, 5, 5, ...tail)),
    )
    fc.assert(
      fc.property(fc.array(digest, { maxLength: 300 }), (digests) => {
        const bytes = encode([
          {
            hashCode: 0x12,
            digestSize: 8,
            digests: Uint8Array.from(Buffer.concat(digests)),
            offsets: digests.map((_, i) => i),
            count: digests.length,
          },
        ])
        const [group] = decodeIndexGroups(reader(bytes), 0, bytes.length) ?? []
        const entries = Array.from({ length: group?.count ?? 0 }, (_, i) => {
          const at = (group?.start ?? 0) + i * 16
          return { digest: bytes.subarray(at, at + 8), offset: Number(bytes.readBigUInt64LE(at + 8)) }
        })
        expect(entries.map((entry) => entry.digest)).toEqual(
          digests.map((d) => Buffer.from(d)).sort((a, b) => Buffer.compare(a, b)),
        )
        for (const { digest, offset } of entries) expect(Buffer.from(digests[offset] ?? [])).toEqual(digest)
      }),
    )
  })

  it('is found again where it stands, and refused where it does not fill its place or is cut short', () => {
    const index = encode([
      { hashCode: 0x12, digestSize: 32, digests: new Uint8Array(96), offsets: [1, 2, 3], count: 3 },
      { hashCode: SHA2_512, digestSize: 64, digests: new Uint8Array(64), offsets: [4], count: 1 },
    ])
    const file = Buffer.concat([new Uint8Array(100), index])
    expect(decodeIndexGroups(reader(file), 100, file.length)).toMatchObject([
      { hashCode: 0x12, digestSize: 32, count: 3 },
      { hashCode: SHA2_512, digestSize: 64, count: 1 },
    ])
    expect(decodeIndexGroups(reader(file), 100, file.length + 1)).toBeUndefined()
    for (let size = 100; size < file.length; size++) {
      expect(decodeIndexGroups(reader(file.subarray(0, size)), 100, size)).toBeUndefined()
    }
  })

  it('never makes reading throw or hang, whatever the bytes', () => {
    const codec = Uint8Array.of(0x81, 0x08)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        const bytes = Buffer.concat([codec, tail])
        decodeIndexGroups(reader(bytes), 0, bytes.length)
      }),
    )
    const endless = Buffer.concat([codec, new Uint8Array(4).fill(0x7f), new Uint8Array(1000)])
    expect(decodeIndexGroups(reader(endless), 0, endless.length)).toBeUndefined()
  })

  it('gives the pack its name', () => {
    const entries = { hashCode: 0x12, digestSize: 1, digests: Uint8Array.of(1), offsets: [1], count: 1 }
    expect(packName(encodeIndex([entries]))).toMatch(/^[0-9a-f]{64}\.car$/u)
    expect(packName(encodeIndex([entries]))).not.toBe(packName(encodeIndex([{ ...entries, offsets: [2] }])))
  })
})

function encode(groups: IndexEntries[]): Buffer {
  return Buffer.concat([...encodeIndex(groups)])
}

function reader(bytes: Uint8Array) {
  return (position: number, size: number): Uint8Array => bytes.subarray(position, position + size)
}
