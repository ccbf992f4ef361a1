import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { decodeCommit } from '../../../src/model/commit/commit.ts'
import { listOperations } from '../../../src/repo/operation/operation.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { resolveCommit } from '../../../src/repo/revision.ts'
import { readSequence } from '../../../src/repo/sequence/sequence.ts'
import { commitIndex } from '../../../src/worktree/commit.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { continueReplay, skipReplay } from '../../../src/worktree/replay/continue-replay.ts'
import { abortReplay, quitReplay } from '../../../src/worktree/replay/end-replay.ts'
import { pickCommits, type PickOptions } from '../../../src/worktree/replay/pick.ts'
import { rebaseBranch, type RebaseOptions } from '../../../src/worktree/replay/rebase.ts'
import { resetTo } from '../../../src/worktree/reset/reset.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { folderContent } from '../support/folder-content.ts'
import { makeMerge } from '../support/make-merge.ts'
import { add, openTestRepository, PERSON } from '../support/repository.ts'

const BOB = { name: 'Bob', email: 'bob@example.org', date: '2026-02-03T04:05:06+00:00' }
const run = { command: 'jzfs test', author: PERSON, committer: PERSON }
const PICK: PickOptions = {
  ...run,
  mainline: undefined,
  noCommit: false,
  recordsOrigin: false,
  empty: 'stop',
  redundant: 'stop',
  favour: undefined,
}

let top: string
let repository: Repository

const write = (path: string, content: string): void => {
  mkdirSync(join(top, path, '..'), { recursive: true })
  writeFileSync(join(top, path), content)
}
const commit = async (message: string, files: Record<string, string>): Promise<CID> => {
  for (const [path, content] of Object.entries(files)) write(path, content)
  await add(repository)
  const { cid } = await commitIndex(repository, { ...run, author: BOB, message, allowEmpty: true })
  return cid
}
const go = (branch: string, create = false) =>
  switchTo(repository, create ? { create: branch } : { branch }, { command: 'switch', person: PERSON })
const pick = (revisions: string[], options: Partial<PickOptions> = {}) =>
  pickCommits(repository, 'cherry-pick', revisions, { ...PICK, ...options })
const revert = (revisions: string[], options: Partial<PickOptions> = {}) =>
  pickCommits(repository, 'revert', revisions, { ...PICK, ...options })
const rebase = (upstream: string | undefined, options: Partial<RebaseOptions> = {}) =>
  rebaseBranch(repository, { ...run, favour: undefined, upstream, ...options })
const subjects = async (): Promise<string[]> => {
  const found: string[] = []
  let cid = await repository.refs.headCommit()
  while (cid !== undefined) {
    const { message, parents }: { message: string; parents: CID[] } = await read(cid)
    found.push(message.trimEnd())
    cid = parents[0]
  }
  return found
}
const read = async (cid: CID) => decodeCommit(cid, await repository.store.get(cid))
const isClean = async (): Promise<boolean> => {
  const { staged, unstaged, untracked, conflicts } = await readStatus(repository)
  return staged.length + unstaged.length + untracked.length + conflicts.length === 0
}
const operations = async (): Promise<number> => (await Array.fromAsync(listOperations(repository))).length

/** main: base, ours; topic: base, one (adds b), two (changes a: conflicts with ours), three (adds c). */
const makeBranches = async (): Promise<void> => {
  await commit('base', { a: 'base\n' })
  await go('topic', true)
  await commit('one', { b: 'b\n' })
  await commit('two', { a: 'theirs\n' })
  await commit('three', { c: 'c\n' })
  await go('main')
  await commit('ours', { a: 'ours\n', d: 'd\n' })
}

beforeEach(async () => {
  top = temporaryFolder()
  const opened = await openTestRepository(top)
  repository = opened
  onTestFinished(() => opened.close())
})

