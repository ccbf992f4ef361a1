import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { layoutOf } from '../../../src/repo/layout.ts'
import { createDurableChanges } from '../../../src/repo/operation/durable-changes.ts'
import { formatOperation } from '../../../src/repo/operation/operation-entry.ts'
import { writePending } from '../../../src/repo/operation/operation-log.ts'
import { comparePlan, entryOfPlan, type OperationPlan } from '../../../src/repo/operation/operation-plan.ts'
import {
  describePending,
  finishInterruptedOperation,
  listOperations,
  pendingOperation,
  runOperation,
  settledIndexPath,
  type WorktreeStep,
} from '../../../src/repo/operation/operation.ts'
import { encodeRefName } from '../../../src/repo/refs/ref-encoding.ts'
import { refPath } from '../../../src/repo/refs/ref-files.ts'
import { appendReflog, reflogPath } from '../../../src/repo/refs/reflog.ts'
import { openRepository, type Repository } from '../../../src/repo/repository.ts'
import { ANN, someCommit, temporaryRepository } from '../../support/repository.ts'

const MAIN = 'refs/heads/main'
const [one, two, three] = [someCommit(1), someCommit(2), someCommit(3)]

const firstCommit: OperationPlan = {
  command: 'jzfs commit -m one',
  person: ANN,
  refs: [{ name: MAIN, before: undefined, after: one, message: 'commit (initial): one' }],
}

async function run(repository: Repository, plan: OperationPlan, step?: WorktreeStep): Promise<void> {
  using lock = await repository.lock('test')
  await runOperation(repository, lock, plan, step)
}

async function logOf(repository: Repository, name: string): Promise<string[]> {
  return Array.fromAsync(
    repository.refs.log(name),
    ({ before, after, message }) => `${numberOf(before)} ${numberOf(after)} ${message}`,
  )
}

function numberOf(cid: { toString(): string } | undefined): string {
  const number = [one, two, three].findIndex((each) => each.toString() === cid?.toString())
  return cid === undefined ? '-' : String(number + 1)
}

test('an operation moves refs, HEAD and index, writes their logs, and is kept as an entry', async () => {
  const repository = await temporaryRepository()
  await run(repository, firstCommit)
  writeFileSync(join(repository.layout.tmp, 'next-index'), 'the new index')
  await run(repository, {
    command: 'jzfs switch -c other',
    person: ANN,
    refs: [{ name: 'refs/heads/other', before: undefined, after: two, message: 'branch: created' }],
    head: { before: { branch: MAIN }, after: { branch: 'refs/heads/other' }, message: 'switch: from main to other' },
    index: { next: 'next-index' },
  })
  expect(await repository.refs.head()).toEqual({ branch: 'refs/heads/other' })
  expect(readFileSync(repository.layout.index, 'utf8')).toBe('the new index')
  expect(await logOf(repository, MAIN)).toEqual(['- 1 commit (initial): one'])
  expect(await logOf(repository, 'refs/heads/other')).toEqual(['- 2 branch: created'])
  expect(await logOf(repository, 'HEAD')).toEqual(['1 2 switch: from main to other', '- 1 commit (initial): one'])
  const entries = await Array.fromAsync(listOperations(repository))
  expect(entries.map(({ number, command }) => [number, command])).toEqual([
    [2, 'jzfs switch -c other'],
    [1, 'jzfs commit -m one'],
  ])
  expect(entries[0]?.head?.before).toEqual({ branch: MAIN })
  expect(entries[0]?.refs[0]?.after?.equals(two)).toBe(true)
  expect(await pendingOperation(repository)).toBeUndefined()
  expect(readdirSync(repository.layout.tmp)).toEqual([])
})

