import { rmSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { beforeEach, describe, expect, test } from 'vitest'

import { resolveCommit } from '../../../src/repo/revision.ts'
import { readSequence } from '../../../src/repo/sequence/sequence.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { continueReplay, skipReplay } from '../../../src/worktree/replay/continue-replay.ts'
import { abortReplay, quitReplay } from '../../../src/worktree/replay/end-replay.ts'
import { resetTo } from '../../../src/worktree/reset/reset.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { folderContent } from '../support/folder-content.ts'
import { makeMerge } from '../support/make-merge.ts'
import { add, PERSON } from '../support/repository.ts'
import { BOB, openReplayScene, type ReplayScene, run } from './replay-scene.ts'

let { top, repository, write, commit, go, pick, revert, subjects, read, isClean, operations, makeBranches } =
  {} as ReplayScene

beforeEach(async () => {
  ;({ top, repository, write, commit, go, pick, revert, subjects, read, isClean, operations, makeBranches } =
    await openReplayScene())
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
    await pick(['topic~2', '-'], { noCommit: true })
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

  test('commits that mean nothing, merges, and roots', async () => {
    await makeBranches()
    await expect(pick(['topic..topic'])).rejects.toMatchObject({ code: 'no-commits' })
    await expect(pick(['nowhere'])).rejects.toMatchObject({ family: 'not-found' })
    await expect(pick(['topic'], { mainline: 2 })).rejects.toMatchObject({ code: 'mainline-missing' })
    expect((await pick(['topic~3'], { favour: 'ours' })).stop?.reason).toBe('empty')
    await abortReplay(repository, 'cherry-pick', run)
    await switchTo(repository, { orphan: 'other' }, { command: 'switch', person: PERSON })
    await commit('another root', { z: 'z\n' })
    await pick(['main~1', 'main'])
    expect(await subjects()).toEqual(['ours', 'base', 'another root'])
    expect(folderContent(top)).toEqual({ a: '644 ours\n', d: '644 d\n', z: '644 z\n' })
    await revert(['HEAD~2'])
    expect(folderContent(top)).not.toHaveProperty('z')
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
    const edited = await revert(['HEAD'], { editMessage: async (message) => `Sorry\n\n${message}\n\n` })
    expect(edited.made[0]?.subject).toBe('Sorry')
    expect((await subjects())[0]).toMatch(/^Sorry\n\nRevert "Revert "second""\n\nThis reverts/)
    await expect(revert(['HEAD'], { editMessage: async () => ' ' })).rejects.toMatchObject({ code: 'message-empty' })
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
