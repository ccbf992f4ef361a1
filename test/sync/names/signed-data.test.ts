import { encode } from 'cborg'
import fc from 'fast-check'
import { marshalIPNSRecord, unmarshalIPNSRecord } from 'ipns'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { decodeSignedData } from '../../../src/sync/names/signed-data.ts'

const COMMIT = 'baguqeeraceur4zuvnmr3mkr4rlzty5zj2tc6m6dbj6lldx5qcq64nfduzqpa'
const VALIDITY = '2030-01-02T03:04:05.678901234Z'
const text = (value: string): Uint8Array => Buffer.from(value)
const fields = { Value: text(`/ipfs/${COMMIT}`), Validity: text(VALIDITY), ValidityType: 0, Sequence: 7, TTL: 60 }

describe('decodeSignedData', () => {
  it('reads what the ipns library reads', () => {
    const property = fc.property(
      fc.oneof(fc.constant(`/ipfs/${COMMIT}`), fc.constant(COMMIT), fc.constant(' /ipns/name '), fc.webPath()),
      fc.bigInt(0n, 2n ** 64n - 1n),
      fc.bigInt(0n, 2n ** 64n - 1n),
      (value, Sequence, TTL) => {
        const data = encode({ ...fields, Value: text(value), Sequence, TTL })
        const theirs = readByLibrary(data)
        const ours = theirs === undefined ? undefined : decodeSignedData(data)
        expect(ours).toEqual(theirs)
        if (theirs === undefined) expect(() => decodeSignedData(data)).toThrow('neither a path nor a CID')
      },
    )
    fc.assert(property, { numRuns: 200 })
  })

  it('reads a value of bytes that are a CID', () => {
    const data = encode({ ...fields, Value: CID.parse(COMMIT).bytes })
    expect(decodeSignedData(data).value).toBe(`/ipfs/${COMMIT}`)
  })

  it('takes a record that does not say how long it may be used unasked', () => {
    const { TTL: _, ...rest } = fields
    expect(decodeSignedData(encode(rest)).ttlNs).toBe(0n)
  })

  it.each([
    ['nothing', new Uint8Array()],
    ['no map', encode(null)],
    ['another kind of validity', encode({ ...fields, ValidityType: 1 })],
    ['no kind of validity', encode({ ...fields, ValidityType: undefined })],
    ['a text for bytes', encode({ ...fields, Value: `/ipfs/${COMMIT}` })],
    ['no end', encode({ ...fields, Validity: undefined })],
    ['a sequence below zero', encode({ ...fields, Sequence: -1 })],
    ['a sequence that is no integer', encode({ ...fields, Sequence: 1.5 })],
    ['bytes behind its end', Buffer.concat([encode(fields), Buffer.from([0])])],
  ])('refuses %s', (_, data) => {
    expect(() => decodeSignedData(data)).toThrow(Error)
  })
})

function readByLibrary(data: Uint8Array): ReturnType<typeof decodeSignedData> | undefined {
  const record = { data, signatureV2: new Uint8Array(64) } as unknown as Parameters<typeof marshalIPNSRecord>[0]
  try {
    const { value, validity, sequence, ttl = 0n } = unmarshalIPNSRecord(marshalIPNSRecord(record))
    return { value, validity, sequence, ttlNs: ttl }
  } catch {
    return undefined
  }
}