test('HEAD can be detached, and a moved branch that is not checked out leaves its log alone', async () => {
  const repository = await temporaryRepository()
  await run(repository, firstCommit)
  const head = { before: { branch: MAIN }, after: { detached: one }, message: 'detach' }
  await run(repository, { command: 'switch', person: ANN, head })
  await run(repository, {
    command: 'branch -f',
    person: ANN,
    refs: [{ name: MAIN, before: one, after: two, message: 'reset' }],
  })
  const detached = await repository.refs.head()
  expect('detached' in detached && detached.detached.equals(one)).toBe(true)
  expect(await logOf(repository, 'HEAD')).toEqual(['1 1 detach', '- 1 commit (initial): one'])
  const wrong = { ...head, after: { branch: MAIN } }
  await expect(run(repository, { command: 'switch', person: ANN, head: wrong })).rejects.toMatchObject({
    code: 'head-changed',
  })
})

test('where a ref has changed meanwhile, nothing at all is written', async () => {
  const repository = await temporaryRepository()
  await run(repository, firstCommit)
  const before = snapshot(repository)
  await expect(run(repository, firstCommit)).rejects.toMatchObject({ code: 'ref-changed' })
  expect(snapshot(repository)).toEqual(before)
})

/** The ways in which an operation can be interrupted after its entry is durable: each does some of the work already. */
const INTERRUPTIONS: Record<string, (repository: Repository) => void> = {
  'right after the entry': () => {},
  'after a reflog': ({ layout }) =>
    appendReflog(createDurableChanges(layout.tmp), layout, 'HEAD', {
      before: one,
      after: two,
      person: ANN,
      message: 'move',
      operation: 2,
    }),
  'in a reflog': ({ layout }) => appendFileSync(reflogPath(layout, 'HEAD'), '{"before":null,"after":"ba'),
  'in a reflog, zeros on the disk': ({ layout }) => appendFileSync(reflogPath(layout, MAIN), Buffer.alloc(1000)),
  'after a ref': ({ layout }) => writeFileSync(refPath(layout, MAIN), `${two.toString()}\n`),
  'after the other ref': ({ layout }) => writeFileSync(refPath(layout, 'refs/heads/New'), `${three.toString()}\n`),
  'after HEAD': ({ layout }) => writeFileSync(layout.head, 'ref: refs/heads/New\n'),
  'after the index': ({ layout }) => renameSync(join(layout.tmp, 'next-index'), layout.index),
}

for (const [when, interrupt] of Object.entries(INTERRUPTIONS)) {
  test(`interrupted ${when}: readers see it finished, and the next lock finishes it, once`, async () => {
    const repository = await temporaryRepository()
    await run(repository, firstCommit)
    writeFileSync(join(repository.layout.tmp, 'next-index'), 'next')
    const plan: OperationPlan = {
      command: 'jzfs switch -C New',
      person: ANN,
      refs: [
        { name: MAIN, before: one, after: two, message: 'move' },
        { name: 'refs/heads/New', before: undefined, after: three, message: 'create' },
      ],
      head: { before: { branch: MAIN }, after: { branch: 'refs/heads/New' }, message: 'switch' },
      index: { next: 'next-index' },
    }
    const { layout } = repository
    writePending(createDurableChanges(layout.tmp), layout, entryOfPlan(layout, plan))
    interrupt(repository)

    const expectFinished = async (): Promise<void> => {
      expect(await repository.refs.head()).toEqual({ branch: 'refs/heads/New' })
      expect((await repository.refs.headCommit())?.equals(three)).toBe(true)
      expect((await repository.refs.list()).map(({ name, cid }) => `${name} ${numberOf(cid)}`)).toEqual([
        'refs/heads/New 3',
        'refs/heads/main 2',
      ])
      expect(await logOf(repository, MAIN)).toEqual(['1 2 move', '- 1 commit (initial): one'])
      expect(await logOf(repository, 'refs/heads/New')).toEqual(['- 3 create'])
      expect(await logOf(repository, 'HEAD')).toHaveLength(2)
      expect(readFileSync(settledIndexPath(repository), 'utf8')).toBe('next')
    }
    await expectFinished()
    const pending = await pendingOperation(repository)
    expect(describePending(pending!)).toContain('jzfs switch -C New')
    ;(await repository.lock('test')).release()
    expect(await pendingOperation(repository)).toBeUndefined()
    await expectFinished()
    for (const name of ['HEAD', MAIN]) {
      expect(readFileSync(reflogPath(layout, name), 'utf8').endsWith('}\n')).toBe(true)
    }
    expect(await Array.fromAsync(listOperations(repository), ({ number }) => number)).toEqual([2, 1])

    // A power cut can bring the entry back: doing it all again changes nothing.
    const done = snapshot(repository)
    renameSync(join(layout.ops, '0', '2.json'), layout.pending)
    ;(await repository.lock('test')).release()
    expect(snapshot(repository)).toEqual(done)
  })
}

