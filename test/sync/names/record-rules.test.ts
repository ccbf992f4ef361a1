import {
  generateKeyPair,
  generateKeyPairFromSeed,
  privateKeyToProtobuf,
  publicKeyToProtobuf,
} from '@libp2p/crypto/keys'
import fc from 'fast-check'
import { createIPNSRecordWithExpiration, type IPNSRecordV1V2, marshalIPNSRecord, unmarshalIPNSRecord } from 'ipns'
import { describe, expect, it } from 'vitest'

import { inspectRecord } from '../../../src/sync/names/inspect-record.ts'
import { createRecord, nameOfKey, openRecord } from '../../../src/sync/names/ipns-record.ts'
import { openKnownNames } from '../../../src/sync/names/known-names.ts'
import { decodeRecordEntry, type RecordEntry } from '../../../src/sync/names/record-entry.ts'
import { someCommit, temporaryFolder } from '../../support/repository.ts'

const key = await generateKeyPairFromSeed('Ed25519', Buffer.alloc(32, 1))
const privateKey = privateKeyToProtobuf(key)
const name = await nameOfKey(privateKey)
const stranger = await generateKeyPairFromSeed('Ed25519', Buffer.alloc(32, 2))
const cid = someCommit(1)
const value = `/ipfs/${cid.toString()}`
const NOW = new Date('2026-06-01T12:00:00Z')

/** A record with both signatures, as Kubo makes it. */
async function both(more: { value?: string; sequence?: bigint; key?: typeof key } = {}): Promise<IPNSRecordV1V2> {
  const { value: said = value, sequence = 0n, key: signer = key } = more
  return createIPNSRecordWithExpiration(signer, said, sequence, '2026-06-05T00:00:00.000000000Z', {
    v1Compatible: true,
  })
}

describe('a record with both versions', () => {
  it('is read, at sequence 0 too', async () => {
    const bytes = marshalIPNSRecord(await both())
    expect(await openRecord(name, bytes)).toMatchObject({ value, sequence: 0n, ttlNs: 300_000_000_000n })
    expect(await inspectRecord(bytes, name)).toMatchObject({
      signatures: 'V1+V2',
      contradiction: undefined,
      validation: { name, valid: true },
    })
  })

  it.each<[string, Partial<Record<keyof IPNSRecordV1V2, unknown>>]>([
    ['value', { value: '/ipfs/bafkqaaa' }],
    ['validity', { validity: '2026-06-06T00:00:00.000000000Z' }],
    ['sequence', { sequence: 9n }],
    ['ttl', { ttl: 1n }],
  ])('is refused where they differ in the %s', async (field, change) => {
    const bytes = marshalIPNSRecord({ ...(await both()), ...change } as IPNSRecordV1V2)
    await expect(openRecord(name, bytes)).rejects.toMatchObject({
      code: 'record-invalid',
      message: expect.stringContaining(`its two versions differ in "${field}"`),
    })
    expect(await inspectRecord(bytes, name)).toMatchObject({
      contradiction: field,
      value,
      validation: { valid: false },
    })
  })

  it('is refused where the first version has a value and no signature, and the value is another', async () => {
    const signed = decodeRecordEntry(marshalIPNSRecord(await both())) ?? {}
    const other: RecordEntry = { value: Buffer.from('/ipfs/bafkqaaa') }
    for (const field of ['publicKey', 'signatureV2', 'data'] as const) {
      if (signed[field] !== undefined) other[field] = signed[field]
    }
    await expect(openRecord(name, encode(other))).rejects.toMatchObject({ code: 'record-invalid' })
    const bare: RecordEntry = { signatureV2: signed.signatureV2!, data: signed.data! }
    expect(await openRecord(name, encode(bare))).toMatchObject({ value })
  })

  it('is nothing without the second', async () => {
    const { signatureV2: _signature, data: _data, ...first } = decodeRecordEntry(marshalIPNSRecord(await both())) ?? {}
    const bytes = encode(first)
    await expect(openRecord(name, bytes)).rejects.toMatchObject({ code: 'record-invalid' })
    await expect(inspectRecord(bytes)).rejects.toMatchObject({ code: 'record-invalid' })
  })

  it('does not need a good first signature: it says nothing', async () => {
    const bytes = marshalIPNSRecord({ ...(await both()), signatureV1: Buffer.alloc(64) })
    expect(await openRecord(name, bytes)).toMatchObject({ value })
  })
})

