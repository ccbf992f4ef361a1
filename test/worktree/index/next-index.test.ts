import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { pendingOperation } from '../../../src/repo/operation/operation.ts'
import { openRepository, type Repository } from '../../../src/repo/repository.ts'
import { worktreeStep } from '../../../src/worktree/checkout/worktree-step.ts'
import { readIndexFile, readIndexOrPatch, writeIndexFile } from '../../../src/worktree/index/index-file.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { undoLast } from '../../../src/worktree/undo/undo.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { add, commitHere, openTestRepository, PERSON } from '../support/repository.ts'

const FILES = Array.from({ length: 40 }, (_, number) => `d${number % 3}/file-${number}`)
const by = { command: 'test', person: PERSON }
let top: string
let repository: Repository
let path: string

const write = (name: string, content: string): void => {
  mkdirSync(join(top, name, '..'), { recursive: true })
  writeFileSync(join(top, name), content)
}
const entriesNow = async (): Promise<string[]> =>
  Array.from(
    (await openIndex(repository)).entries(),
    ({ path: name, stage, cid }) => `${name} ${stage} ${cid.toString()}`,
  )
const statusNow = async (): Promise<string[]> => {
  const { staged, unstaged, untracked } = await readStatus(repository)
  return [
    ...staged.map((each) => `staged ${each.path}`),
    ...unstaged.map((each) => `changed ${each.path}`),
    ...untracked,
  ]
}
/** Which file the next index is. */
const nextFile = async (): Promise<string> =>
  join(repository.layout.tmp, (await pendingOperation(repository))?.index?.next as string)
const reopen = async (): Promise<void> => {
  await repository.close()
  repository = await openRepository(top, { worktreeStep: async (...step) => void (await worktreeStep(...step)) })
}

/** Two branches; what is staged on main is on neither. */
beforeEach(async () => {
  top = temporaryFolder()
  repository = await openTestRepository(top)
  onTestFinished(() => repository.close())
  path = repository.layout.index
  for (const name of FILES) write(name, name)
  await add(repository)
  await commitHere(repository)
  await switchTo(repository, { create: 'other' }, by)
  for (const name of FILES.slice(0, 2)) write(name, 'other')
  await add(repository)
  await commitHere(repository)
  await switchTo(repository, { branch: 'main' }, by)
})

/** Ends a switch as a kill would, when so many files were written. */
async function switchKilledAt(files: number): Promise<{ before: string[]; after: string[] }> {
  write('staged', 'staged')
  await add(repository)
  const before = await entriesNow()
  await switchTo(repository, { branch: 'other' }, by)
  const after = await entriesNow()
  await switchTo(repository, { branch: 'main' }, by)
  const onProgress = (done: { files: number }): void => {
    if (done.files === files) throw new Error('killed')
  }
  await expect(switchTo(repository, { branch: 'other' }, { ...by, onProgress })).rejects.toThrow('killed')
  expect(readIndexOrPatch(await nextFile())).toMatchObject({ removed: [] })
  return { before, after }
}

describe('a switch that is killed between its entry and its index', () => {
  const damages: Record<string, () => void> = {
    'with the old index in place': () => {},
    'with the old index lost': () => rmSync(path),
    'with the old index damaged': () => writeFileSync(path, 'damaged'),
    'with another index in place': () =>
      renameSync(join(path, '../tmp', writeIndexFile(join(path, '../tmp'), readIndexFile(path))), path),
  }
  test.for(Object.keys(damages))(
    '%s: readers see it as finished, the next lock finishes it, and undo takes it back',
    async (how) => {
      const { before, after } = await switchKilledAt(1)
      damages[how]?.()
      expect([await entriesNow(), await statusNow()]).toEqual([after, ['staged staged']])
      await reopen()
      expect([await entriesNow(), await statusNow()]).toEqual([after, ['staged staged']])
      // Whoever takes the lock.
      ;(await repository.lock('test')).release()
      expect([await entriesNow(), await statusNow()]).toEqual([after, ['staged staged']])
      expect(await pendingOperation(repository)).toBeUndefined()
      await undoLast(repository, by)
      expect([await entriesNow(), await statusNow()]).toEqual([before, ['staged staged']])
    },
  )

  test('its index gets the stat data of the files, whoever writes it', async () => {
    await switchKilledAt(2)
    await reopen()
    ;(await repository.lock('test')).release()
    const index = readIndexFile(path)
    const unknown = Array.from(index.entries()).filter((entry) => entry.mtimeNs === 0n)
    expect(unknown.map((entry) => entry.path)).toEqual([])
  })

  test('with the index written, and not in place: it is put there', async () => {
    const { after } = await switchKilledAt(2)
    const next = await nextFile()
    renameSync(join(repository.layout.tmp, writeIndexFile(repository.layout.tmp, await openIndex(repository))), next)
    expect(await entriesNow()).toEqual(after)
    await reopen()
    ;(await repository.lock('test')).release()
    expect([await entriesNow(), await statusNow(), existsSync(next)]).toEqual([after, ['staged staged'], false])
  })

  test('with the index in place: it stays', async () => {
    const { after } = await switchKilledAt(2)
    renameSync(join(repository.layout.tmp, writeIndexFile(repository.layout.tmp, await openIndex(repository))), path)
    rmSync(await nextFile())
    expect(await entriesNow()).toEqual(after)
    await reopen()
    ;(await repository.lock('test')).release()
    expect([await entriesNow(), await statusNow()]).toEqual([after, ['staged staged']])
  })
})

test('paths that come and go are in the patch as well', async () => {
  await switchTo(repository, { branch: 'other' }, by)
  rmSync(join(top, FILES[3] as string))
  rmSync(join(top, FILES[4] as string))
  write(`${FILES[4]}/inside`, 'now a folder')
  write('a', 'new')
  await add(repository)
  await commitHere(repository)
  const after = await entriesNow()
  await switchTo(repository, { branch: 'main' }, by)
  const onProgress = (): void => {
    throw new Error('killed')
  }
  await expect(switchTo(repository, { branch: 'other' }, { ...by, onProgress })).rejects.toThrow('killed')
  expect(readIndexOrPatch(await nextFile())).toMatchObject({ removed: [FILES[3], FILES[4]] })
  expect(await entriesNow()).toEqual(after)
  await reopen()
  ;(await repository.lock('test')).release()
  expect([await entriesNow(), await statusNow()]).toEqual([after, []])
})
