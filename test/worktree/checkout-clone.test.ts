import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

import { CID } from 'multiformats/cid'
import { expect, it } from 'vitest'

import { RAW } from '../../src/model/cid.ts'
import type { Repository } from '../../src/repo/repository.ts'
import { createArrivingFiles } from '../../src/worktree/arriving/arriving-files.ts'
import { checkoutClone } from '../../src/worktree/checkout-clone.ts'
import { readIndexFile } from '../../src/worktree/index/index-file.ts'
import { commitTo } from '../support/dataset.ts'
import { ANN, temporaryRepository } from '../support/repository.ts'
import { seededBytes } from '../support/seeded.ts'
import { reachedBy } from '../support/transfer.ts'
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

it('puts big files in their places that were written as their blocks came', async () => {
  const repository = await temporaryRepository()
  const { store, layout } = repository
  const bytes = seededBytes('big', 17_000_000)
  const commit = await commitTo(repository, { big: bytes, again: bytes, small: 's' }, 'refs/heads/fetched')
  await using arriving = await createArrivingFiles(store, commit)
  const cids = Array.from(await reachedBy(store, [commit]), (text) => CID.parse(text))
  for (let depth = 0; depth < 3; depth++) {
    for (const cid of cids) if (cid.code !== RAW) arriving.note({ cid, bytes: await store.get(cid) })
  }
  for (const cid of cids.filter(({ code }) => code === RAW)) {
    const leaf = await store.get(cid)
    await arriving.note({ cid, bytes: leaf })?.(leaf)
  }
  const arrived = readdirSync(layout.tmp).find((name) => name.startsWith('pack-'))
  const { ino } = statSync(join(layout.tmp, arrived!))
  const refs = [{ name: REF, before: undefined, after: commit, message: 'clone' }]
  using lock = await repository.lock('clone')
  const plan = { command: 'clone', person: ANN, refs }
  expect(await checkoutClone({ repository, lock, commit, plan, arriving })).toEqual({ left: [], failed: [] })
  const paths = ['again', 'big'].map((name) => join(repository.worktree!, name))
  expect(paths.map((path) => readFileSync(path).equals(bytes))).toEqual([true, true])
  // The first of the two is what arrived; the other one was written.
  expect(paths.map((path) => statSync(path).ino === ino)).toEqual([true, false])
  expect(readdirSync(layout.tmp).filter((name) => name.startsWith('pack-'))).toEqual([])
})