test('the working tree is changed after the refs and before the index, and again if that failed', async () => {
  const repository = await temporaryRepository()
  await run(repository, firstCommit)
  writeFileSync(join(repository.layout.tmp, 'next-index'), 'next')
  const plan: OperationPlan = {
    command: 'jzfs reset --hard',
    person: ANN,
    refs: [{ name: MAIN, before: one, after: two, message: 'reset' }],
    worktree: { before: one, after: two },
    index: { next: 'next-index' },
  }
  let calls = 0
  const step: WorktreeStep = async ({ worktree }, { layout, refs }) => {
    calls++
    expect(worktree?.after?.equals(two)).toBe(true)
    expect(readFileSync(refPath(layout, MAIN), 'utf8')).toBe(`${two.toString()}\n`)
    expect((await refs.headCommit())?.equals(two)).toBe(true)
    expect(existsSync(layout.index)).toBe(false)
    if (calls === 1) {
      throw new Error('the disk is full')
    }
  }
  await expect(run(repository, plan)).rejects.toThrow(TypeError)
  await expect(run(repository, plan, step)).rejects.toThrow('the disk is full')

  await expect(repository.lock('test')).rejects.toMatchObject({ code: 'operation-interrupted' })
  const finished: number[] = []
  const again = await openRepository(repository.path, {
    worktreeStep: step,
    onFinished: ({ number }) => finished.push(number),
  })
  ;(await again.lock('test')).release()
  expect([calls, finished, readFileSync(again.layout.index, 'utf8')]).toEqual([2, [2], 'next'])
  await again.close()
})

test('a ref that is neither before nor after is left alone and named', async () => {
  const repository = await temporaryRepository()
  await run(repository, firstCommit)
  const { layout } = repository
  const refs = [{ name: MAIN, before: one, after: two, message: 'move' }]
  writePending(createDurableChanges(layout.tmp), layout, entryOfPlan(layout, { command: 'x', person: ANN, refs }))
  writeFileSync(refPath(layout, MAIN), `${three.toString()}\n`)
  expect((await repository.refs.read(MAIN))?.equals(three)).toBe(true)
  const { acquireLock } = await import('../../../src/store/lock/lock.ts')
  using lock = await acquireLock(layout.lock, { command: 'test' })
  const finished = await finishInterruptedOperation(repository, lock)
  expect(finished?.left.map(({ name, actual }) => [name, numberOf(actual)])).toEqual([[MAIN, '3']])
  expect((await repository.refs.read(MAIN))?.equals(three)).toBe(true)
})

test('a renamed branch takes its log along; a deleted one loses it', async () => {
  const repository = await temporaryRepository()
  await run(repository, firstCommit)
  await run(repository, {
    command: 'jzfs branch -m Main',
    person: ANN,
    refs: [
      { name: MAIN, before: one, after: undefined, message: '' },
      { name: 'refs/heads/Main', before: undefined, after: one, message: 'renamed' },
    ],
    head: { before: { branch: MAIN }, after: { branch: 'refs/heads/Main' }, message: 'renamed' },
    reflogMoves: [{ before: MAIN, after: 'refs/heads/Main' }],
  })
  expect(await logOf(repository, 'refs/heads/Main')).toEqual(['- 1 renamed', '- 1 commit (initial): one'])
  expect(await logOf(repository, MAIN)).toEqual([])
  await run(repository, {
    command: 'jzfs update-ref -d',
    person: ANN,
    refs: [{ name: 'refs/heads/Main', before: one, after: undefined, message: '' }],
  })
  expect(existsSync(reflogPath(repository.layout, 'refs/heads/Main'))).toBe(false)
})