describe('cherry-pick', () => {
  test('makes commits again in one operation, with their authors', async () => {
    await makeBranches()
    const before = await operations()
    const { made, stop } = await pick(['topic~2', 'topic'])
    expect([made.map(({ subject }) => subject), stop, await operations()]).toEqual([
      ['one', 'three'],
      undefined,
      before + 1,
    ])
    expect(folderContent(top)).toEqual({ a: '644 ours\n', b: '644 b\n', c: '644 c\n', d: '644 d\n' })
    expect(await isClean()).toBe(true)
    expect(await subjects()).toEqual(['three', 'one', 'ours', 'base'])
    const { author, committer } = await read(made[0]?.cid as CID)
    expect([author, committer]).toEqual([BOB, PERSON])
    const [entry] = await Array.fromAsync(repository.refs.log('HEAD'))
    expect(entry?.message).toBe('cherry-pick: three')
  })

  test('waits at a conflict, goes on once that is settled, and says where a commit comes from', async () => {
    await makeBranches()
    const { stop, remaining, made } = await pick(['main..topic'], { recordsOrigin: true })
    expect([stop?.subject, stop?.reason, remaining, made.length]).toEqual(['two', 'conflict', 1, 1])
    expect(stop?.conflicts.map(({ path }) => path)).toEqual(['a'])
    const text = folderContent(top)['a'] as string
    expect(text).toContain('<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> ')
    expect(readSequence(repository)).toMatchObject({ kind: 'cherry-pick', stopped: { reason: 'conflict' } })
    await expect(pick(['topic'])).rejects.toMatchObject({ code: 'sequence-in-progress' })
    await expect(continueReplay(repository, 'cherry-pick', run)).rejects.toMatchObject({ code: 'index-unmerged' })
    await expect(continueReplay(repository, 'rebase', run)).rejects.toMatchObject({ code: 'no-sequence' })
    write('a', 'both\n')
    await add(repository, ['a'])
    const before = await operations()
    const rest = await continueReplay(repository, 'cherry-pick', run)
    expect(rest.made.map(({ subject }) => subject)).toEqual(['two', 'three'])
    expect(await operations()).toBe(before + 1)
    expect([readSequence(repository), await isClean()]).toEqual([undefined, true])
    const origin = String(await resolveCommit(repository, 'topic'))
    expect((await subjects())[0]).toBe(`three\n\n(cherry picked from commit ${origin})`)
    expect((await read(rest.made[0]?.cid as CID)).author).toEqual(BOB)
  })

  test('a plain commit settles a conflict too; then --continue goes on', async () => {
    await makeBranches()
    await pick(['main..topic'])
    await commit('two, settled', { a: 'both\n' })
    expect(readSequence(repository)).toMatchObject({ stopped: undefined })
    await continueReplay(repository, 'cherry-pick', run)
    expect(await subjects()).toEqual(['three', 'two, settled', 'one', 'ours', 'base'])
    await pick(['topic~1'])
    await commit('two again, settled', { a: 'more\n' })
    expect(readSequence(repository)).toBeUndefined()
  })

  test('--skip leaves a commit out, --abort goes back, and keeps what was changed beside it', async () => {
    await makeBranches()
    const tip = await repository.refs.headCommit()
    write('d', 'local\n')
    await pick(['main..topic'])
    await skipReplay(repository, 'cherry-pick', run)
    expect(await subjects()).toEqual(['three', 'one', 'ours', 'base'])
    expect([readSequence(repository), folderContent(top)['a']]).toEqual([undefined, '644 ours\n'])
    await resetTo(repository, { command: 'reset', person: PERSON, mode: 'mixed', revision: 'HEAD~2' })
    for (const path of ['b', 'c']) rmSync(join(top, path))
    await pick(['main..topic'])
    const { isMoved, discarded } = await abortReplay(repository, 'cherry-pick', run)
    expect([isMoved, discarded]).toEqual([false, ['a']])
    expect(String(await repository.refs.headCommit())).toBe(String(tip))
    expect(folderContent(top)).toEqual({ a: '644 ours\n', d: '644 local\n' })
    expect(readSequence(repository)).toBeUndefined()
  })

  test('--abort leaves HEAD where somebody moved it; --quit leaves all as it is', async () => {
    await makeBranches()
    await pick(['main..topic'])
    await resetTo(repository, { command: 'reset', person: PERSON, mode: 'hard', revision: 'HEAD' })
    await commit('mine', { e: 'e\n' })
    expect(await abortReplay(repository, 'cherry-pick', run)).toMatchObject({ isMoved: true })
    expect((await subjects())[0]).toBe('mine')
    await pick(['topic~1'])
    await quitReplay(repository, 'cherry-pick', run)
    expect([readSequence(repository), (await openIndex(repository)).isUnmerged()]).toEqual([undefined, true])
  })

  test('a change that is there already stops it, or is kept', async () => {
    await makeBranches()
    await pick(['topic~2'])
    const { stop } = await pick(['topic~2'])
    expect(stop).toMatchObject({ reason: 'empty', conflicts: [] })
    await expect(continueReplay(repository, 'cherry-pick', run)).rejects.toMatchObject({ code: 'replay-empty' })
    await skipReplay(repository, 'cherry-pick', run)
    expect((await pick(['topic~2'], { empty: 'keep' })).stop?.reason).toBe('empty')
    await abortReplay(repository, 'cherry-pick', run)
    expect((await pick(['topic~2'], { empty: 'keep', redundant: 'keep' })).made).toHaveLength(1)
    await commit('nothing', {})
    await go('topic')
    expect((await pick(['main'])).stop?.reason).toBe('empty')
    await abortReplay(repository, 'cherry-pick', run)
    expect((await pick(['main'], { empty: 'keep' })).made).toHaveLength(1)
  })

  test('without a commit the changes are staged, on top of what is', async () => {
    await makeBranches()
    const tip = String(await repository.refs.headCommit())
    write('mine', 'mine\n')
    await add(repository)
    await pick(['topic~2', 'topic'], { noCommit: true })
    expect(String(await repository.refs.headCommit())).toBe(tip)
    const { staged } = await readStatus(repository)
    expect(staged.map(({ path }) => path)).toEqual(['b', 'c', 'mine'])
    expect(readSequence(repository)).toBeUndefined()
    await expect(pick(['topic'])).rejects.toMatchObject({ code: 'staged-changes' })
  })

  test('-X settles conflicts, and local work in the way is not touched', async () => {
    await makeBranches()
    write('b', 'untracked\n')
    await expect(pick(['topic~2'])).rejects.toMatchObject({ code: 'would-overwrite' })
    expect(folderContent(top)['b']).toBe('644 untracked\n')
    rmSync(join(top, 'b'))
    expect((await pick(['topic~1'], { favour: 'theirs' })).stop).toBeUndefined()
    expect(folderContent(top)['a']).toBe('644 theirs\n')
  })

  test('onto a branch without commits', async () => {
    await makeBranches()
    await switchTo(repository, { orphan: 'empty' }, { command: 'switch', person: PERSON })
    await pick(['topic~3', 'topic~2'])
    expect(await subjects()).toEqual(['one', 'base'])
    expect(folderContent(top)).toEqual({ a: '644 base\n', b: '644 b\n' })
  })
})

