import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { generateKeyPairFromSeed, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { createIPNSRecordWithExpiration, marshalIPNSRecord } from 'ipns'
import { ipnsValidator } from 'ipns/validator'
import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { ipnsRoutingKey, nameOfRoutingKey, parseIpnsName } from '../../../src/sync/names/ipns-name.ts'
import {
  checkNotExpired,
  createRecord,
  type IpnsRecord,
  nameOfKey,
  openRecord,
} from '../../../src/sync/names/ipns-record.ts'
import { openKnownNames } from '../../../src/sync/names/known-names.ts'
import { someCommit, temporaryFolder } from '../../support/repository.ts'
import { comparable } from '../../support/transfer.ts'

const key = await generateKeyPairFromSeed('Ed25519', Buffer.alloc(32, 1))
const privateKey = privateKeyToProtobuf(key)
const name = await nameOfKey(privateKey)
const [one, two] = [comparable(someCommit(1)), comparable(someCommit(2))]
const NOW = new Date('2026-06-01T12:00:00Z')
const later = (ms: number): Date => new Date(NOW.getTime() + ms)

const signed = (cid: CID, sequence: number, now = NOW): Promise<IpnsRecord> =>
  createRecord({ privateKey, cid, sequence: BigInt(sequence), now })

/** A record of any value, as somebody else's program may sign it. */
async function foreign(value: string, options: { validity?: string; v1?: boolean } = {}): Promise<Uint8Array> {
  const { validity = '2026-06-05T00:00:00.000000000Z', v1 = false } = options
  return marshalIPNSRecord(await createIPNSRecordWithExpiration(key, value, 7, validity, { v1Compatible: v1 }))
}

describe('an IPNS name', () => {
  const peerId = key.publicKey.toString()

  it.each([
    name,
    `ipns://${name}`,
    `/ipns/${name}`,
    `ipns://${name}/`,
    peerId,
    `/ipns/${peerId}`,
    key.publicKey.toCID().toString(),
  ])('is read as %s', (text) => expect(parseIpnsName(text)).toBe(name))

  it('is written in base36', () => expect(name).toMatch(/^k51[0-9a-z]{59}$/))

  it.each(['', 'k51', one.toString(), `ipns://${name}/path`, 'Qm', '1'.repeat(500)])('is not %s', (text) =>
    expect(() => parseIpnsName(text)).toThrowError(expect.objectContaining({ code: 'ipns-name-invalid' })),
  )

  it('has a routing key, and that has the name', () => {
    expect(nameOfRoutingKey(ipnsRoutingKey(name))).toBe(name)
    expect(nameOfRoutingKey(Buffer.from('/pk/x'))).toBeUndefined()
    expect(nameOfRoutingKey(Buffer.from('/ipns/x'))).toBeUndefined()
  })
})

const other = privateKeyToProtobuf(await generateKeyPairFromSeed('Ed25519', Buffer.alloc(32, 2)))
const bytes = (await signed(one, 5)).bytes

describe('a record', () => {
  it('says what it was made of, and any IPNS program accepts it', async () => {
    const now = new Date()
    const record = await signed(one, 5, now)
    expect(record).toMatchObject({ name, value: `/ipfs/${one.toString()}`, cid: one, sequence: 5n })
    expect(record.expires.getTime() - now.getTime()).toBe(7 * 24 * 60 * 60 * 1000)
    await expect(ipnsValidator(ipnsRoutingKey(name), record.bytes)).resolves.toBeUndefined()
    expect(await openRecord(name, record.bytes)).toEqual(record)
  })

  it('in the older form with both signatures is read as well, and a value with a CIDv0', async () => {
    const cid = 'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn'
    expect((await openRecord(name, await foreign(`/ipfs/${cid}`, { v1: true }))).cid.toString()).toBe(cid)
  })

  it.each([
    [
      'of another key',
      async () => (await createRecord({ privateKey: other, cid: one, sequence: 1n, now: NOW })).bytes,
      'record-forged',
    ],
    ['with a changed signature', async () => flip(bytes, 10), 'record-forged'],
    ['that is no record', async () => Buffer.from('nothing'), 'record-invalid'],
    ['that is empty', async () => Buffer.alloc(0), 'record-invalid'],
    ['that is cut short', async () => bytes.subarray(0, 100), 'record-invalid'],
    ['that is too large', async () => Buffer.alloc(20_000), 'record-invalid'],
    [
      'of another name',
      () => foreign('/ipns/k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r'),
      'record-value-unsupported',
    ],
    ['of a path', () => foreign(`/ipfs/${one.toString()}/tree`), 'record-value-unsupported'],
    ['of no CID', () => foreign('/ipfs/hello'), 'record-invalid'],
  ])('%s is refused', async (_what, make, code) => {
    await expect(openRecord(name, await make())).rejects.toMatchObject({ code, details: { name } })
  })

  it('is refused after any one bit was changed, or says the same: what is not signed says nothing', async () => {
    const { bytes: _bytes, ...said } = await openRecord(name, bytes)
    let refused = 0
    for (let at = 0; at < bytes.length; at++) {
      const opened = openRecord(name, flip(bytes, at))
      await opened.then(
        (record) => expect(record).toMatchObject(said),
        (error: unknown) => expect(error).toMatchObject({ family: 'integrity', details: { name } }),
      )
      refused += (await Promise.allSettled([opened]))[0].status === 'rejected' ? 1 : 0
    }
    expect(refused).toBeGreaterThan(bytes.length - 5)
  })

  it('expires', async () => {
    const record = await signed(one, 5)
    expect(() => checkNotExpired(record, later(604_799_999))).not.toThrow()
    expect(() => checkNotExpired(record, later(604_800_000))).toThrowError(
      expect.objectContaining({ code: 'record-expired' }),
    )
  })
})

describe('what is known of a name', () => {
  const accept = (folder: string, { bytes }: IpnsRecord, now = NOW, allowExpired = false) =>
    openKnownNames(folder).accept(name, bytes, { now, allowExpired })

  it.each([
    ['the first', undefined, [one, 0, 0], 'newer'],
    ['a newer one', [one, 1, 0], [two, 2, 0], 'newer'],
    ['a newer one of the same value', [one, 1, 0], [one, 2, 0], 'newer'],
    ['the same', [one, 1, 0], [one, 1, 0], 'same'],
    ['the same signed later', [one, 1, 0], [one, 1, 1000], 'republication'],
    ['the same signed earlier', [one, 1, 1000], [one, 1, 0], 'same'],
    ['an older one', [two, 2, 0], [one, 1, 1000], 'record-older-than-seen'],
    ['an older one of the same value', [one, 2, 0], [one, 1, 1000], 'record-older-than-seen'],
    ['a fork', [one, 1, 0], [two, 1, 0], 'record-fork'],
  ] as const)('judges %s', async (_what, before, after, verdict) => {
    const folder = temporaryFolder()
    const seen = before && (await signed(before[0], before[1], later(before[2])))
    if (seen !== undefined) await accept(folder, seen)
    const record = await signed(after[0], after[1], later(after[2]))
    const accepted = await accept(folder, record).then(
      ({ judgement }) => judgement,
      (error: { code: string }) => error.code,
    )
    expect(accepted).toBe(verdict)
    const isTaken = verdict === 'newer' || verdict === 'republication'
    const kept = await openKnownNames(folder).record(name)
    expect(kept).toEqual({ ...(isTaken ? record : seen), bytes: kept?.bytes })
    expect(Buffer.from(kept!.bytes).equals((isTaken ? record : seen)!.bytes)).toBe(true)
  })

  it('keeps both records of a fork', async () => {
    const folder = temporaryFolder()
    const fork = await signed(two, 1)
    await accept(folder, await signed(one, 1))
    await expect(accept(folder, fork)).rejects.toMatchObject({ code: 'record-fork', family: 'conflict' })
    await expect(accept(folder, fork)).rejects.toMatchObject({ code: 'record-fork' })
    const forks = await openKnownNames(folder).forks(name)
    expect(forks.map(({ record, isKept }) => [record.cid.toString(), isKept])).toEqual([
      [one.toString(), true],
      [two.toString(), false],
    ])
    expect((await openKnownNames(folder).record(name))?.cid).toEqual(one)
  })

  it('takes an expired record only when it is told to', async () => {
    const folder = temporaryFolder()
    const record = await signed(one, 1)
    await expect(accept(folder, record, later(1e9))).rejects.toMatchObject({ code: 'record-expired' })
    expect(existsSync(join(folder, `${name}.seen`))).toBe(false)
    expect(await accept(folder, record, later(1e9), true)).toMatchObject({ judgement: 'newer' })
  })

  it('recovers a lost `seen` from the record, and a lost record from the next one that comes', async () => {
    const folder = temporaryFolder()
    await accept(folder, await signed(two, 2))
    rmSync(join(folder, `${name}.seen`))
    await expect(accept(folder, await signed(one, 1))).rejects.toMatchObject({ code: 'record-older-than-seen' })
    await accept(folder, await signed(two, 3))
    rmSync(join(folder, `${name}.record`))
    await expect(accept(folder, await signed(two, 2))).rejects.toMatchObject({ code: 'record-older-than-seen' })
    expect(await accept(folder, await signed(two, 3))).toMatchObject({ judgement: 'same' })
    expect((await openKnownNames(folder).record(name))?.sequence).toBe(3n)
  })

  it('names a `seen` that cannot be read', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, `${name}.seen`), '{"sequence":1}')
    await expect(openKnownNames(folder).seen(name)).rejects.toMatchObject({ code: 'seen-corrupt' })
  })
})

