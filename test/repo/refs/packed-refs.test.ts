import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

import * as fc from 'fast-check'
import type { CID } from 'multiformats/cid'
import { describe, expect, it, test } from 'vitest'

import { createDurableChanges, type DurableChanges } from '../../../src/repo/operation/durable-changes.ts'
import { writePending } from '../../../src/repo/operation/operation-log.ts'
import { entryOfPlan, type RefUpdate } from '../../../src/repo/operation/operation-plan.ts'
import { finishInterruptedOperation, runOperation } from '../../../src/repo/operation/operation.ts'
import { formatPackedRefs, parsePackedRefs } from '../../../src/repo/refs/packed-refs-format.ts'
import { MANY_REFS } from '../../../src/repo/refs/packed-refs.ts'
import { listLooseRefs } from '../../../src/repo/refs/ref-files.ts'
import { packRefs, writeRefs } from '../../../src/repo/refs/write-refs.ts'
import { openRepository, type Repository } from '../../../src/repo/repository.ts'
import { ANN, someCommit, temporaryRepository } from '../../support/repository.ts'

type Values = ReadonlyMap<string, CID | undefined>

const NAMES = Array.from({ length: 40 }, (_, number) => `refs/heads/${number % 2 === 0 ? 'even' : 'odd'}/${number}`)

function planOf(now: ReadonlyMap<string, CID>, values: Values) {
  const refs: RefUpdate[] = Array.from(values, ([name, after]) => ({
    name,
    before: now.get(name),
    after,
    message: 'test',
  }))
  return { command: 'test', person: ANN, refs }
}

async function set(repository: Repository, values: Values): Promise<void> {
  using lock = await repository.lock('test')
  await runOperation(repository, lock, planOf(await allOf(repository), values))
}

async function allOf({ refs }: Repository): Promise<Map<string, CID>> {
  return new Map((await refs.list()).map(({ name, cid }) => [name, cid]))
}

function textOf(refs: ReadonlyMap<string, CID | undefined>): string[] {
  return Array.from(refs, ([name, cid]) => `${name} ${cid?.toString() ?? '-'}`).sort()
}

function many(number: number, names = NAMES): Map<string, CID> {
  return new Map(names.map((name) => [name, someCommit(number)]))
}

/** The names that have files of their own. */
function looseOf({ layout }: Repository): string[] {
  return listLooseRefs(layout, 'refs').map(({ name }) => name)
}

test('many refs that are set together are one file', async () => {
  const repository = await temporaryRepository()
  await set(repository, many(1))
  expect(looseOf(repository)).toEqual([])
  expect(readFileSync(repository.layout.packedRefs, 'utf8').split('\n')).toHaveLength(NAMES.length + 2)
  const again = await openRepository(repository.path)
  expect(textOf(await allOf(again))).toEqual(textOf(many(1)))
  expect((await again.refs.list('refs/heads/odd')).map(({ name }) => name)).toHaveLength(NAMES.length / 2)
  expect((await again.refs.list('refs/heads/odd/3')).map(({ name }) => name)).toEqual(['refs/heads/odd/3'])
  expect(await again.refs.list('refs/heads/od')).toEqual([])
})

test('few are files of their own, and so are those that come and go', async () => {
  const repository = await temporaryRepository()
  const few = NAMES.slice(0, MANY_REFS - 1)
  const pseudo = NAMES.map((_, number) => `refs/pseudo/${number}`)
  await set(repository, many(1, few))
  await set(repository, many(1, pseudo))
  expect(existsSync(repository.layout.packedRefs)).toBe(false)
})

test('the file of its own counts, and a ref that is deleted is gone from both', async () => {
  const repository = await temporaryRepository()
  const name = NAMES[3] as string
  await set(repository, many(1))
  await set(repository, new Map([[name, someCommit(2)]]))
  expect(looseOf(repository)).toEqual([name])
  expect((await repository.refs.read(name))?.equals(someCommit(2))).toBe(true)
  await set(repository, new Map([[name, undefined]]))
  expect(await repository.refs.read(name)).toBeUndefined()
  expect((await repository.refs.list()).map((ref) => ref.name)).toEqual(NAMES.filter((each) => each !== name).sort())
})

