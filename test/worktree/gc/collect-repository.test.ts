import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { cidOf, DAG_PB, RAW } from '../../../src/model/cid.ts'
import { runOperation } from '../../../src/repo/operation/operation.ts'
import { deleteBranch } from '../../../src/repo/refs/branch.ts'
import { beginPartial } from '../../../src/repo/refs/partial-ref.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { updateRef } from '../../../src/repo/update-ref.ts'
import { collectRepository } from '../../../src/worktree/gc/collect-repository.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { parsePathspecs } from '../../../src/worktree/pathspec/pathspec.ts'
import { restorePaths } from '../../../src/worktree/restore.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { temporaryRepository } from '../../support/repository.ts'
import { damageFile, packNames, rawBlock, writePack } from '../../support/store-files.ts'
import { add, commitHere, PERSON } from '../support/repository.ts'
import { ALL, collect, commitFiles, NEVER, problems, PRUNE, stored } from './support.ts'

const author = { command: 'test', person: PERSON }

/** A repository whose branch `aside` was deleted: its commit, and what only it has. */
async function withDeletedBranch() {
  const repository = await temporaryRepository()
  await commitFiles(repository, { kept: 'kept' })
  const before = await stored(repository)
  await switchTo(repository, { create: 'aside' }, author)
  const commit = await commitFiles(repository, { lost: 'lost' })
  await switchTo(repository, { branch: 'main' }, author)
  await deleteBranch(repository, { name: 'aside', force: true }, author)
  return { repository, before, commit }
}

function snapshot({ path }: Repository): Record<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), 'latin1')]),
  )
}

it('many refs are one file after it', async () => {
  const repository = await temporaryRepository()
  const commit = await commitFiles(repository, { kept: 'kept' })
  for (let number = 0; number < 40; number++) {
    const change = { name: `refs/heads/topic-${number}`, after: commit, message: 'test' }
    await updateRef(repository, change, author)
  }
  const before = await repository.refs.list()
  await collect(repository, ALL)
  expect(readdirSync(join(repository.layout.refs, 'heads'))).toEqual([])
  expect(await repository.refs.list()).toEqual(before)
})

describe('what is kept', () => {
  it('is what records name, until they expire; then nothing but what is needed is left', async () => {
    const { repository, before, commit } = await withDeletedBranch()
    expect((await collect(repository, PRUNE)).removed.blocks).toBe(0)
    expect(await repository.store.has(commit)).toBe(true)
    const collected = await collect(repository, ALL)
    expect(collected.removed.blocks).toBe(3)
    expect(collected.freedBytes).toBeGreaterThan(0)
    expect(await stored(repository)).toEqual(before)
    expect(await problems(repository)).toEqual([])
    expect(await collect(repository, ALL)).toMatchObject({ removed: { blocks: 0 }, packs: 0, freedBytes: 0 })
  })

  it('is what is young, with all that it leads to, however old', async () => {
    const { repository, commit } = await withDeletedBranch()
    const old = new Date(Date.now() - 1e9)
    const packs = packNames(repository.store).map((name) => join(repository.layout.packs, name))
    const { tree } = JSON.parse(Buffer.from(await repository.store.get(commit)).toString()) as { tree: { '/': string } }
    // The pack that has the commit alone is young.
    for (const path of packs) utimesSync(path, old, old)
    await collect(repository, { ...ALL, blocksBeforeMs: old.getTime() - 1 })
    expect(await repository.store.has(commit)).toBe(true)
    const young = packs.find((path) => readFileSync(path).includes(tree['/']))
    utimesSync(young!, new Date(), new Date())
    await collect(repository, { ...ALL, blocksBeforeMs: old.getTime() + 1000 })
    expect(await stored(repository)).toContain(tree['/'])
    await collect(repository, ALL)
    expect(await repository.store.has(commit)).toBe(false)
  })

  it('is what is staged, what commands discarded, and what transfers have brought so far', async () => {
    const repository = await temporaryRepository()
    await commitFiles(repository, { file: 'one' })
    writeFileSync(join(repository.worktree!, 'file'), 'discarded')
    const file = parsePathspecs(['file'], { worktree: repository.worktree!, cwd: repository.worktree! })
    await restorePaths(repository, file, { ...author, worktree: true, staged: false })
    writeFileSync(join(repository.worktree!, 'staged'), 'staged')
    await add(repository)
    const arrived = rawBlock('arrived')
    await writePack(repository.store, [arrived])
    await beginPartial(repository.layout, arrived.cid)
    const before = await stored(repository)
    expect(before).toContain(cidOf(RAW, Buffer.from('discarded')).toString())
    await collect(repository, PRUNE)
    expect(await stored(repository)).toEqual(before)
    await collect(repository, { ...ALL, partialBeforeMs: Infinity })
    expect(await repository.store.has(arrived.cid)).toBe(false)
    expect(existsSync(join(repository.layout.refs, 'partial', `${arrived.cid.toString()}.ref`))).toBe(false)
    await commitHere(repository)
    expect(await problems(repository)).toEqual([])
    expect((await openIndex(repository)).count).toBe(2)
  })

  it('is what refs name that are not listed', async () => {
    const { repository, commit } = await withDeletedBranch()
    const refs = [{ name: 'refs/pseudo/ORIG_HEAD', before: undefined, after: commit, message: '' }]
    using lock = await repository.lock('test')
    await runOperation(repository, lock, { ...author, refs })
    lock.release()
    await beginPartial(repository.layout, commit)
    expect((await repository.refs.list()).map(({ name }) => name)).toEqual(['refs/heads/main'])
    await collect(repository, { ...ALL, partialBeforeMs: Infinity })
    expect(await repository.store.has(commit)).toBe(true)
  })

  it('is what files of an unknown kind name', async () => {
    const { repository, commit } = await withDeletedBranch()
    writeFileSync(join(repository.path, 'bisect.json'), JSON.stringify({ bad: commit.toString() }))
    await collect(repository, ALL)
    expect(await repository.store.has(commit)).toBe(true)
  })
})

