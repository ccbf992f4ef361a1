import { expect, test } from 'vitest'

import { readSequence } from '../../../src/repo/sequence/sequence.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { abortMerge, quitMerge } from '../../../src/worktree/merge/end-merge.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { folderContent } from '../support/folder-content.ts'
import { inConflict, isClean, merge, options, write } from '../support/parted-branches.ts'
import { add } from '../support/repository.ts'

test('abort brings back what was, and keeps local changes beside it', async () => {
  const { top, repository } = await inConflict()
  await using _ = repository
  write(top, { same: 'mine\n', untracked: 'mine\n' })
  const before = folderContent(top)
  await merge(repository)
  write(top, { text: 'half settled\n' })
  await add(repository, ['gone'])
  expect((await abortMerge(repository, options)).discarded).toEqual(['text'])
  expect(folderContent(top)).toEqual(before)
  expect(readSequence(repository)).toBeUndefined()
  expect((await openIndex(repository)).notes).toEqual([])
  const status = await readStatus(repository)
  expect(status.staged).toEqual([])
  expect(status.unstaged.map(({ path }) => path)).toEqual(['same'])
  await expect(abortMerge(repository, options)).rejects.toMatchObject({ code: 'no-merge' })
})

test('abort refuses to overwrite what was changed since, and keeps a changed artefact', async () => {
  const { top, repository } = await inConflict()
  await using _ = repository
  await merge(repository)
  write(top, { 'dir/two': 'mine', 'bin~theirs': 'mine' })
  await expect(abortMerge(repository, options)).rejects.toMatchObject({
    code: 'would-overwrite',
    details: { paths: ['dir/two'] },
  })
  write(top, { 'dir/two': '2\n' })
  expect((await abortMerge(repository, options)).left).toEqual(['bin~theirs'])
  expect(Object.keys(folderContent(top)).sort()).toEqual(['bin', 'bin~theirs', 'dir/one', 'ours-only', 'same', 'text'])
})

test('switch --discard-changes in a conflict throws it away with its artefacts', async () => {
  const { top, repository } = await inConflict()
  await using _ = repository
  await merge(repository)
  await quitMerge(repository, options)
  await expect(switchTo(repository, { branch: 'side' }, options)).rejects.toMatchObject({ code: 'index-unmerged' })
  await switchTo(repository, { branch: 'side' }, { ...options, discardChanges: true })
  expect(await isClean(repository)).toBe(true)
  expect(Object.keys(folderContent(top)).sort()).toEqual(['bin', 'dir/one', 'dir/two', 'gone', 'same', 'text'])
})

test('a forced checkout gives the merge up', async () => {
  const { repository } = await inConflict()
  await using _ = repository
  await merge(repository)
  await switchTo(repository, { branch: 'side' }, { ...options, discardChanges: true, endSequence: true })
  expect(readSequence(repository)).toBeUndefined()
  expect(await isClean(repository)).toBe(true)
  expect((await openIndex(repository)).notes).toEqual([])
})