describe('publishing', () => {
  it('raises the sequence where the value changes, and only there', async () => {
    const names = openKnownNames(temporaryFolder())
    const publish = async (cid: CID, now = NOW): Promise<bigint> =>
      (await names.publish({ privateKey, cid, now })).sequence
    expect([await publish(one), await publish(one, later(5)), await publish(two), await publish(one)]).toEqual([
      0n,
      0n,
      1n,
      2n,
    ])
    expect(await names.seen(name)).toMatchObject({ sequence: 2n, value: `/ipfs/${one.toString()}` })
    expect((await names.record(name))?.sequence).toBe(2n)
  })

  it('is accepted by those who follow, time and again', async () => {
    const [mine, theirs] = [openKnownNames(temporaryFolder()), openKnownNames(temporaryFolder())]
    const judgements: string[] = []
    for (const [cid, ms] of [
      [one, 0],
      [one, 1000],
      [two, 2000],
      [two, 2000],
    ] as const) {
      const { bytes } = await mine.publish({ privateKey, cid, now: later(ms) })
      judgements.push((await theirs.accept(name, bytes, { now: later(ms) })).judgement)
    }
    expect(judgements).toEqual(['newer', 'republication', 'newer', 'same'])
  })

  it('goes on from what others have where its own memory is lost', async () => {
    const found = [(await signed(one, 8)).bytes, (await signed(one, 3)).bytes]
    const names = openKnownNames(temporaryFolder())
    expect((await names.publish({ privateKey, cid: two, now: NOW, found })).sequence).toBe(9n)
  })

  it('has raised what was seen before a record is written', async () => {
    const folder = temporaryFolder()
    await openKnownNames(folder).publish({ privateKey, cid: one, now: NOW })
    const record = readFileSync(join(folder, `${name}.record`))
    await openKnownNames(folder).publish({ privateKey, cid: two, now: NOW })
    // As a crash between the two files leaves it.
    writeFileSync(join(folder, `${name}.record`), record)
    expect((await openKnownNames(folder).publish({ privateKey, cid: one, now: NOW })).sequence).toBe(2n)
  })
})

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = new Uint8Array(bytes)
  copy[at]! ^= 1
  return copy
}
