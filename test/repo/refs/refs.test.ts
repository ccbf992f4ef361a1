import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

import * as fc from 'fast-check'
import type { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'

import { compareNames } from '../../../src/model/compare.ts'
import { type RefUpdate } from '../../../src/repo/operation/operation-plan.ts'
import { runOperation } from '../../../src/repo/operation/operation.ts'
import { refPath } from '../../../src/repo/refs/ref-files.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { ANN, someCommit, temporaryRepository } from '../../support/repository.ts'

async function update(repository: Repository, ...refs: Omit<RefUpdate, 'message'>[]): Promise<void> {
  using lock = await repository.lock('test')
  const updates = refs.map((ref) => ({ ...ref, message: 'test' }))
  await runOperation(repository, lock, { command: 'test', person: ANN, refs: updates })
}

test('a ref is what it was set to, and gone once it is deleted', async () => {
  const repository = await temporaryRepository()
  const [one, two] = [someCommit(1), someCommit(2)]
  await update(repository, { name: 'refs/heads/main', before: undefined, after: one })
  expect((await repository.refs.read('refs/heads/main'))?.equals(one)).toBe(true)
  expect((await repository.refs.headCommit())?.equals(one)).toBe(true)
  await update(repository, { name: 'refs/heads/main', before: one, after: two })
  expect((await repository.refs.read('HEAD'))?.equals(two)).toBe(true)
  await update(repository, { name: 'refs/heads/main', before: two, after: undefined })
  expect(await repository.refs.read('refs/heads/main')).toBeUndefined()
  expect(await repository.refs.headCommit()).toBeUndefined()
})

test('a ref that is not what was expected is not set, nor is any other of the same operation', async () => {
  const repository = await temporaryRepository()
  const [one, two, three] = [someCommit(1), someCommit(2), someCommit(3)]
  await update(repository, { name: 'refs/heads/main', before: undefined, after: one })
  const refused = update(
    repository,
    { name: 'refs/heads/other', before: undefined, after: two },
    { name: 'refs/heads/main', before: two, after: three },
  )
  await expect(refused).rejects.toMatchObject({
    code: 'ref-changed',
    details: { ref: 'refs/heads/main', expected: two.toString(), actual: one.toString() },
  })
  expect((await repository.refs.list()).map(({ name }) => name)).toEqual(['refs/heads/main'])
  await expect(update(repository, { name: 'refs/heads/main', before: undefined, after: two })).rejects.toMatchObject({
    code: 'ref-changed',
  })
  await expect(update(repository, { name: 'refs/heads/new', before: two, after: three })).rejects.toMatchObject({
    code: 'ref-changed',
  })
})

const HARD_NAMES = [
  'refs/heads/Main',
  'refs/heads/main',
  'refs/heads/a',
  'refs/heads/a/b',
  'refs/heads/a/b/c',
  'refs/heads/a.ref',
  'refs/heads/a.ref/b',
  'refs/heads/a-',
  'refs/heads/caf\u00e9',
  'refs/heads/cafe\u0301',
  'refs/heads/🦆',
  'refs/heads/\u{ffee}',
  `refs/heads/${'x'.repeat(255)}`,
  `refs/heads/${'🦆'.repeat(60)}`,
  `refs/heads/${'🦆'.repeat(60)}/${'Y'.repeat(240)}`,
  'refs/tags/CON',
  'refs/tags/con',
  'refs/tags/nul.txt',
  'refs/tags/+',
  'refs/tags/%41',
  'refs/pins/=a',
  'refs/heads',
]

test('refs are a map from names to CIDs, whatever the names', async () => {
  const step = fc.record({
    name: fc.constantFrom(...HARD_NAMES),
    after: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      fc.constantFrom(...HARD_NAMES),
      async (steps, prefix) => {
        const repository = await temporaryRepository()
        const model = new Map<string, CID>()
        for (const { name, after } of steps) {
          const cid = after === undefined ? undefined : someCommit(after)
          await update(repository, { name, before: model.get(name), after: cid })
          if (cid === undefined) {
            model.delete(name)
          } else {
            model.set(name, cid)
          }
        }
        for (const start of ['refs', 'refs/heads/', 'refs/heads', 'refs/tags', prefix, `${prefix}/`]) {
          const expected = [...model]
            .filter(([name]) => name === start || name.startsWith(start.endsWith('/') ? start : `${start}/`))
            .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
            .map(([name, cid]) => `${name} ${cid.toString()}`)
          const listed = await repository.refs.list(start)
          expect(listed.map(({ name, cid }) => `${name} ${cid.toString()}`)).toEqual(expected)
        }
        for (const name of HARD_NAMES) {
          expect((await repository.refs.read(name))?.toString()).toBe(model.get(name)?.toString())
        }
        await repository.close()
      },
    ),
    { numRuns: 12 },
  )
})

test('a thousand branches are listed in the order of their names', async () => {
  const repository = await temporaryRepository()
  const names = Array.from({ length: 1000 }, (_, at) => `refs/heads/team-${at % 7}/Branch-${at}`)
  for (const name of names) {
    const path = refPath(repository.layout, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${someCommit(name).toString()}\n`)
  }
  const listed = await repository.refs.list('refs/heads')
  expect(listed.map(({ name }) => name)).toEqual(names.toSorted(compareNames))
  expect(listed.every(({ name, cid }) => cid.equals(someCommit(name)))).toBe(true)
})

test('names that are no names of refs are refused', async () => {
  const repository = await temporaryRepository()
  for (const name of [
    'heads/main',
    'packs/x',
    'refs/heads/../../config',
    'refs/heads/a..b',
    'refs/heads/',
    'refs//x',
  ]) {
    await expect(repository.refs.read(name)).rejects.toMatchObject({ code: 'ref-name-invalid' })
    await expect(update(repository, { name, before: undefined, after: someCommit(1) })).rejects.toMatchObject({
      code: 'ref-name-invalid',
    })
  }
})

test('a corrupt ref is named with its last value, and can be set by force', async () => {
  const repository = await temporaryRepository()
  const [one, two] = [someCommit(1), someCommit(2)]
  const name = 'refs/heads/main'
  await update(
    repository,
    { name, before: undefined, after: one },
    { name: 'refs/heads/z', before: undefined, after: two },
  )
  const path = refPath(repository.layout, name)
  for (const text of ['', one.toString(), one.toString().slice(0, 20), 'bafy\n', '\0'.repeat(60)]) {
    writeFileSync(path, text)
    await expect(repository.refs.read(name)).rejects.toMatchObject({
      code: 'ref-corrupt',
      message: expect.stringContaining(path),
      hint: expect.stringContaining(`jzfs update-ref refs/heads/main ${one.toString()}`),
    })
  }
  await expect(repository.refs.list()).rejects.toMatchObject({ code: 'ref-corrupt' })
  const corrupt: string[] = []
  const listed = await repository.refs.list('refs', {
    onCorrupt: (error) => corrupt.push(String(error.details['ref'])),
  })
  expect([listed.map((ref) => ref.name), corrupt]).toEqual([['refs/heads/z'], [name]])
  await update(repository, { name, before: undefined, after: one, force: true })
  expect((await repository.refs.read(name))?.equals(one)).toBe(true)
})

test('a HEAD that cannot be read is named', async () => {
  const repository = await temporaryRepository()
  for (const text of ['', 'ref: refs/heads/main', 'ref: refs/tags/v1\n', 'main\n']) {
    writeFileSync(repository.layout.head, text)
    await expect(repository.refs.head()).rejects.toMatchObject({ code: 'head-corrupt' })
  }
})

test('files that are not ours do not become refs', async () => {
  const repository = await temporaryRepository()
  await update(repository, { name: 'refs/heads/main', before: undefined, after: someCommit(1) })
  for (const file of ['main.ref~', '.main.ref.swp', 'Main.ref', 'x y.ref']) {
    writeFileSync(`${repository.layout.refs}/heads/${file}`, 'anything')
    expect(existsSync(`${repository.layout.refs}/heads/${file}`)).toBe(true)
  }
  expect((await repository.refs.list()).map(({ name }) => name)).toEqual(['refs/heads/main'])
})
