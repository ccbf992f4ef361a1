import { cpSync, existsSync, rmSync } from 'node:fs'

import { generateKeyPairFromSeed, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import fc from 'fast-check'
import { expect, it } from 'vitest'

import { JzfsError } from '../../../src/model/errors.ts'
import { nameOfKey } from '../../../src/sync/names/ipns-record.ts'
import { openKnownNames, type SeenName } from '../../../src/sync/names/known-names.ts'
import { recallNames } from '../../../src/sync/names/recall-names.ts'
import { someCommit, temporaryFolder } from '../../support/repository.ts'

const privateKey = privateKeyToProtobuf(await generateKeyPairFromSeed('Ed25519', Buffer.alloc(32, 1)))
const name = await nameOfKey(privateKey)
const VALUES = [someCommit(1), someCommit(2), someCommit(3)]
const NOW = new Date('2026-06-01T12:00:00Z')

/** The refusals that may come: a home does not go back, and does not sign over what it has not taken over. */
const REFUSALS = new Set([
  'record-older-than-seen',
  'record-fork',
  'record-set-aside',
  'own-name-ahead',
  'value-not-seen',
])

/** Two homes with one key, and one that follows. */
const HOMES = ['a', 'b', 'follower'] as const
const SIGNERS = ['a', 'b'] as const

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('sign'), home: fc.constantFrom(...SIGNERS), value: fc.nat(2) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('give'), home: fc.constantFrom(...HOMES), to: fc.constantFrom(...HOMES) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('recall'), home: fc.constantFrom(...SIGNERS), value: fc.nat(2) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('choose'), home: fc.constantFrom(...HOMES), value: fc.nat(2) }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('backup'), home: fc.constantFrom(...SIGNERS) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('restore'), home: fc.constantFrom(...SIGNERS) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('forget'), home: fc.constantFrom(...SIGNERS) }) },
) as fc.Arbitrary<{ does: string; home: (typeof HOMES)[number]; to?: (typeof HOMES)[number]; value?: number }>

async function run(steps: { does: string; home: string; to?: string; value?: number }[]): Promise<void> {
  const root = temporaryFolder()
  const open = (home: string) => openKnownNames(`${root}/${home}`)
  const seenBy = (home: string): Promise<SeenName | undefined> => open(home).seen(name)
  for (const { does, home, to = home, value = 0 } of steps) {
    const [cid, folder, backup] = [VALUES[value]!, `${root}/${home}`, `${root}/${home}-backup`]
    const before = await seenBy(to)
    const work = async (): Promise<void> => {
      if (does === 'sign') await open(home).publish({ privateKey, cid, now: NOW })
      if (does === 'choose') await open(home).choose(name, cid)
      if (does === 'backup' && existsSync(folder)) cpSync(folder, backup, { recursive: true })
      if (does === 'restore' || does === 'forget') rmSync(folder, { recursive: true, force: true })
      if (does === 'restore' && existsSync(backup)) cpSync(backup, folder, { recursive: true })
      const record = does === 'give' ? await open(home).record(name) : undefined
      if (record !== undefined) await open(to).accept(name, record.bytes, { now: NOW, from: home })
      if (does === 'recall') await signAfterRecall(home, cid)
    }
    await work().catch((error: unknown) => {
      if (!(error instanceof JzfsError) || !REFUSALS.has(error.code)) throw error
    })
    const after = await seenBy(to)
    if (does !== 'restore' && does !== 'forget') neverBack(before, after, does)
  }

  /** What is signed after the follower was asked is never below, or beside, what the follower has. */
  async function signAfterRecall(home: string, cid: (typeof VALUES)[number]): Promise<void> {
    const follower = open('follower')
    const source = { label: 'follower', resolveName: async () => (await follower.record(name))?.bytes }
    await recallNames([name], [source], open(home), { now: NOW })
    const signed = await open(home).publish({ privateKey, cid, now: NOW })
    const seen = await follower.seen(name)
    if (seen === undefined || signed.sequence > seen.sequence) return
    const isSettled = (await seenBy(home))?.settled === signed.sequence
    expect({ sequence: signed.sequence, value: isSettled ? seen.value : signed.value }).toEqual({
      sequence: seen.sequence,
      value: seen.value,
    })
  }
}

/** A home's sequence never goes down, and what it means at one sequence changes only when the user chooses. */
function neverBack(before: SeenName | undefined, after: SeenName | undefined, does: string): void {
  if (before === undefined) return
  expect(after?.sequence ?? -1n).toBeGreaterThanOrEqual(before.sequence)
  if (after?.sequence === before.sequence && does !== 'choose') expect(after.value).toBe(before.value)
}

it('two homes with one key, backups, forgetting and forks: nobody is ever taken back', async () => {
  const runs = fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), (steps) => run(steps))
  await expect(fc.assert(runs, { numRuns: 10 })).resolves.toBeUndefined()
})