test('a name that is too long for the file system, if only for its log, makes no operation', () => {
  const name = `refs/heads/${'🦆'.repeat(50)}`
  const longestPath = process.platform === 'darwin' ? 1023 : 4095
  const length = longestPath - join('logs', `${encodeRefName(name)}.log`).length - 1
  const check = (folder: string): void =>
    comparePlan(layoutOf(folder), { ...firstCommit, refs: [{ name, before: undefined, after: one, message: '' }] })
  const folderOfLength = (count: number): string => `${`/${'x/'.repeat(count)}`.slice(0, count - 1)}y`
  expect(folderOfLength(length)).toHaveLength(length)
  expect(() => check(folderOfLength(length))).not.toThrow()
  for (const longer of [1, 5, 6, 100]) {
    expect(() => check(folderOfLength(length + longer))).toThrow(expect.objectContaining({ code: 'name-too-long' }))
  }
})

test('an entry that cannot be read stops what would change something', async () => {
  const repository = await temporaryRepository()
  for (const text of ['', '{', '{"type":"jzfs/operation/1","number":0}', '{"type":"jzfs/operation/1"}', 'null']) {
    writeFileSync(repository.layout.pending, text)
    await expect(repository.lock('test')).rejects.toMatchObject({
      code: 'operation-corrupt',
      details: { path: repository.layout.pending },
    })
  }
  writeFileSync(repository.layout.pending, '{"type":"jzfs/operation/2"}')
  await expect(repository.lock('test')).rejects.toMatchObject({ code: 'operation-newer' })
})

test('entries are numbered on, past a thousand of them', async () => {
  const repository = await temporaryRepository()
  using lock = await repository.lock('test')
  const first = await runOperation(repository, lock, { command: 'number 1', person: ANN })
  const older = { ...first, number: 998, command: 'number 998' }
  writeFileSync(join(repository.layout.ops, '0', '998.json'), formatOperation(older))
  for (const number of [999, 1000, 1001]) {
    await runOperation(repository, lock, { command: `number ${number}`, person: ANN })
  }
  const operations = await Array.fromAsync(listOperations(repository))
  const numbers = [1001, 1000, 999, 998, 1]
  expect(operations.map(({ number }) => number)).toEqual(numbers)
  expect(operations.map(({ command }) => command)).toEqual(numbers.map((number) => `number ${number}`))
})

/** Every file of a repository and what it holds. */
function snapshot(repository: Repository): Record<string, string> {
  const paths = readdirSync(repository.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes('.db'))
    .map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(paths.sort().map((path) => [path, readFileSync(path, 'utf8')]))
}

test('lines leave a log, and what follows them goes on from the value before them', async () => {
  const repository = await temporaryRepository()
  const stash = 'refs/stash'
  const push = (before: typeof one | undefined, after: typeof one, message: string): Promise<void> =>
    run(repository, { command: 'stash', person: ANN, refs: [{ name: stash, before, after, message }] })
  await push(undefined, one, 'first')
  await push(one, two, 'second')
  await push(two, three, 'third')
  const dropSecond: OperationPlan = { command: 'drop', person: ANN, reflogCuts: [{ name: stash, operations: [2] }] }
  const { layout } = repository
  writePending(createDurableChanges(layout.tmp), layout, entryOfPlan(layout, dropSecond))
  expect(await logOf(repository, stash)).toHaveLength(2)
  const refs = [{ name: stash, before: three, after: one, message: 'not logged' }]
  await run(repository, { command: 'drop', person: ANN, refs, reflogCuts: [{ name: stash, operations: [3] }] })
  expect(await logOf(repository, stash)).toEqual(['- 1 first'])
  await push(one, three, 'again')
  await run(repository, { ...dropSecond, reflogCuts: [{ name: stash, operations: [1, 7] }] })
  expect(await logOf(repository, stash)).toEqual(['- 3 again'])
})
