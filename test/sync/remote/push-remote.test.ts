import { describe, expect, it, onTestFinished } from 'vitest'

import type { Repository } from '../../../src/repo/repository.ts'
import { openFolderRemote } from '../../../src/sync/remote/folder-remote.ts'
import type { Remote } from '../../../src/sync/remote/remote.ts'
import { fetchFrom, pushTo, refsOf, setRefs, storeCommit, storeTagOf } from '../../support/remote-history.ts'
import { ANN, temporaryRepository } from '../../support/repository.ts'
import { reachedBy } from '../../support/transfer.ts'

async function remoteOf(repository: Repository): Promise<Remote> {
  const pusher = { person: ANN, command: 'jzfs push' }
  const remote = await openFolderRemote(repository.worktree ?? repository.path, { pusher })
  onTestFinished(() => remote.close())
  return remote
}

/** A bare repository with nothing in it, and one with two commits on main. */
async function twoRepositories({ bare = true } = {}) {
  const [there, here] = [await temporaryRepository({ bare }), await temporaryRepository()]
  const first = await storeCommit(here, { text: 'one' })
  const second = await storeCommit(here, { text: 'two', parents: [first], at: 1 })
  await setRefs(here, { 'refs/heads/main': second })
  return { there, here, first, second, remote: await remoteOf(there) }
}

const verdicts = (pushed: { refs: { target: string; verdict: string; reason?: string }[] }) =>
  pushed.refs.map(({ target, verdict, reason }) => [target, verdict, ...(reason === undefined ? [] : [reason])])

