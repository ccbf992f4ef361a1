import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { runOperation } from '../../src/repo/operation/operation.ts'
import type { Repository } from '../../src/repo/repository.ts'
import { updateRef } from '../../src/repo/update-ref.ts'
import { ANN, someCommit, temporaryRepository } from '../support/repository.ts'
import { storeHistory } from '../support/stored-history.ts'

const by = { command: 'update-ref', person: ANN }

async function repositoryWithHistory(): Promise<{ repository: Repository; cids: [CID, CID] }> {
  const repository = await temporaryRepository()
  const cids = await storeHistory(repository, [
    { message: 'one', entries: { a: '1' } },
    { message: 'two', entries: { a: '2' } },
  ])
  // Read back, so that they compare with what refs give.
  return { repository, cids: cids.map((cid) => CID.parse(cid.toString())) as [CID, CID] }
}

describe('updateRef', () => {
  it('makes, moves and deletes a ref, and returns what it was', async () => {
    const { repository, cids } = await repositoryWithHistory()
    const name = 'refs/heads/x'
    expect(await updateRef(repository, { name, after: cids[0], message: 'made' }, by)).toBeUndefined()
    expect(await updateRef(repository, { name, after: cids[1], message: 'moved' }, by)).toEqual(cids[0])
    const log = await Array.fromAsync(repository.refs.log(name))
    expect(log.map(({ message, after }) => [message, after])).toEqual([
      ['moved', cids[1]],
      ['made', cids[0]],
    ])
    expect(await updateRef(repository, { name, after: undefined, message: '' }, by)).toEqual(cids[1])
    expect(await repository.refs.read(name)).toBeUndefined()
    expect(await updateRef(repository, { name, after: undefined, message: '' }, by)).toBeUndefined()
  })

  it('changes nothing where the ref is not what was expected', async () => {
    const { repository, cids } = await repositoryWithHistory()
    const [name, message] = ['refs/heads/main', '']
    for (const cid of [cids[0], undefined]) {
      const change = { name, after: cids[0], expected: { cid }, message }
      await expect(updateRef(repository, change, by)).rejects.toMatchObject({ code: 'ref-changed' })
    }
    const unborn = { name: 'refs/heads/x', after: cids[0], expected: { cid: cids[1] }, message }
    await expect(updateRef(repository, unborn, by)).rejects.toMatchObject({ code: 'ref-changed' })
    expect(await repository.refs.read(name)).toEqual(cids[1])
    await updateRef(repository, { name, after: cids[0], expected: { cid: cids[1] }, message }, by)
    expect(await repository.refs.read(name)).toEqual(cids[0])
  })

  it('of two who expect the same lets one through', async () => {
    const { repository, cids } = await repositoryWithHistory()
    const change = { name: 'refs/heads/main', after: cids[0], expected: { cid: cids[1] }, message: '' }
    const both = await Promise.allSettled([updateRef(repository, change, by), updateRef(repository, change, by)])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('moves the branch that HEAD stands on, or a detached HEAD itself', async () => {
    const { repository, cids } = await repositoryWithHistory()
    await updateRef(repository, { name: 'HEAD', after: cids[0], message: '' }, by)
    expect(await repository.refs.read('refs/heads/main')).toEqual(cids[0])
    {
      using lock = await repository.lock('detach')
      const head = { before: { branch: 'refs/heads/main' }, after: { detached: cids[0] }, message: '' }
      await runOperation(repository, lock, { ...by, head })
    }
    await updateRef(repository, { name: 'HEAD', after: cids[1], message: '' }, by)
    expect(await repository.refs.head()).toEqual({ detached: cids[1] })
    expect(await repository.refs.read('refs/heads/main')).toEqual(cids[0])
    const removal = updateRef(repository, { name: 'HEAD', after: undefined, message: '' }, by)
    await expect(removal).rejects.toMatchObject({ code: 'head-needed' })
  })

  it('refuses what a ref cannot be or name', async () => {
    const { repository, cids } = await repositoryWithHistory()
    const change = (name: string, after: CID) => updateRef(repository, { name, after, message: '' }, by)
    await expect(change('main', cids[0])).rejects.toMatchObject({ code: 'ref-name-invalid' })
    await expect(change('refs/heads/a..b', cids[0])).rejects.toMatchObject({ code: 'ref-name-invalid' })
    await expect(change('refs/heads/x', someCommit('not here'))).rejects.toMatchObject({ code: 'block-missing' })
  })
})
