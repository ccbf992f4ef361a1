import type { CID } from 'multiformats/cid'
import { beforeEach, describe, expect, test } from 'vitest'

import { resolveCommit } from '../../../src/repo/revision.ts'
import { readSequence } from '../../../src/repo/sequence/sequence.ts'
import { updateRef } from '../../../src/repo/update-ref.ts'
import { mergeRevision } from '../../../src/worktree/merge/merge.ts'
import { continueReplay, skipReplay } from '../../../src/worktree/replay/continue-replay.ts'
import { abortReplay } from '../../../src/worktree/replay/end-replay.ts'
import { resetTo } from '../../../src/worktree/reset/reset.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { folderContent } from '../support/folder-content.ts'
import { add, PERSON } from '../support/repository.ts'
import { openReplayScene, type ReplayScene, run } from './replay-scene.ts'

let { top, repository, write, commit, go, pick, rebase, subjects, isClean, operations, makeBranches } =
  {} as ReplayScene

beforeEach(async () => {
  ;({ top, repository, write, commit, go, pick, rebase, subjects, isClean, operations, makeBranches } =
    await openReplayScene())
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

  test('--root takes all commits: merges among them are flattened, and a line stays as it is', async () => {
    await makeBranches()
    expect(await rebase(undefined, { root: true })).toMatchObject({ isUpToDate: true })
    const by = { command: 'merge', author: PERSON, committer: PERSON }
    expect((await mergeRevision(repository, 'topic~2', by)).outcome).toBe('merged')
    const files = folderContent(top)
    const { made, stop } = await rebase(undefined, { root: true })
    expect([made.length, stop]).toEqual([1, undefined])
    expect((await subjects()).toSorted()).toEqual(['base', 'one', 'ours'])
    expect([folderContent(top), await isClean()]).toEqual([files, true])
  })

  test('a branch that somebody moved meanwhile is not overwritten; one that is gone is made again', async () => {
    await makeBranches()
    const tip = await repository.refs.read('refs/heads/topic')
    const move = (after: CID | undefined) =>
      updateRef(repository, { name: 'refs/heads/topic', after, message: '' }, { command: 'test', person: PERSON })
    await rebase('main', { branch: 'topic' })
    await move(await resolveCommit(repository, 'main'))
    await expect(skipReplay(repository, 'rebase', run)).rejects.toMatchObject({ code: 'rebased-branch-moved' })
    await abortReplay(repository, 'rebase', run)
    expect([await subjects(), await isClean()]).toEqual([['ours', 'base'], true])
    await move(tip)
    await resetTo(repository, { command: 'reset', person: PERSON, mode: 'hard', revision: 'HEAD' })
    await rebase('main')
    await move(undefined)
    await abortReplay(repository, 'rebase', run)
    expect([await repository.refs.read('refs/heads/topic'), await isClean()]).toEqual([tip, true])
  })

  test('untracked files in the way are not touched', async () => {
    await makeBranches()
    write('b', 'mine\n')
    await expect(rebase('main', { branch: 'topic' })).rejects.toMatchObject({
      code: 'would-overwrite',
      details: { paths: ['b'] },
    })
    expect([folderContent(top)['b'], readSequence(repository)]).toEqual(['644 mine\n', undefined])
  })
})