describe('revert', () => {
  test('takes commits back, the newest of a range first', async () => {
    await commit('base', { a: '1\n' })
    const second = await commit('second', { a: '2\n' })
    await commit('third', { a: '3\n', b: 'b\n' })
    const { made } = await revert(['HEAD~2..HEAD'])
    expect(made.map(({ subject }) => subject)).toEqual(['Revert "third"', 'Revert "second"'])
    expect(folderContent(top)).toEqual({ a: '644 1\n' })
    const last = await read(made[1]?.cid as CID)
    expect(last.message).toBe(`Revert "second"\n\nThis reverts commit ${second.toString()}.\n`)
    expect(last.author).toEqual(PERSON)
  })

  test('a merge needs to be told its mainline', async () => {
    await makeBranches()
    const tip = (await repository.refs.headCommit()) as CID
    await expect(revert(['main'], { mainline: 2 })).rejects.toMatchObject({ code: 'mainline-missing' })
    await pick(['topic~2'], { noCommit: true })
    const other = await resolveCommit(repository, 'topic~2')
    const merge = await makeMerge(repository, [tip, other])
    await expect(revert(['HEAD'])).rejects.toMatchObject({ code: 'mainline-needed' })
    const { made } = await revert(['HEAD'], { mainline: 1 })
    expect((await read(made[0]?.cid as CID)).message).toBe(
      `Revert "merge"\n\nThis reverts commit ${merge.toString()}, reversing\nchanges made to ${tip.toString()}.\n`,
    )
    expect(folderContent(top)).toEqual({ a: '644 ours\n', d: '644 d\n' })
  })
})

