import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { describe, expect, it } from 'vitest'

import { type JzfsError, UnavailableError } from '../../../src/model/errors.ts'
import { type Home, openHome } from '../../../src/node/home/home.ts'
import { announcedNames } from '../../../src/node/names/announced-names.ts'
import { carryNames } from '../../../src/node/names/carry-names.ts'
import { generateKey } from '../../../src/node/names/home-keys.ts'
import { lookForNewer } from '../../../src/node/names/look-for-newer.ts'
import { publishName } from '../../../src/node/names/publish-name.ts'
import { publishedRecord } from '../../../src/node/offer/published-record.ts'
import { namesToSign } from '../../../src/node/publish/names-to-sign.ts'
import { publishRefs } from '../../../src/node/publish/publish.ts'
import { signAgain } from '../../../src/node/publish/sign-again.ts'
import { createRecord, type IpnsRecord } from '../../../src/sync/names/ipns-record.ts'
import { openKnownNames } from '../../../src/sync/names/known-names.ts'
import type { RecordCarrier } from '../../../src/sync/names/record-carrier.ts'
import { temporaryDataset } from '../../support/dataset.ts'
import { someCommit, temporaryFolder } from '../../support/repository.ts'

const NOW = new Date('2026-03-01T00:00:00Z')
const DAY = 86_400_000
const later = (ms: number): Date => new Date(NOW.getTime() + ms)
const command = 'jzfs test'
const [one, two] = [someCommit(1), someCommit(2)]

const temporaryHome = (): Home => openHome(join(temporaryFolder(), 'home'))

/** A router that keeps what it is given, and refuses what does not please it. */
function router(refuse: () => JzfsError | undefined = () => undefined): RecordCarrier & { given: string[] } {
  const given: string[] = []
  return {
    label: 'http://router',
    given,
    resolveName: async () => undefined,
    async putRecord(name) {
      const error = refuse()
      if (error !== undefined) throw error
      given.push(name)
    },
  }
}

const publish = (home: Home, key: string, cid = one, now = NOW): Promise<IpnsRecord> =>
  publishName(home, { key, cid, command, now, lifetimeMs: 2 * DAY })

describe('the daemon, for names', () => {
  it('gives the routers what is for everybody, and nothing else', async () => {
    const home = temporaryHome()
    const [open, closed] = [await temporaryDataset({ a: 'a' }), await temporaryDataset({ b: 'b' })]
    const refs = ['refs/heads/main']
    const {
      name,
      refs: [main],
    } = await publishRefs(home, { repository: open, refs, command, now: NOW })
    await publishRefs(home, { repository: closed, refs, audience: { peers: ['12D3KooWx'] }, command, now: NOW })
    await generateKey(home, 'weather', { command })
    const own = await publish(home, 'weather')
    expect(new Set(announcedNames(home))).toEqual(new Set([name, main?.name, own.name]))
    const taker = router()
    const end = carryNames({ home, command, now: () => NOW, sources: () => [], routers: [taker] })
    while (taker.given.length < 3) await sleep(5)
    await end()
    expect(new Set(taker.given)).toEqual(new Set(announcedNames(home)))
    expect(new Set(namesToSign(home, open.id, refs))).toEqual(new Set([name, main?.name]))
    expect(namesToSign(home, 'unknown', refs)).toEqual([])
  })

  it('says once that a router does not take them, and goes on', async () => {
    const home = temporaryHome()
    for (const key of ['a', 'b']) {
      await generateKey(home, key, { command })
      await publish(home, key)
    }
    const problems: JzfsError[] = []
    const asked: string[] = []
    const broken = router(() => {
      asked.push('asked')
      return new UnavailableError('router-unreachable', 'the router does not answer')
    })
    const routers = [broken]
    const end = carryNames({
      home,
      command,
      now: () => NOW,
      sources: () => [],
      routers,
      onProblem: (e) => problems.push(e),
    })
    while (asked.length < 2) await sleep(5)
    await end()
    expect(problems.map(({ code }) => code)).toEqual(['router-unreachable'])
  })

  it('signs a name again at the half of its own life, and answers for it until it is given up', async () => {
    const home = temporaryHome()
    const { name } = await generateKey(home, 'weather', { command })
    expect(await publishedRecord(home, name)).toBeUndefined()
    const first = await publish(home, 'weather')
    expect(Buffer.from((await publishedRecord(home, name)) ?? [])).toEqual(Buffer.from(first.bytes))
    expect(await signAgain(home, { command, now: later(0.9 * DAY) })).toEqual([])
    const [again] = await signAgain(home, { command, now: later(1.1 * DAY) })
    expect(again).toMatchObject({ name, sequence: 0n, value: first.value, expires: later(3.1 * DAY) })
  })

  it('carries on what another place signed instead of signing an older one again, and says so', async () => {
    const home = temporaryHome()
    const { name, protobuf } = await generateKey(home, 'weather', { command })
    await publish(home, 'weather')
    const newer = await createRecord({
      privateKey: protobuf,
      cid: two,
      sequence: 5n,
      now: later(DAY),
      lifetimeMs: 2 * DAY,
    })
    const sources = [{ label: 'a peer', resolveName: async () => newer.bytes }]
    const problems: JzfsError[] = []
    const options = {
      command,
      now: later(2.5 * DAY),
      sources,
      onProblem: (error: JzfsError) => void problems.push(error),
    }
    await lookForNewer(home, options)
    const [again] = await signAgain(home, options)
    expect(again).toMatchObject({ name, sequence: 5n, value: `/ipfs/${two.toString()}` })
    expect(problems).toMatchObject([{ code: 'own-name-ahead', details: { name, signed: '0' } }])
    expect(await openKnownNames(home.layout.names).seen(name)).toMatchObject({ sequence: 5n, signed: 0n })
    await expect(publish(home, 'weather', one, later(2.6 * DAY))).rejects.toMatchObject({ code: 'own-name-ahead' })
  })

  it('asks a peer once that it is connected to, and says where a name went on without it', async () => {
    const home = temporaryHome()
    const { name, protobuf } = await generateKey(home, 'weather', { command })
    await publish(home, 'weather')
    const newer = await createRecord({ privateKey: protobuf, cid: two, sequence: 5n, now: later(DAY) })
    let asked = 0
    const problems: JzfsError[] = []
    const sources = () => [{ label: 'a peer', resolveName: async () => (asked++, newer.bytes) }]
    const onProblem = (error: JzfsError): void => void problems.push(error)
    const end = carryNames({ home, command, now: () => NOW, sources, routers: [], onProblem })
    while (problems.length === 0) await sleep(5)
    await end()
    expect(problems).toMatchObject([{ code: 'own-name-ahead', details: { name } }])
    expect(asked).toBeGreaterThan(0)
    await expect(publish(home, 'weather', someCommit(3))).rejects.toMatchObject({ code: 'own-name-ahead' })
  })
})
