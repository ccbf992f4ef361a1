import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { readSequence } from '../../../src/repo/sequence/sequence.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { writeTree } from '../../../src/worktree/index/write-tree.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { folderContent } from '../support/folder-content.ts'
import { conclude, inConflict, isClean, merge, remove, restore, stages, write } from '../support/parted-branches.ts'
import { add } from '../support/repository.ts'

test('add resolves: not text that is marked, unless it is named; never an artefact', async () => {
  const { top, repository } = await inConflict()
  await using _ = repository
  await merge(repository)
  await expect(add(repository)).rejects.toMatchObject({ code: 'conflict-markers', details: { paths: ['text'] } })
  await expect(add(repository, [], { update: true })).rejects.toMatchObject({ code: 'conflict-markers' })
  await expect(add(repository, ['bin~theirs'])).rejects.toMatchObject({ code: 'path-is-artefact' })
  expect((await stages(repository)).filter((each) => !each.endsWith('0'))).toHaveLength(8)
  write(top, { text: 'settled\n' })
  await add(repository)
  expect(await stages(repository)).toEqual([
    'bin 0',
    'dir/one 0',
    'dir/two 0',
    'gone 0',
    'ours-only 0',
    'same 0',
    'text 0',
  ])
  expect(existsSync(join(top, 'bin~theirs'))).toBe(false)
  const { commit } = await conclude(repository)
  expect(commit.parents).toHaveLength(2)
  expect(readSequence(repository)).toBeUndefined()
  expect((await openIndex(repository)).notes).toEqual([])
  expect(await isClean(repository)).toBe(true)
  // What is known of directories must not be from before.
  const { columns } = await openIndex(repository)
  expect(columns.bits.length).toBe(7)
  expect(String(await writeTree(await openIndex(repository), () => {}))).toBe(commit.tree.toString())
})

test('marked text is taken where it is named, and with force', async () => {
  const { repository } = await inConflict()
  await using _ = repository
  await merge(repository)
  await add(repository, ['text'])
  expect(await stages(repository)).toContain('text 0')
  await restore(repository, ['text'], { conflict: 'merge' })
  expect(await stages(repository)).toContain('text 3')
  await add(repository, [], { force: true })
  expect(await stages(repository)).toContain('text 0')
})

test('an artefact that was changed stays, and is named', async () => {
  const { top, repository } = await inConflict()
  await using _ = repository
  await merge(repository)
  write(top, { 'bin~theirs': 'changed' })
  expect((await add(repository, ['bin'])).kept).toEqual(['bin~theirs'])
  const status = await readStatus(repository)
  expect([status.untracked, status.artefacts]).toEqual([['bin~theirs'], []])
})

test('rm resolves, whatever the file holds, and the content is kept', async () => {
  const { top, repository } = await inConflict()
  await using _ = repository
  await merge(repository)
  write(top, { text: 'half settled\n' })
  const removed = await remove(repository, ['text', 'bin'])
  expect(removed).toMatchObject({ removed: ['bin', 'text'], discarded: ['text'], left: [] })
  expect(Object.keys(folderContent(top)).sort()).toEqual(['dir/one', 'dir/two', 'gone', 'ours-only', 'same'])
  expect((await readStatus(repository)).conflicts.map(({ path }) => path)).toEqual(['gone'])
})

test('files of a conflict are restored from a side, or as the conflict was, also after it was resolved', async () => {
  const { top, repository } = await inConflict()
  await using _ = repository
  await merge(repository)
  await expect(restore(repository, ['text'], {})).rejects.toMatchObject({ code: 'index-unmerged' })
  expect((await restore(repository, ['text'], { ignoreUnmerged: true })).files).toEqual([])
  await restore(repository, ['text', 'bin'], { conflict: 'theirs' })
  expect(folderContent(top)).toMatchObject({ text: '644 a\ntheirs\nc\n', bin: '644 x\0theirs' })
  await restore(repository, ['text'], { conflict: 'ours' })
  expect(folderContent(top)).toMatchObject({ text: '644 a\nours\nc\n' })
  expect((await readStatus(repository)).conflicts).toHaveLength(3)
  await expect(restore(repository, ['gone'], { conflict: 'ours' })).rejects.toMatchObject({ code: 'side-missing' })
  await add(repository, ['text', 'bin'])
  expect(existsSync(join(top, 'bin~theirs'))).toBe(false)
  await restore(repository, ['.'], { conflict: 'merge', style: 'diff3' })
  expect(folderContent(top)).toMatchObject({
    text: '644 a\n<<<<<<< ours\nours\n||||||| base\nb\n=======\ntheirs\n>>>>>>> theirs\nc\n',
    'bin~theirs': '644 x\0theirs',
  })
  expect((await readStatus(repository)).conflicts).toHaveLength(3)
  expect((await readStatus(repository)).artefacts).toEqual(['bin~theirs'])
})

test('restore --staged takes a path out of its conflict', async () => {
  const { top, repository } = await inConflict()
  await using _ = repository
  await merge(repository)
  const restored = await restore(repository, ['text', 'bin', 'gone'], { staged: true, worktree: false })
  expect(restored.staged).toEqual(['bin', 'gone', 'text'])
  expect(await stages(repository)).toEqual(['bin 0', 'dir/one 0', 'dir/two 0', 'ours-only 0', 'same 0', 'text 0'])
  expect(existsSync(join(top, 'bin~theirs'))).toBe(false)
  expect((await readStatus(repository)).unstaged.map(({ path }) => path)).toEqual(['text'])
  await expect(add(repository)).rejects.toMatchObject({ code: 'conflict-markers', details: { paths: ['text'] } })
})