describe('rebase', () => {
  test('puts a branch on its upstream: HEAD is never moved in between', async () => {
    await makeBranches()
    await go('topic')
    await resetTo(repository, { command: 'reset', person: PERSON, mode: 'hard', revision: 'HEAD~2' })
    const [before, tip] = [await operations(), String(await repository.refs.headCommit())]
    const report = await rebase('main')
    expect([report.isUpToDate, report.made.length, await operations()]).toEqual([false, 1, before + 1])
    expect(await subjects()).toEqual(['one', 'ours', 'base'])
    expect([await repository.refs.head(), await isClean()]).toEqual([{ branch: 'refs/heads/topic' }, true])
    expect(String(await resolveCommit(repository, 'ORIG_HEAD'))).toBe(tip)
    expect(await rebase('main')).toMatchObject({ isUpToDate: true, made: [] })
    const [head] = await Array.fromAsync(repository.refs.log('HEAD'))
    const [branch] = await Array.fromAsync(repository.refs.log('refs/heads/topic'))
    expect(head?.message).toBe('rebase (finish): returning to refs/heads/topic')
    expect(branch?.message).toMatch(/^rebase \(finish\): refs\/heads\/topic onto bagu/)
    await go('main')
    await rebase('topic')
    expect(await subjects()).toEqual(['one', 'ours', 'base'])
    expect(String(await resolveCommit(repository, 'main'))).toBe(String(await resolveCommit(repository, 'topic')))
  })

  test('waits at a conflict with HEAD detached; goes on, skips, or goes back', async () => {
    await makeBranches()
    await go('topic')
    const tip = String(await repository.refs.headCommit())
    const { stop, remaining } = await rebase('main')
    expect([stop?.subject, remaining]).toEqual(['two', 1])
    expect(await repository.refs.head()).toHaveProperty('detached')
    expect(String(await repository.refs.read('refs/heads/topic'))).toBe(tip)
    await abortReplay(repository, 'rebase', run)
    expect([await repository.refs.head(), await isClean()]).toEqual([{ branch: 'refs/heads/topic' }, true])
    await rebase('main')
    await skipReplay(repository, 'rebase', run)
    expect(await subjects()).toEqual(['three', 'one', 'ours', 'base'])
    expect([await repository.refs.head(), readSequence(repository)]).toEqual([
      { branch: 'refs/heads/topic' },
      undefined,
    ])
    await resetTo(repository, { command: 'reset', person: PERSON, mode: 'hard', revision: tip })
    await rebase('main')
    write('a', 'both\n')
    await add(repository, ['a'])
    await continueReplay(repository, 'rebase', run)
    expect(await subjects()).toEqual(['three', 'two', 'one', 'ours', 'base'])
    await resetTo(repository, { command: 'reset', person: PERSON, mode: 'hard', revision: tip })
    await rebase('main')
    // Settled as it was: nothing is left of the commit.
    write('a', 'ours\n')
    await add(repository, ['a'])
    await continueReplay(repository, 'rebase', run)
    expect(await subjects()).toEqual(['three', 'one', 'ours', 'base'])
    expect(await isClean()).toBe(true)
  })

  test('leaves out what the upstream has, by its change, and merges', async () => {
    await makeBranches()
    await commit('long', { long: Array.from({ length: 40 }, (_, line) => `line ${line}\n`).join('') })
    await go('topic')
    await resetTo(repository, { command: 'reset', person: PERSON, mode: 'hard', revision: 'main' })
    const edit = (line: number, text: string) =>
      (folderContent(top)['long'] as string).slice(4).replace(`line ${line}\n`, text)
    await commit('picked', { long: edit(5, 'changed\n') })
    await commit('own', { own: 'own\n' })
    await go('main')
    await commit('elsewhere', { long: edit(30, 'moves\ndown\n') })
    await pick(['topic~1'])
    await commit('and on', { long: edit(4, 'line four\n') })
    await go('topic')
    const { present, made } = await rebase('main')
    expect([present.length, made.map(({ subject }) => subject)]).toEqual([1, ['own']])
    expect((await subjects()).slice(0, 3)).toEqual(['own', 'and on', 'picked'])
  })

  test('--onto, another branch, and a detached HEAD', async () => {
    await makeBranches()
    const { made } = await rebase('topic~1', { onto: 'main', branch: 'topic' })
    expect(made.map(({ subject }) => subject)).toEqual(['three'])
    expect([await repository.refs.head(), await isClean()]).toEqual([{ branch: 'refs/heads/topic' }, true])
    expect(await subjects()).toEqual(['three', 'ours', 'base'])
    expect(await rebase('main', { branch: 'main' })).toMatchObject({ isUpToDate: true })
    expect(await repository.refs.head()).toEqual({ branch: 'refs/heads/main' })
    await switchTo(repository, { detach: 'topic' }, { command: 'switch', person: PERSON })
    await rebase('main~1', { onto: 'main~1' })
    expect(await repository.refs.head()).toHaveProperty('detached')
    await rebase(undefined, { root: true, onto: 'main', branch: 'topic' })
    expect(await subjects()).toEqual(['three', 'ours', 'base'])
  })

  test('local changes and other things in progress are in the way', async () => {
    await makeBranches()
    await expect(rebase(undefined)).rejects.toMatchObject({ code: 'upstream-needed' })
    await pick(['topic~1'])
    await expect(rebase('topic')).rejects.toMatchObject({ code: 'sequence-in-progress' })
    await abortReplay(repository, 'cherry-pick', run)
    write('d', 'local\n')
    await expect(rebase('topic')).rejects.toMatchObject({ code: 'local-changes', details: { paths: ['d'] } })
  })
})
