import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { cidOf, copyCid, DAG_JSON, DAG_PB, isSha256Of, RAW, sha256 } from '../../src/model/cid.ts'

const content = (number: number): Uint8Array => new TextEncoder().encode(`content ${number}`)

describe('copyCid', () => {
  it('is what CID.decode makes, of each form', () => {
    const cids = [RAW, DAG_PB, DAG_JSON].flatMap((codec) =>
      Array.from({ length: 300 }, (_, number) => cidOf(codec, content(number))),
    )
    cids.push(cidOf(DAG_PB, content(0)).toV0())
    const copies = cids.map((cid) => copyCid(cid.bytes))
    for (const [index, copy] of copies.entries()) {
      const cid = CID.decode(cids[index]!.bytes)
      expect(copy.equals(cid)).toBe(true)
      expect([copy.toString(), copy.version, copy.code]).toEqual([cid.toString(), cid.version, cid.code])
      expect([copy.bytes, copy.multihash.bytes, copy.multihash.digest].map((bytes) => Buffer.from(bytes))).toEqual(
        [cid.bytes, cid.multihash.bytes, cid.multihash.digest].map((bytes) => Buffer.from(bytes)),
      )
    }
  })

  it('keeps its bytes when those that it was made of change', () => {
    const { bytes } = cidOf(RAW, content(1))
    const changing = new Uint8Array(bytes)
    const copy = copyCid(changing)
    changing.fill(0)
    expect(copy.toString()).toBe(CID.decode(bytes).toString())
  })

  it('refuses what CID.decode refuses', () => {
    const { bytes } = cidOf(RAW, content(1))
    expect(() => copyCid(bytes.subarray(0, 35))).toThrow()
    expect(() => copyCid(new Uint8Array([...bytes, 0]))).toThrow()
  })
})

describe('isSha256Of', () => {
  it('is true of the digest alone', () => {
    const digest = sha256(content(1))
    expect(isSha256Of(digest, content(1))).toBe(true)
    expect(isSha256Of(digest, content(2))).toBe(false)
    expect(isSha256Of(digest.subarray(0, 31), content(1))).toBe(false)
    for (let at = 0; at < 32; at++) {
      const other = new Uint8Array(digest)
      other[at]! ^= 0x80
      expect(isSha256Of(other, content(1))).toBe(false)
    }
  })
})
