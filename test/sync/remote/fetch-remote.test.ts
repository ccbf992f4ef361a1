import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import type { Repository } from '../../../src/repo/repository.ts'
import { cloneRepository } from '../../../src/sync/clone/clone.ts'
import { openFolderRemote } from '../../../src/sync/remote/folder-remote.ts'
import type { Remote } from '../../../src/sync/remote/remote.ts'
import { fetchFrom, refsOf, setRefs, storeCommit, storeTagOf } from '../../support/remote-history.ts'
import { ANN, temporaryFolder, temporaryRepository } from '../../support/repository.ts'
import { reachedBy } from '../../support/transfer.ts'

async function remoteOf(repository: Repository): Promise<Remote> {
  const remote = await openFolderRemote(repository.worktree ?? repository.path)
  onTestFinished(() => remote.close())
  return remote
}

async function twoRepositories() {
  const [there, here] = [await temporaryRepository({ bare: true }), await temporaryRepository()]
  const first = await storeCommit(there, { text: 'one' })
  const second = await storeCommit(there, { text: 'two', parents: [first], at: 1 })
  await setRefs(there, { 'refs/heads/main': second, 'refs/heads/old': first })
  return { there, here, first, second, remote: await remoteOf(there) }
}

describe('a fetch', () => {
  it('brings all branches whole, in one operation, and then nothing', async () => {
    const { here, there, first, second, remote } = await twoRepositories()
    const { updates, transferred } = await fetchFrom(here, remote)
    expect(updates.map(({ source, target, verdict }) => [source, target, verdict])).toEqual([
      ['refs/heads/main', 'refs/remotes/origin/main', 'new'],
      ['refs/heads/old', 'refs/remotes/origin/old', 'new'],
    ])
    expect(transferred.blocks).toBeGreaterThan(4)
    expect(await refsOf(here)).toEqual({
      'refs/remotes/origin/main': second.toString(),
      'refs/remotes/origin/old': first.toString(),
    })
    expect(await reachedBy(here.store, [second])).toEqual(await reachedBy(there.store, [second]))
    expect(await here.refs.list('refs/partial')).toEqual([])
    const log = await Array.fromAsync(here.refs.log('refs/remotes/origin/main'))
    expect(log.map(({ message }) => message)).toEqual(['fetch: storing head'])
    const again = await fetchFrom(here, { ...remote, peers: [] })
    expect(again.updates.map(({ verdict }) => verdict)).toEqual(['up-to-date', 'up-to-date'])
    expect(again.transferred.blocks).toBe(0)
  })

  it('tells a move forward from a forced one, and refuses what no + allows', async () => {
    const { here, there, first, second, remote } = await twoRepositories()
    await fetchFrom(here, remote)
    const third = await storeCommit(there, { text: 'three', parents: [second], at: 2 })
    const other = await storeCommit(there, { text: 'other', parents: [first], at: 2 })
    await setRefs(there, { 'refs/heads/main': other, 'refs/heads/old': third })
    const plain = ['refs/heads/*:refs/remotes/origin/*']
    const strict = await fetchFrom(here, remote, { configured: plain })
    expect(strict.updates).toMatchObject([
      { verdict: 'rejected', reason: 'non-fast-forward' },
      { verdict: 'fast-forward' },
    ])
    expect(await refsOf(here)).toMatchObject({
      'refs/remotes/origin/main': second.toString(),
      'refs/remotes/origin/old': third.toString(),
    })
    const forced = await fetchFrom(here, remote)
    expect(forced.updates).toMatchObject([{ verdict: 'forced' }, { verdict: 'up-to-date' }])
  })

  it('takes along the tags on what it fetched, and no others', async () => {
    const { here, there, first, second, remote } = await twoRepositories()
    const aside = await storeCommit(there, { text: 'aside', at: 3 })
    await setRefs(there, {
      'refs/tags/light': first,
      'refs/tags/v1': await storeTagOf(there, second, 'v1'),
      'refs/tags/aside': aside,
      'refs/tags/v-aside': await storeTagOf(there, aside, 'v-aside'),
    })
    await fetchFrom(here, remote, { tags: 'none' })
    expect(Object.keys(await refsOf(here, 'refs/tags'))).toEqual([])
    await fetchFrom(here, remote)
    expect(Object.keys(await refsOf(here, 'refs/tags'))).toEqual(['refs/tags/light', 'refs/tags/v1'])
    await fetchFrom(here, remote, { tags: 'all' })
    expect(await refsOf(here, 'refs/tags')).toEqual(await refsOf(there, 'refs/tags'))
  })

  it('leaves a tag that is there as it is, unless forced', async () => {
    const { here, there, first, second, remote } = await twoRepositories()
    await setRefs(there, { 'refs/tags/v1': first })
    await fetchFrom(here, remote)
    await setRefs(there, { 'refs/tags/v1': second })
    const refused = await fetchFrom(here, remote, { tags: 'all' })
    expect(refused.updates.at(-1)).toMatchObject({ verdict: 'rejected', reason: 'would clobber existing tag' })
    const forced = await fetchFrom(here, remote, { tags: 'all', force: true })
    expect(forced.updates.at(-1)).toMatchObject({ verdict: 'tag-update' })
    expect(await here.refs.read('refs/tags/v1')).toEqual(second)
  })

  it('removes what the remote has no longer, where asked to', async () => {
    const { here, there, remote } = await twoRepositories()
    await fetchFrom(here, remote)
    await setRefs(there, { 'refs/heads/old': undefined })
    await fetchFrom(here, remote)
    expect(Object.keys(await refsOf(here))).toHaveLength(2)
    const tried = await fetchFrom(here, remote, { prune: true, isDryRun: true })
    expect(tried.updates[0]).toMatchObject({ target: 'refs/remotes/origin/old', verdict: 'deleted' })
    expect(Object.keys(await refsOf(here))).toHaveLength(2)
    await fetchFrom(here, remote, { prune: true })
    expect(Object.keys(await refsOf(here))).toEqual(['refs/remotes/origin/main'])
  })

  it('of a name keeps FETCH_HEAD, and the ref that follows it', async () => {
    const { here, first, remote } = await twoRepositories()
    const { forMerge } = await fetchFrom(here, remote, { refspecs: ['old'] })
    expect(forMerge).toMatchObject([{ source: 'refs/heads/old' }])
    expect(await here.refs.read('refs/pseudo/FETCH_HEAD')).toEqual(first)
    expect(await refsOf(here)).toEqual({ 'refs/remotes/origin/old': first.toString() })
    await expect(fetchFrom(here, remote, { refspecs: ['nope'] })).rejects.toMatchObject({ code: 'remote-ref-missing' })
    await expect(fetchFrom(here, remote, { refspecs: ['main:main'] })).rejects.toMatchObject({
      code: 'branch-checked-out',
    })
  })

  it('asks for what an earlier one did not bring to its end', async () => {
    const { here, there, second, remote } = await twoRepositories()
    // The commit alone, as an interrupted transfer leaves it.
    const pack = await here.store.createPack()
    pack.add({ cid: second, bytes: await there.store.get(second) })
    await pack.finish()
    const { transferred } = await fetchFrom(here, remote)
    expect(transferred.resumed).toBe(1)
    expect(await reachedBy(here.store, [second])).toEqual(await reachedBy(there.store, [second]))
  })

  it('takes no branch that is a tag, and names it', async () => {
    const { here, there, second, remote } = await twoRepositories()
    await setRefs(there, { 'refs/heads/odd': await storeTagOf(there, second, 'odd') })
    const odd = { code: 'not-a-commit', details: { ref: 'refs/heads/odd' } }
    await expect(fetchFrom(here, remote)).rejects.toMatchObject(odd)
    expect(await refsOf(here)).toEqual({})
    const directory = join(temporaryFolder(), 'clone')
    const cloning = cloneRepository({ directory, remote, bare: true, command: 'jzfs clone', person: ANN })
    await expect(cloning).rejects.toMatchObject({ code: 'not-a-commit' })
    expect(existsSync(directory)).toBe(false)
  })
})