describe('a push', () => {
  it('makes a branch there, whole, and the ref here that follows it', async () => {
    const { here, there, second, remote } = await twoRepositories()
    const pushed = await pushTo(here, remote, { refspecs: ['main'], setsUpstream: true })
    expect(verdicts(pushed)).toEqual([['refs/heads/main', 'new']])
    expect(pushed.upstreams).toEqual([{ branch: 'main', ref: 'refs/heads/main' }])
    expect(await refsOf(there)).toEqual({ 'refs/heads/main': second.toString() })
    expect(await reachedBy(there.store, [second])).toEqual(await reachedBy(here.store, [second]))
    expect(await here.refs.read('refs/remotes/origin/main')).toEqual(second)
    expect(here.config.get('branch.main.remote')).toBe('origin')
    const again = await pushTo(here, remote, { refspecs: ['main'] })
    expect(verdicts(again)).toEqual([['refs/heads/main', 'up-to-date']])
    expect(again.sent.blocks).toBe(0)
  })

  it('sends only what is missing there', async () => {
    const { here, remote, second } = await twoRepositories()
    await pushTo(here, remote, { refspecs: ['main'] })
    const third = await storeCommit(here, { text: 'three', parents: [second], at: 2 })
    await setRefs(here, { 'refs/heads/main': third })
    const { sent, refs } = await pushTo(here, remote, { refspecs: ['main'] })
    expect(refs[0]?.verdict).toBe('fast-forward')
    // The commit, its two directories and its two files.
    expect(sent.blocks).toBe(5)
  })

  it('refuses what loses commits, all or nothing, unless forced', async () => {
    const { here, there, first, second, remote } = await twoRepositories()
    await pushTo(here, remote, { refspecs: ['main'] })
    await setRefs(here, { 'refs/heads/main': first, 'refs/heads/more': second })
    const refused = await pushTo(here, remote, { refspecs: ['main', 'more'] })
    expect(verdicts(refused)).toEqual([
      ['refs/heads/main', 'rejected', 'non-fast-forward'],
      ['refs/heads/more', 'rejected', 'atomic push failed'],
    ])
    expect(Object.keys(await refsOf(there))).toEqual(['refs/heads/main'])
    const forced = await pushTo(here, remote, { refspecs: ['+main', 'more'] })
    expect(verdicts(forced)).toEqual([
      ['refs/heads/main', 'forced'],
      ['refs/heads/more', 'new'],
    ])
    expect(await there.refs.read('refs/heads/main')).toEqual(first)
  })

  it('says to fetch first where somebody else pushed', async () => {
    const { here, there, first, second, remote } = await twoRepositories()
    await pushTo(here, remote, { refspecs: ['main'] })
    const theirs = await storeCommit(there, { text: 'theirs', parents: [second], at: 3 })
    await setRefs(there, { 'refs/heads/main': theirs })
    const mine = await storeCommit(here, { text: 'mine', parents: [second], at: 3 })
    await setRefs(here, { 'refs/heads/main': mine })
    expect(verdicts(await pushTo(here, remote, { refspecs: ['main'] }))).toEqual([
      ['refs/heads/main', 'rejected', 'fetch first'],
    ])
    await fetchFrom(here, remote)
    expect(verdicts(await pushTo(here, remote, { refspecs: ['main'] }))).toEqual([
      ['refs/heads/main', 'rejected', 'non-fast-forward'],
    ])
    const lease = { coversAll: false, refs: [{ name: 'main', expected: first }] }
    expect(verdicts(await pushTo(here, remote, { refspecs: ['main'], lease }))).toEqual([
      ['refs/heads/main', 'rejected', 'stale info'],
    ])
    const good = await pushTo(here, remote, { refspecs: ['main'], lease: { coversAll: true, refs: [] } })
    expect(verdicts(good)).toEqual([['refs/heads/main', 'forced']])
    expect(await there.refs.read('refs/heads/main')).toEqual(mine)
  })

  it('of two at once lets one win, and tells the other', async () => {
    const { here, there, second, remote } = await twoRepositories()
    await pushTo(here, remote, { refspecs: ['main'] })
    const other = await temporaryRepository()
    const otherRemote = await remoteOf(there)
    await fetchFrom(other, otherRemote)
    await setRefs(here, { 'refs/heads/main': await storeCommit(here, { text: 'a', parents: [second], at: 4 }) })
    await setRefs(other, { 'refs/heads/main': await storeCommit(other, { text: 'b', parents: [second], at: 4 }) })
    const both = await Promise.allSettled([
      pushTo(here, remote, { refspecs: ['main'] }),
      pushTo(other, otherRemote, { refspecs: ['main'] }),
    ])
    const won = both.filter((each) => each.status === 'fulfilled' && !each.value.isRejected)
    expect(won).toHaveLength(1)
    const tip = await there.refs.read('refs/heads/main')
    expect(tip === undefined ? undefined : (await reachedBy(there.store, [tip])).size).toBeGreaterThan(5)
  })

  it('leaves the branch alone that is checked out there', async () => {
    const { here, there, remote } = await twoRepositories({ bare: false })
    expect(verdicts(await pushTo(here, remote, { refspecs: ['main'] }))).toEqual([
      ['refs/heads/main', 'remote-rejected', 'branch is currently checked out'],
    ])
    expect(verdicts(await pushTo(here, remote, { refspecs: ['main:other'] }))).toEqual([['refs/heads/other', 'new']])
    expect(Object.keys(await refsOf(there))).toEqual(['refs/heads/other'])
  })

  it('does not blame who is let in where the name is that of one branch', async () => {
    const { here, remote } = await twoRepositories()
    const list = async () => ({ ...(await remote.list()), writable: false, isOneBranch: true })
    await expect(pushTo(here, { ...remote, list }, { refspecs: ['main'] })).rejects.toMatchObject({
      code: 'remote-not-writable',
    })
  })

  it('deletes, prunes, and takes tags along', async () => {
    const { here, there, first, second, remote } = await twoRepositories()
    await setRefs(here, {
      'refs/heads/old': first,
      'refs/tags/v1': await storeTagOf(here, second, 'v1'),
      'refs/tags/light': second,
    })
    const followed = await pushTo(here, remote, { refspecs: ['main', 'old'], followTags: true })
    expect(verdicts(followed)).toContainEqual(['refs/tags/v1', 'new'])
    expect(Object.keys(await refsOf(there))).toEqual(['refs/heads/main', 'refs/heads/old', 'refs/tags/v1'])
    await pushTo(here, remote, { refspecs: [':old'] })
    expect(Object.keys(await refsOf(there))).toEqual(['refs/heads/main', 'refs/tags/v1'])
    expect(await here.refs.read('refs/remotes/origin/old')).toBeUndefined()
    await setRefs(there, { 'refs/heads/stray': second })
    const pruned = await pushTo(here, remote, { refspecs: ['refs/heads/*'], prune: true })
    expect(verdicts(pruned)).toContainEqual(['refs/heads/stray', 'deleted'])
    await expect(pushTo(here, remote, { refspecs: [':nope'] })).rejects.toMatchObject({ code: 'push-target-missing' })
    await expect(pushTo(here, remote, { refspecs: ['nope'] })).rejects.toMatchObject({ code: 'push-source-missing' })
    await expect(pushTo(here, remote, { refspecs: ['main~1:x'] })).rejects.toMatchObject({ code: 'push-target-needed' })
  })
})
