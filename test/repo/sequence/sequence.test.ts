import { existsSync, readFileSync, writeFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { createDurableChanges } from '../../../src/repo/operation/durable-changes.ts'
import { writePending } from '../../../src/repo/operation/operation-log.ts'
import { comparePlan, entryOfPlan, type OperationPlan } from '../../../src/repo/operation/operation-plan.ts'
import { finishInterruptedOperation, listOperations, runOperation } from '../../../src/repo/operation/operation.ts'
import { openRepository, type Repository } from '../../../src/repo/repository.ts'
import { replayAfterCommit, replayAfterSkip } from '../../../src/repo/sequence/replay-sequence.ts'
import { formatSequence, parseSequence, sequenceDocument } from '../../../src/repo/sequence/sequence-format.ts'
import { readSequence, refuseSequence, type Sequence } from '../../../src/repo/sequence/sequence.ts'
import { ANN, someCommit, temporaryRepository } from '../../support/repository.ts'

const merge: Sequence = {
  kind: 'merge',
  before: someCommit(1),
  theirs: [someCommit(2)],
  message: 'Merge branch \'x\'\n\nwith "quotes" and é\n',
  squash: false,
}

const begin: OperationPlan = { command: 'jzfs merge x', person: ANN, sequence: { before: undefined, after: merge } }
const end: OperationPlan = { command: 'jzfs commit', person: ANN, sequence: { before: merge, after: undefined } }

async function run(repository: Repository, plan: OperationPlan): Promise<void> {
  using lock = await repository.lock('test')
  await runOperation(repository, lock, plan)
}

function expectSequence(sequence: Sequence | undefined, expected: Sequence): void {
  expect(sequence && sequenceDocument(sequence)).toEqual(sequenceDocument(expected))
}

test('what waits for its user is written by an operation and removed by another', async () => {
  const repository = await temporaryRepository()
  expect(readSequence(repository)).toBeUndefined()
  refuseSequence(repository, 'merge')
  await run(repository, begin)
  expectSequence(readSequence(repository), merge)
  expect(() => refuseSequence(repository, 'rebase')).toThrow(
    expect.objectContaining({ code: 'sequence-in-progress', message: 'cannot rebase: a merge is in progress' }),
  )
  await run(repository, { ...end, sequence: { before: merge, after: { ...merge, squash: true } } })
  expectSequence(readSequence(repository), { ...merge, squash: true })
  await run(repository, { ...end, sequence: { before: { ...merge, squash: true }, after: undefined } })
  expect(readSequence(repository)).toBeUndefined()
  expect(existsSync(repository.layout.sequence)).toBe(false)
  const [last, , first] = await Array.fromAsync(listOperations(repository))
  expectSequence(last?.sequence?.before, { ...merge, squash: true })
  expect(last?.sequence?.after).toBeUndefined()
  expectSequence(first?.sequence?.after, merge)
})

test('an interrupted beginning reads as if it were finished, and the next lock finishes it', async () => {
  const repository = await temporaryRepository()
  const { layout } = repository
  comparePlan(layout, begin)
  writePending(createDurableChanges(layout.tmp), layout, entryOfPlan(layout, begin))
  expect(existsSync(layout.sequence)).toBe(false)
  expectSequence(readSequence(repository), merge)
  ;(await repository.lock('next')).release()
  expect(existsSync(layout.sequence)).toBe(true)
  writePending(createDurableChanges(layout.tmp), layout, entryOfPlan(layout, end))
  expect(readSequence(repository)).toBeUndefined()
  using lock = await (await openRepository(repository.path)).lock('next')
  expect(existsSync(layout.sequence)).toBe(false)
  expect(await finishInterruptedOperation(repository, lock)).toBeUndefined()
})

test('a plan that expects another one is refused whole', async () => {
  const repository = await temporaryRepository()
  await run(repository, begin)
  await expect(run(repository, begin)).rejects.toMatchObject({ code: 'sequence-changed' })
  await expect(
    run(repository, { ...end, sequence: { before: { ...merge, message: 'other' }, after: undefined } }),
  ).rejects.toMatchObject({ code: 'sequence-changed' })
  expectSequence(readSequence(repository), merge)
})

test('a file that is not what we write is refused by name', async () => {
  const repository = await temporaryRepository()
  await run(repository, begin)
  const text = readFileSync(repository.layout.sequence, 'utf8')
  const damage: [string, string][] = [
    ['', 'sequence-corrupt'],
    [text.slice(0, -10), 'sequence-corrupt'],
    ['[]', 'sequence-corrupt'],
    ['null', 'sequence-corrupt'],
    [text.replace('"squash":false', '"squash":0'), 'sequence-corrupt'],
    [text.replace('"squash"', '"squish"'), 'sequence-corrupt'],
    [text.replace(someCommit(1).toString(), 'nothing'), 'sequence-corrupt'],
    [text.replace(`"${someCommit(2).toString()}"`, ''), 'sequence-corrupt'],
    [text.replace('sequence/1', 'sequence/2'), 'sequence-newer'],
    [text.replace('"merge"', '"toString"'), 'sequence-newer'],
  ]
  for (const [bad, code] of damage) {
    expect(bad).not.toBe(text)
    writeFileSync(repository.layout.sequence, bad)
    expect(() => readSequence(repository)).toThrow(expect.objectContaining({ code }))
  }
})

test.for(['cherry-pick', 'revert', 'rebase'] as const)('a %s is read as it was written', (kind) => {
  const options = { mainline: 2, noCommit: false, recordsOrigin: true, empty: 'keep', redundant: 'drop' } as const
  const stopped = { commit: someCommit(4), reason: 'empty', message: 'm\n' } as const
  const [before, at, onto] = [someCommit(1), someCommit(2), someCommit(3)]
  const nothing = { before: undefined, at: undefined, onto: undefined, stopped: undefined, done: [], todo: [] }
  const lists = { done: [someCommit(5)], todo: [someCommit(6), someCommit(7)] }
  const head = { branch: 'refs/heads/main' }
  const whole: Sequence = { kind, head, before, at, onto, ...lists, stopped, options: { ...options, favour: 'ours' } }
  const bare: Sequence = {
    ...nothing,
    kind,
    head: { detached: at },
    options: { ...options, mainline: undefined, favour: undefined },
  }
  for (const sequence of [whole, bare]) {
    expectSequence(parseSequence(formatSequence(sequence), 'sequence.json'), sequence)
    const wrong = formatSequence(sequence).replace('"todo":[', '"todo":[1,')
    expect(() => parseSequence(wrong, 'sequence.json')).toThrow(expect.objectContaining({ code: 'sequence-corrupt' }))
  }
  const after = replayAfterCommit(whole, someCommit(8))
  expect(after?.done.map(String)).toEqual([someCommit(5), someCommit(4)].map(String))
  expect(replayAfterSkip({ ...bare, todo: [someCommit(6)] })?.todo).toHaveLength(1)
  expect(replayAfterSkip({ ...whole, todo: [] })?.kind).toBe(kind === 'rebase' ? 'rebase' : undefined)
})