describe('the key of a name', () => {
  it('may be RSA, and then stands in the record', async () => {
    const rsa = await generateKeyPair('RSA', 2048)
    const rsaName = await nameOfKey(privateKeyToProtobuf(rsa))
    expect(rsaName).toMatch(/^k2k4/)
    const record = await createIPNSRecordWithExpiration(rsa, value, 3n, '2026-06-05T00:00:00Z', { v1Compatible: false })
    expect(await openRecord(rsaName, marshalIPNSRecord(record))).toMatchObject({ name: rsaName, sequence: 3n })
    expect(await inspectRecord(marshalIPNSRecord(record))).toMatchObject({ publicKeyName: rsaName })
    const { pubKey: _key, ...without } = record
    await expect(openRecord(rsaName, marshalIPNSRecord(without))).rejects.toMatchObject({ code: 'record-invalid' })
    const wrong = { ...record, pubKey: publicKeyToProtobuf(stranger.publicKey) }
    await expect(openRecord(rsaName, marshalIPNSRecord(wrong))).rejects.toMatchObject({ code: 'record-forged' })
  })

  it('counts, whatever key the record carries', async () => {
    const record = await both({ key: stranger })
    const carried = { ...record, pubKey: publicKeyToProtobuf(stranger.publicKey) }
    await expect(openRecord(name, marshalIPNSRecord(carried))).rejects.toMatchObject({ code: 'record-forged' })
    const own = { ...(await both()), pubKey: publicKeyToProtobuf(key.publicKey) }
    expect(await openRecord(name, marshalIPNSRecord(own))).toMatchObject({ value })
    const unreadable = { ...(await both()), pubKey: Buffer.from('no key') }
    await expect(openRecord(name, marshalIPNSRecord(unreadable))).rejects.toMatchObject({ code: 'record-invalid' })
  })
})

describe('a value', () => {
  it.each([value, `${value}/`])('may be written as %s: it is one value', async (text) => {
    const folder = temporaryFolder()
    const names = openKnownNames(folder)
    await names.accept(name, (await createRecord({ privateKey, cid, sequence: 1n, now: NOW })).bytes, { now: NOW })
    const bytes = marshalIPNSRecord(await both({ value: text, sequence: 1n }))
    // Its life ends earlier.
    expect((await names.accept(name, bytes, { now: NOW })).judgement).toBe('same')
  })

  it.each([
    ['another name', '/ipns/example.org', 'points to another name'],
    ['a path', `${value}/tree/a`, 'names a path below a CID'],
  ])('is refused by name where it is %s', async (_what, text, message) => {
    const bytes = marshalIPNSRecord(await both({ value: text }))
    await expect(openRecord(name, bytes)).rejects.toMatchObject({
      code: 'record-value-unsupported',
      message: expect.stringContaining(message),
      details: { name, value: text },
    })
    expect(await inspectRecord(bytes, name)).toMatchObject({ value: text, validation: { valid: true } })
  })
})

it('a value that would write to the terminal is quoted', async () => {
  const bytes = marshalIPNSRecord(await both({ value: '/ipns/\u001b[31mred' }))
  const error = await openRecord(name, bytes).catch((thrown: Error) => thrown)
  expect(error).toMatchObject({ code: 'record-value-unsupported', message: expect.not.stringContaining('\u001b') })
})

describe('the protobuf of a record', () => {
  it('is read as the library reads it', async () => {
    const cases = fc.record({ sequence: fc.bigInt(0n, (1n << 64n) - 1n), ttl: fc.bigInt(0n, (1n << 63n) - 1n) })
    await fc.assert(
      fc.asyncProperty(cases, async ({ sequence, ttl }) => {
        const options = { v1Compatible: true as const, ttlNs: ttl }
        const record = await createIPNSRecordWithExpiration(key, value, sequence, '2026-06-05T00:00:00Z', options)
        const bytes = marshalIPNSRecord(record)
        const library = unmarshalIPNSRecord(bytes)
        const entry = decodeRecordEntry(bytes)
        expect(entry).toMatchObject({ sequence, ttlNs: ttl, validityType: 0n })
        expect(Buffer.from(entry?.data ?? [])).toEqual(Buffer.from(library.data))
        expect(await openRecord(name, bytes)).toMatchObject({ sequence, ttlNs: ttl, validity: library.validity })
      }),
      { numRuns: 20 },
    )
  })

  it('comes to an end, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        decodeRecordEntry(bytes)
      }),
      { numRuns: 300 },
    )
    for (const hex of [
      '0a',
      '0aff',
      '0affffffffffffffffffff01',
      '28ffffffffffffffffff7f',
      '0b',
      '2d01020304',
      '0801',
    ]) {
      expect(decodeRecordEntry(Buffer.from(hex, 'hex'))).toBeUndefined()
    }
    // Fields that are not known: a varint, eight bytes, four bytes, a text.
    expect(decodeRecordEntry(Buffer.from('500159010203040506070865010203046a0141', 'hex'))).toEqual({})
  })
})

/** A protobuf of these fields. */
function encode({ value: text, signatureV1, signatureV2, data, publicKey }: RecordEntry): Uint8Array {
  const fields: [number, Uint8Array | undefined][] = [
    [1, text],
    [2, signatureV1],
    [7, publicKey],
    [8, signatureV2],
    [9, data],
  ]
  return Buffer.concat(
    fields.flatMap(([number, bytes]) => {
      if (bytes === undefined) return []
      const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7]
      return [Buffer.of((number << 3) | 2, ...length), Buffer.from(bytes)]
    }),
  )
}
