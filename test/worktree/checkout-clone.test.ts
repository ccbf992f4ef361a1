import { readdirSync } from 'node:fs'

import { expect, it } from 'vitest'

import type { Repository } from '../../src/repo/repository.ts'
import { checkoutClone } from '../../src/worktree/checkout-clone.ts'
import { readIndexFile } from '../../src/worktree/index/index-file.ts'
import { commitTo } from '../support/dataset.ts'
import { ANN, temporaryRepository } from '../support/repository.ts'
import { folderContent } from './support/folder-content.ts'

const REF = 'refs/heads/fresh'

/** Checks out a commit with these leaves as a clone does whose blocks have come. */
async function checkout(repository: Repository, leaves: Parameters<typeof commitTo>[1]) {
  const commit = await commitTo(repository, leaves, 'refs/heads/fetched')
  const refs = [{ name: REF, before: undefined, after: commit, message: 'clone' }]
  const progress: { files: number; totalFiles: number }[] = []
  using lock = await repository.lock('clone')
  await checkoutClone(
    { repository, lock, commit, plan: { command: 'clone', person: ANN, refs } },
    { onProgress: ({ files, totalFiles }) => void progress.push({ files, totalFiles }) },
  )
  return { commit, progress }
}

it('writes files and refs, says how far it is, and knows the stat data of what it wrote', async () => {
  const repository = await temporaryRepository()
  const leaves = { a: 'a', 'dir/b': { executable: 'b' }, 'dir/c': { link: '../a' }, empty: { folder: true } } as const
  const { commit, progress } = await checkout(repository, leaves)
  expect(folderContent(repository.worktree!)).toEqual({
    a: '644 a',
    'dir/b': '755 b',
    'dir/c': '-> ../a',
    empty: 'empty folder',
  })
  expect((await repository.refs.read(REF))?.equals(commit)).toBe(true)
  expect(progress.at(-1)).toEqual({ files: 4, totalFiles: 4 })
  const index = readIndexFile(repository.layout.index)
  const known = [...index.columns.mtimeNs].map((mtimeNs, at) => [index.path(at), mtimeNs > 0n])
  expect(known).toEqual([
    ['a', true],
    ['dir/b', true],
    ['dir/c', true],
    ['empty', false],
  ])
})

it('writes nothing of a tree whose names are one to the file system', async () => {
  const repository = await temporaryRepository()
  await repository.config.set('core.caseSensitive', 'false', 'repository')
  const refused = checkout(repository, { 'data/A.txt': 'one', 'data/a.txt': 'two' })
  await expect(refused).rejects.toMatchObject({ code: 'names-collide' })
  expect(readdirSync(repository.worktree!)).toEqual(['.jzfs'])
  expect(await repository.refs.read(REF)).toBeUndefined()
})