it('a dry run says what a run does, and changes nothing', async () => {
  const { repository } = await withDeletedBranch()
  await repository.store.put(rawBlock('loose'))
  const before = snapshot(repository)
  const preview = await collect(repository, ALL, { dryRun: true })
  expect(snapshot(repository)).toEqual(before)
  expect(await collect(repository, ALL)).toEqual({ ...preview, freedBytes: expect.any(Number) as number })
})

describe('loose blocks', () => {
  it('are packed where something needs them, and removed where nothing does', async () => {
    const { repository } = await withDeletedBranch()
    const [kept, lost] = [rawBlock('kept loose'), rawBlock('lost loose')]
    await repository.store.put(kept)
    await repository.store.put(lost)
    await beginPartial(repository.layout, kept.cid)
    await collect(repository, NEVER)
    expect(await repository.store.has(lost.cid)).toBe(true)
    await collect(repository, PRUNE)
    expect(await repository.store.has(lost.cid)).toBe(false)
    expect(repository.store.getSync(kept.cid)).toEqual(kept.bytes)
    expect(
      readdirSync(repository.layout.loose, { recursive: true }).filter((name) => String(name).endsWith('.data')),
    ).toEqual([])
  })
})

describe('expiry', () => {
  it('drops entries by their dates: those of commits that nothing reaches sooner', async () => {
    const { repository, commit } = await withDeletedBranch()
    const lines = () => readFileSync(join(repository.layout.logs, 'HEAD.log'), 'utf8').split('\n').length - 1
    const dateMs = Date.parse(PERSON.date)
    expect(lines()).toBe(4)
    expect((await collect(repository, { ...NEVER, recordsBeforeMs: dateMs })).expired.reflogEntries).toBe(0)
    // To the deleted branch's commit and back from it: the entries that name it.
    expect((await collect(repository, { ...NEVER, unreachableBeforeMs: dateMs + 1 })).expired.reflogEntries).toBe(2)
    expect(lines()).toBe(2)
    expect(await repository.store.has(commit)).toBe(true)
    expect(
      (await collect(repository, { ...NEVER, recordsBeforeMs: dateMs + 1 })).expired.reflogEntries,
    ).toBeGreaterThan(1)
    expect(lines()).toBe(0)
  })

  it('keeps the numbering of operations, and goes by the files where those are newer', async () => {
    const { repository } = await withDeletedBranch()
    const entries = () => readdirSync(join(repository.layout.ops, '0')).filter((name) => name.endsWith('.json'))
    const count = entries().length
    expect(
      (await collect(repository, { ...NEVER, recordsBeforeMs: Date.parse(PERSON.date) + 1 })).expired.operations,
    ).toBe(0)
    expect((await collect(repository, ALL)).expired.operations).toBe(count)
    expect(entries()).toEqual([`${count}.json`])
    await commitHere(repository)
    expect(entries()).toContain(`${count + 1}.json`)
  })

  it('goes on where a reflog points at what is gone', async () => {
    const { repository } = await withDeletedBranch()
    const gone = rawBlock('gone', DAG_PB).cid.toString()
    const person = { name: 'A', email: 'a@x', date: new Date().toISOString().replace(/\.\d+Z/, '+00:00') }
    const line = { before: gone, after: gone, person, message: 'x', operation: 99 }
    appendFileSync(join(repository.layout.logs, 'HEAD.log'), `${JSON.stringify(line)}\n`)
    await collect(repository, PRUNE)
    expect(await problems(repository)).toEqual([])
  })
})

