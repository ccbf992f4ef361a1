import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { generateKeyPairFromSeed, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { createRecord, nameOfKey } from '../../../src/sync/names/ipns-record.ts'
import { openKnownNames, type PublishRequest } from '../../../src/sync/names/known-names.ts'
import { recallNames } from '../../../src/sync/names/recall-names.ts'
import type { RecordSource } from '../../../src/sync/names/record-carrier.ts'
import { resolveName } from '../../../src/sync/names/resolve-name.ts'
import { someCommit, temporaryFolder } from '../../support/repository.ts'

const privateKey = privateKeyToProtobuf(await generateKeyPairFromSeed('Ed25519', Buffer.alloc(32, 1)))
const stranger = privateKeyToProtobuf(await generateKeyPairFromSeed('Ed25519', Buffer.alloc(32, 2)))
const name = await nameOfKey(privateKey)
const [one, two, three] = [someCommit(1), someCommit(2), someCommit(3)]
const NOW = new Date('2026-06-01T12:00:00Z')
const HOUR = 3_600_000
const later = (ms: number): Date => new Date(NOW.getTime() + ms)

/** A home's memory that signs, and that answers as a peer does. */
function memory() {
  const folder = temporaryFolder()
  const names = openKnownNames(folder)
  const source: RecordSource = { label: 'a peer', resolveName: async (text) => (await names.record(text))?.bytes }
  const sign = (cid: CID, more: Partial<PublishRequest> = {}) => names.publish({ privateKey, cid, now: NOW, ...more })
  return Object.assign(names, { folder, source, sign })
}

const sequenceOf = async (signed: Promise<{ sequence: bigint }>): Promise<bigint> => (await signed).sequence

describe('a home that signs', () => {
  it('goes on from what peers have where it lost all that it had seen', async () => {
    const [home, peer] = [memory(), memory()]
    for (const cid of [one, two, three]) {
      await peer.accept(name, (await home.sign(cid)).bytes, { now: NOW })
    }
    rmSync(home.folder, { recursive: true })
    await recallNames([name], [peer.source], home, { now: NOW })
    expect(await sequenceOf(home.sign(one))).toBe(3n)
    // Also what has expired meanwhile has its sequence.
    rmSync(home.folder, { recursive: true })
    await recallNames([name], [peer.source], home, { now: later(1000 * HOUR) })
    expect(await sequenceOf(home.sign(one))).toBe(3n)
  })

  it('notices that it is an older backup, and signs on once the user took over what there is', async () => {
    const [home, peer, backup] = [memory(), memory(), join(temporaryFolder(), 'backup')]
    await home.sign(one)
    cpSync(home.folder, backup, { recursive: true })
    await home.sign(two)
    await peer.accept(name, (await home.sign(three)).bytes, { now: NOW })
    rmSync(home.folder, { recursive: true })
    cpSync(backup, home.folder, { recursive: true })
    await recallNames([name], [peer.source], home, { now: NOW })
    await expect(home.sign(two)).rejects.toMatchObject({
      code: 'own-name-ahead',
      family: 'conflict',
      details: { name, signed: '0', seen: { sequence: '2', value: `/ipfs/${three.toString()}` } },
    })
    // Told by `found`, it notices as well.
    rmSync(home.folder, { recursive: true })
    cpSync(backup, home.folder, { recursive: true })
    const found = [(await peer.record(name))!.bytes]
    await expect(home.sign(two, { found })).rejects.toMatchObject({ code: 'own-name-ahead' })
    // What others have can be signed again, which decides nothing.
    expect(await home.sign(three, { again: true, now: later(HOUR) })).toMatchObject({ sequence: 2n })
    await expect(home.sign(two)).rejects.toMatchObject({ code: 'own-name-ahead' })
    await home.choose(name, three)
    const signed = await home.sign(two)
    expect(signed.sequence).toBe(3n)
    expect((await peer.accept(name, signed.bytes, { now: NOW })).judgement).toBe('newer')
  })

  it('does not stop at what others forge, or at what is older', async () => {
    const [home, late] = [memory(), memory()]
    await late.accept(name, (await home.sign(one)).bytes, { now: NOW })
    await home.sign(two)
    const forged = await createRecord({ privateKey: stranger, cid: three, sequence: 99n, now: NOW })
    const sources: RecordSource[] = [
      { label: 'a liar', resolveName: async () => forged.bytes },
      { label: 'garbage', resolveName: async () => Buffer.from('garbage') },
      { label: 'broken', resolveName: () => Promise.reject(new Error('broken')) },
      { label: 'silent', resolveName: () => new Promise(() => {}) },
      late.source,
    ]
    await recallNames([name], sources, home, { now: NOW, timeoutMs: 50 })
    expect(await sequenceOf(home.sign(three, { found: [forged.bytes, Buffer.from('garbage')] }))).toBe(2n)
  })

  it('stops at a fork of its own name until the user took one side', async () => {
    const [home, other] = [memory(), memory()]
    await home.sign(one)
    const theirs = await other.sign(two)
    await expect(recallNames([name], [other.source], home, { now: NOW })).rejects.toMatchObject({ code: 'record-fork' })
    await expect(home.sign(three, { found: [theirs.bytes] })).rejects.toMatchObject({ code: 'record-fork' })
    expect((await home.forks(name)).map(({ record, isKept }) => [record.value, isKept])).toEqual([
      [`/ipfs/${one.toString()}`, true],
      [`/ipfs/${two.toString()}`, false],
    ])
    await home.choose(name, one)
    await recallNames([name], [other.source], home, { now: NOW })
    expect(await sequenceOf(home.sign(three, { found: [theirs.bytes] }))).toBe(1n)
  })

  it('never reaches beyond the highest sequence', async () => {
    const home = memory()
    const last = await createRecord({ privateKey, cid: one, sequence: (1n << 64n) - 1n, now: NOW })
    await home.accept(name, last.bytes, { now: NOW })
    await expect(home.sign(two)).rejects.toMatchObject({ code: 'sequence-exhausted' })
  })
})

describe('a fork among those who follow', () => {
  it('is refused, shown and settled; then the other side is set aside, and a newer record is taken', async () => {
    const [follower, a, b] = [memory(), memory(), memory()]
    await a.sign(one)
    await b.sign(two)
    const resolve = (...sources: RecordSource[]) => resolveName(name, sources, follower, { now: NOW })
    await expect(resolve(a.source, b.source)).rejects.toMatchObject({ code: 'record-fork' })
    await follower.choose(name, two)
    const settled = await resolve(a.source, b.source)
    expect(settled).toMatchObject({
      record: { value: `/ipfs/${two.toString()}` },
      refused: [{ code: 'record-set-aside' }],
    })
    await expect(resolve(a.source)).rejects.toMatchObject({ code: 'record-set-aside' })
    await a.sign(three)
    expect(await resolve(a.source, b.source)).toMatchObject({ record: { sequence: 1n } })
    expect(await follower.forks(name)).toHaveLength(2)
    await expect(follower.choose(name, one)).rejects.toMatchObject({ code: 'value-not-seen' })
  })
})

describe('clocks that differ by an hour', () => {
  it.each([
    ['ahead', HOUR],
    ['behind', -HOUR],
  ])('do no harm where the signer is %s', async (_what, offset) => {
    const [signer, follower] = [memory(), memory()]
    for (const [at, cid] of [one, two, two, three].entries()) {
      const { bytes } = await signer.sign(cid, { now: later(offset + at * 1000) })
      await follower.accept(name, bytes, { now: later(at * 1000) })
    }
    expect(await follower.record(name)).toMatchObject({ sequence: 2n, value: `/ipfs/${three.toString()}` })
  })

  it('end a short life an hour early or late, and say so', async () => {
    const [signer, follower] = [memory(), memory()]
    const { bytes } = await signer.sign(one, { now: later(-HOUR), lifetimeMs: HOUR / 2 })
    await expect(follower.accept(name, bytes, { now: NOW })).rejects.toMatchObject({
      code: 'record-expired',
      hint: expect.stringContaining('a clock is wrong'),
      details: { now: NOW.toISOString() },
    })
    const ahead = await signer.sign(one, { now: later(HOUR), lifetimeMs: HOUR / 2 })
    expect(await follower.accept(name, ahead.bytes, { now: later(HOUR) })).toMatchObject({ judgement: 'newer' })
  })

  it('that go back do not shorten the life of what was signed', async () => {
    const [signer, follower] = [memory(), memory()]
    const first = await signer.sign(one, { now: later(HOUR) })
    const again = await signer.sign(one, { now: NOW })
    expect(Buffer.from(again.bytes)).toEqual(Buffer.from(first.bytes))
    // Who asks for a shorter life gets it, at the next sequence.
    const short = await signer.sign(one, { now: NOW, lifetimeMs: HOUR })
    expect(short.sequence).toBe(1n)
    await follower.accept(name, first.bytes, { now: NOW })
    expect((await follower.accept(name, short.bytes, { now: NOW })).judgement).toBe('newer')
  })
})