test('any changes, in whatever files the refs are, are what is read', async () => {
  const change = fc.oneof(
    { weight: 4, arbitrary: fc.record({ names: fc.subarray(NAMES, { maxLength: 3 }), to: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ names: fc.subarray(NAMES, { minLength: MANY_REFS }), to: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.constant('pack' as const) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
      const repository = await temporaryRepository()
      const model = new Map<string, CID>()
      for (const next of changes) {
        if (next === 'pack') packRefs(createDurableChanges(repository.layout.tmp), repository.layout)
        else {
          // 0 deletes.
          const value = next.to === 0 ? undefined : someCommit(next.to)
          await set(repository, new Map(next.names.map((name) => [name, value])))
          for (const name of next.names) {
            if (value === undefined) model.delete(name)
            else model.set(name, value)
          }
        }
        expect(textOf(await allOf(repository))).toEqual(textOf(model))
        for (const name of NAMES.slice(0, 5)) {
          expect((await repository.refs.read(name))?.toString()).toBe(model.get(name)?.toString())
        }
      }
      expect(textOf(await allOf(await openRepository(repository.path)))).toEqual(textOf(model))
    }),
    { numRuns: 25 },
  )
})

describe('stopped at any step', () => {
  const cases: [what: string, values: Values][] = [
    ['many that are set', many(2)],
    ['many that are set, one deleted', new Map([...many(2), [NAMES[0] as string, undefined]])],
    ['all deleted', new Map(NAMES.map((name) => [name, undefined]))],
  ]
  it.each(cases)('%s: reads as after it, and the next finishes it', async (_what, values) => {
    let isThrough = false
    for (let steps = 0; !isThrough; steps++) {
      const repository = await temporaryRepository()
      const { layout } = repository
      await set(repository, many(1))
      await set(repository, new Map([[NAMES[5] as string, someCommit(3)]]))
      const entry = entryOfPlan(layout, planOf(await allOf(repository), values))
      writePending(createDurableChanges(layout.tmp), layout, entry)
      isThrough = !stopsAfter(steps, createDurableChanges(layout.tmp), (changes) =>
        writeRefs(changes, layout, entry.refs),
      )
      const after = textOf(new Map([...values].filter(([, cid]) => cid !== undefined)))
      const again = await openRepository(repository.path)
      expect(textOf(await allOf(again))).toEqual(after)
      {
        using lock = await again.lock('test')
        await finishInterruptedOperation(again, lock)
      }
      expect(textOf(await allOf(again))).toEqual(after)
      expect(readdirSync(layout.ops)).not.toContain('pending.json')
    }
  })

  it('packing loses nothing', async () => {
    let isThrough = false
    for (let steps = 0; !isThrough; steps++) {
      const repository = await temporaryRepository()
      for (let at = 0; at < NAMES.length; at += 20) await set(repository, many(1, NAMES.slice(at, at + 20)))
      isThrough = !stopsAfter(steps, createDurableChanges(repository.layout.tmp), (changes) =>
        packRefs(changes, repository.layout),
      )
      expect(textOf(await allOf(await openRepository(repository.path)))).toEqual(textOf(many(1)))
    }
  })
})

/** Whether the work was stopped before its change number `steps`. */
function stopsAfter(steps: number, changes: DurableChanges, work: (changes: DurableChanges) => void): boolean {
  let left = steps
  const stopped = new Error('stopped')
  const proxy = new Proxy(changes, {
    get(target, property: keyof DurableChanges) {
      if (left-- === 0) throw stopped
      return target[property]
    },
  })
  try {
    work(proxy)
    return false
  } catch (error) {
    if (error !== stopped) throw error
    return true
  }
}

test('whoever reads beside a writer misses no ref', async () => {
  const repository = await temporaryRepository()
  const workerData = { path: repository.path, root: import.meta.dirname }
  const reader = new Worker(READER, { eval: true, workerData })
  const said = new Promise<unknown>((resolve, reject) => reader.once('message', resolve).once('error', reject))
  const reading = { isOver: false }
  void said.finally(() => (reading.isOver = true)).catch(() => undefined)
  for (let round = 0; !reading.isOver; round++) {
    // What the reader says is heard only between turns.
    await nextTurn()
    const names = NAMES.map((name) => `${name}-${round}`)
    await set(repository, many(1, names.slice(0, 20)))
    await set(repository, many(1, names.slice(20)))
    packRefs(createDurableChanges(repository.layout.tmp), repository.layout)
  }
  expect(await said).toEqual({ missing: 0 })
  await reader.terminate()
})

/** Nothing is deleted, so what is listed only grows. */
const READER = `
const { parentPort, workerData } = require('node:worker_threads')
const { join } = require('node:path')
import(join(workerData.root, '../../../src/repo/repository.ts')).then(async ({ openRepository }) => {
  const { refs } = await openRepository(workerData.path)
  let missing = 0
  let before = 0
  for (const start = performance.now(); performance.now() - start < 1500;) {
    const { length } = await refs.list()
    if (length < before) missing++
    before = length
  }
  parentPort.postMessage({ missing })
})
`

describe('a damaged file', () => {
  it('is one in which any byte is another, or that is cut short', () => {
    const text = formatPackedRefs(Array.from(many(1, NAMES.slice(0, 3)), ([name, cid]) => ({ name, cid })))
    expect(parsePackedRefs(text).count).toBe(3)
    for (let at = 0; at < text.length; at++) {
      const flipped = Buffer.from(text)
      flipped[at] = flipped[at]! ^ 1
      expect(() => parsePackedRefs(flipped.toString())).toThrow(/digest|start/)
      expect(() => parsePackedRefs(text.slice(0, at))).toThrow(/digest|start/)
    }
  })

  it('is named with its remedy, and no ref is changed until it is mended', async () => {
    const repository = await temporaryRepository()
    await set(repository, many(1))
    await set(repository, new Map([['refs/heads/main', someCommit(2)]]))
    writeFileSync(repository.layout.packedRefs, 'x')
    const again = await openRepository(repository.path)
    const corrupt = { code: 'packed-refs-corrupt', details: { path: repository.layout.packedRefs } }
    expect((await again.refs.read('refs/heads/main'))?.equals(someCommit(2))).toBe(true)
    await expect(again.refs.read(NAMES[0] as string)).rejects.toMatchObject(corrupt)
    await expect(again.refs.list()).rejects.toMatchObject(corrupt)
    const seen: string[] = []
    const listed = await again.refs.list('refs', { onCorrupt: ({ code }) => seen.push(code) })
    expect([listed.map(({ name }) => name), seen]).toEqual([['refs/heads/main'], ['packed-refs-corrupt']])
    using lock = await again.lock('test')
    const refs = [{ name: 'refs/heads/main', before: someCommit(2), after: someCommit(1), message: 'test' }]
    await expect(runOperation(again, lock, { command: 'test', person: ANN, refs })).rejects.toMatchObject(corrupt)
    expect((await again.refs.read('refs/heads/main'))?.equals(someCommit(2))).toBe(true)
  })
})