describe('damage', () => {
  it('of a directory that is needed stops it before anything is removed', async () => {
    const { repository } = await withDeletedBranch()
    for (const name of packNames(repository.store)) rmSync(join(repository.layout.packs, name))
    await expect(collect(repository, ALL)).rejects.toMatchObject({ code: 'block-missing' })
    expect(readdirSync(join(repository.layout.ops, '0')).length).toBeGreaterThan(3)
  })

  it('of a leaf is named, and its pack stays as it is', async () => {
    const repository = await temporaryRepository()
    const [leaf, garbage] = [rawBlock('a leaf that is damaged'), rawBlock('garbage')]
    writeFileSync(join(repository.worktree!, 'file'), leaf.bytes)
    const path = await writePack(repository.store, [leaf, garbage])
    await add(repository)
    await commitHere(repository)
    damageFile(path, readFileSync(path).indexOf('damaged'))
    const { damaged, removed } = await collect(repository, ALL)
    expect(damaged.map(({ cid }) => cid?.toString())).toEqual([leaf.cid.toString()])
    expect(removed.blocks).toBe(1)
    expect(existsSync(path)).toBe(true)
    // Added again, it is sound elsewhere, and the damaged pack goes.
    await add(repository, ['file'])
    expect(await collect(repository, ALL)).toMatchObject({ damaged: [] })
    expect(existsSync(path)).toBe(false)
    expect(await problems(repository)).toEqual([])
  })

  it('of the index stops it: what was staged would be lost', async () => {
    const repository = await temporaryRepository()
    await commitFiles(repository, { file: 'one' })
    damageFile(repository.layout.index, 200)
    await expect(collect(repository, ALL)).rejects.toMatchObject({ code: 'index-corrupt' })
  })
})

describe('others at work', () => {
  it('a writer that holds a lease is waited for, and named', async () => {
    const { repository, commit } = await withDeletedBranch()
    const lease = await repository.store.lease()
    await expect(collect(repository, ALL)).rejects.toMatchObject({ code: 'locked' })
    lease.release()
    expect(await repository.store.has(commit)).toBe(true)
    await collect(repository, ALL)
    expect(await repository.store.has(commit)).toBe(false)
  })

  it('what was found to be there stays, from the question to the ref', async () => {
    const { repository, commit } = await withDeletedBranch()
    // Another process asks under a lease, and refers to it; the collection in between waits.
    const lease = await repository.store.lease()
    expect(await repository.store.has(commit)).toBe(true)
    const collecting = collectRepository(repository, { expiry: ALL, command: 'jzfs gc', waitMs: 5000 })
    {
      using lock = await repository.lock('other', { waitMs: 2000 })
      const refs = [{ name: 'refs/heads/again', before: undefined, after: commit, message: 'again' }]
      await runOperation(repository, lock, { command: 'other', person: PERSON, refs })
    }
    lease.release()
    await collecting
    expect(await problems(repository)).toEqual([])
  })

  it('a reference that is made while live blocks are copied is seen', async () => {
    const { repository, commit } = await withDeletedBranch()
    await commitFiles(repository, { more: 'x'.repeat(100_000) })
    let isMade = false
    await collect(repository, ALL, {
      onProgress: ({ step }: { step: string }) => {
        if (step !== 'copying' || isMade) return
        isMade = true
        // By another process, with its own lock: as files are written.
        const folder = join(repository.layout.refs, 'heads')
        writeFileSync(join(folder, 'late.ref'), `${commit.toString()}\n`)
      },
    })
    expect(isMade).toBe(true)
    expect(await problems(repository)).toEqual([])
    expect(await repository.store.has(commit)).toBe(true)
  })
})
