import { chmodSync, existsSync, lstatSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { decodeCommit } from '../../../src/model/commit/commit.ts'
import { readSequence } from '../../../src/repo/sequence/sequence.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { abortMerge } from '../../../src/worktree/merge/end-merge.ts'
import { movePaths } from '../../../src/worktree/move.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { folderContent } from '../support/folder-content.ts'
import {
  conclude,
  inConflict,
  isClean,
  merge,
  options,
  parted,
  record,
  remove,
  restore,
  stages,
  write,
} from '../support/parted-branches.ts'
import { add } from '../support/repository.ts'

test('a clean merge is one commit with both parents, and leaves nothing to be hashed', async () => {
  const { top, repository } = await parted({ a: '1\n', b: '1\n' }, { a: '2\n' }, { b: '2\n', 'c/d': 'new' })
  await using _ = repository
  const before = await repository.refs.headCommit()
  const merged = await merge(repository)
  expect(merged).toMatchObject({ outcome: 'merged', conflicts: [], left: [], failed: [] })
  const commit = decodeCommit(merged.after, await repository.store.get(merged.after))
  expect(commit.parents.map(String)).toEqual([before, await repository.refs.read('refs/heads/side')].map(String))
  expect(commit.message).toBe("Merge branch 'side' into main\n")
  expect((await repository.refs.headCommit())?.equals(merged.after)).toBe(true)
  expect((await repository.refs.read('refs/pseudo/ORIG_HEAD'))?.equals(before!)).toBe(true)
  expect(folderContent(top)).toEqual({ a: '644 2\n', b: '644 2\n', 'c/d': '644 new' })
  // All that is left to be hashed is what the file system's clock cannot tell from the index.
  for (const { path, mtimeNs, ctimeNs } of (await openIndex(repository)).entries()) {
    expect({ path, ...lstatSync(join(top, path), { bigint: true }) }).toMatchObject({ path, mtimeNs, ctimeNs })
  }
  expect(await isClean(repository)).toBe(true)
  expect((await merge(repository)).outcome).toBe('up-to-date')
})

test('fast-forward: by default, refused with --no-ff, asked for with --ff-only', async () => {
  const { repository } = await parted({ a: '1\n' }, {}, { a: '2\n' })
  await using _ = repository
  const followed = await merge(repository, { fastForward: 'only' })
  expect(followed.outcome).toBe('fast-forward')
  expect((await repository.refs.headCommit())?.equals(followed.theirs)).toBe(true)
  expect(await isClean(repository)).toBe(true)
  const { repository: other } = await parted({ a: '1\n' }, {}, { a: '2\n' })
  await using _other = other
  const made = await merge(other, { fastForward: 'never', message: 'joined' })
  expect(made.outcome).toBe('merged')
  expect(decodeCommit(made.after, await other.store.get(made.after))).toMatchObject({ message: 'joined\n' })
  const { repository: third } = await parted({ a: '1\n' }, { b: '1\n' }, { a: '2\n' })
  await using _third = third
  await expect(merge(third, { fastForward: 'only' })).rejects.toMatchObject({ code: 'not-fast-forward' })
})

test('a fast-forward carries local changes that are not in its way, a merge those that are not staged', async () => {
  const { top, repository } = await parted({ a: '1\n', b: '1\n' }, {}, { a: '2\n' })
  await using _ = repository
  write(top, { b: 'mine\n', staged: 'mine\n' })
  await add(repository, ['staged'])
  await merge(repository)
  expect(folderContent(top)).toEqual({ a: '644 2\n', b: '644 mine\n', staged: '644 mine\n' })
  expect((await readStatus(repository)).staged.map(({ path }) => path)).toEqual(['staged'])
  const { top: far, repository: other } = await parted({ a: '1\n', b: '1\n' }, { c: 'c' }, { a: '2\n' })
  await using _other = other
  write(far, { b: 'mine\n', staged: 'mine\n' })
  await add(other, ['staged'])
  await expect(merge(other)).rejects.toMatchObject({ code: 'staged-changes', details: { paths: ['staged'] } })
  await restore(other, ['staged'], { staged: true, worktree: false })
  expect((await merge(other)).outcome).toBe('merged')
  expect(folderContent(far)).toMatchObject({ b: '644 mine\n', staged: '644 mine\n' })
})

test('work that would be overwritten refuses the merge whole', async () => {
  const { top, repository } = await inConflict()
  await using _ = repository
  for (const [path, content] of Object.entries({ text: 'mine', 'dir/two': 'untracked', bin: 'mine', gone: 'mine' })) {
    const was = existsSync(join(top, path)) ? readFileSync(join(top, path), 'latin1') : null
    write(top, { [path]: content })
    const before = folderContent(top)
    await expect(merge(repository)).rejects.toMatchObject({ code: 'would-overwrite', details: { paths: [path] } })
    expect(folderContent(top)).toEqual(before)
    expect(readSequence(repository)).toBeUndefined()
    write(top, { [path]: was })
  }
})

test('unrelated histories are refused, and merged where that is asked for: nothing is deleted', async () => {
  const { top, repository } = await parted({ a: '1\n', 'd/e': 'e' }, {}, {})
  await using _ = repository
  await switchTo(repository, { orphan: 'other' }, options)
  await record(repository, top, { z: 'z' }, 'another root')
  await switchTo(repository, { branch: 'main' }, options)
  await expect(merge(repository, {}, 'other')).rejects.toMatchObject({ code: 'unrelated-histories' })
  expect(Object.keys(folderContent(top))).toEqual(['a', 'd/e'])
  expect((await merge(repository, { allowUnrelated: true }, 'other')).outcome).toBe('merged')
  expect(Object.keys(folderContent(top)).sort()).toEqual(['a', 'd/e', 'z'])
})

test('before the first commit a merge is a fast-forward', async () => {
  const { top, repository } = await parted({ a: '1\n' }, {}, {})
  await using _ = repository
  await switchTo(repository, { orphan: 'new' }, options)
  await expect(merge(repository, { squash: true })).rejects.toMatchObject({ code: 'nothing-to-merge-into' })
  await expect(merge(repository, { fastForward: 'never' })).rejects.toMatchObject({ code: 'nothing-to-merge-into' })
  write(top, { a: 'in the way' })
  await expect(merge(repository)).rejects.toMatchObject({ code: 'would-overwrite' })
  write(top, { a: null })
  expect((await merge(repository)).outcome).toBe('fast-forward')
  expect(folderContent(top)).toEqual({ a: '644 1\n' })
})

test('a detached HEAD moves to the merge', async () => {
  const { repository } = await inConflict()
  await using _ = repository
  await switchTo(repository, { detach: 'HEAD' }, options)
  const merged = await merge(repository, { favour: 'theirs' }).catch((error: unknown) => error)
  // What one side deleted is no matter of lines.
  expect(merged).toMatchObject({ outcome: 'conflicts', conflicts: [{ path: 'gone', kind: 'delete-modify' }] })
  await remove(repository, ['gone'])
  const { cid, commit } = await conclude(repository)
  expect(commit.parents).toHaveLength(2)
  const head = await repository.refs.head()
  expect('detached' in head && String(head.detached)).toBe(String(cid))
  expect(String(await repository.refs.read('refs/heads/main'))).toBe(String(commit.parents[0]))
})

test('conflicts are stages, marked text and artefacts; what was merged is staged', async () => {
  const { top, repository } = await inConflict()
  await using _ = repository
  const merged = await merge(repository)
  expect(merged.outcome).toBe('conflicts')
  expect(merged.conflicts.map(({ path, kind }) => [path, kind])).toEqual([
    ['bin', 'binary'],
    ['gone', 'delete-modify'],
    ['text', 'content'],
  ])
  expect(readSequence(repository)).toMatchObject({ kind: 'merge', message: "Merge branch 'side' into main\n" })
  const status = await readStatus(repository)
  expect(status.conflicts).toEqual([
    { path: 'bin', kind: 'binary', stages: [1, 2, 3], artefact: 'bin~theirs' },
    { path: 'gone', kind: 'delete-modify', stages: [1, 3] },
    { path: 'text', kind: 'content', stages: [1, 2, 3] },
  ])
  expect(status.artefacts).toEqual(['bin~theirs'])
  expect(status.staged.map(({ path }) => path)).toEqual(['dir/two'])
  expect(status.untracked).toEqual([])
  expect(folderContent(top)).toMatchObject({
    bin: '644 x\0ours',
    'bin~theirs': '644 x\0theirs',
    gone: '644 changed\n',
    text: '644 a\n<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> side\nc\n',
  })
  await expect(conclude(repository)).rejects.toMatchObject({ code: 'index-unmerged' })
  await expect(merge(repository)).rejects.toMatchObject({ code: 'sequence-in-progress' })
  for (const discardChanges of [false, true]) {
    const switching = switchTo(repository, { branch: 'side' }, { ...options, discardChanges })
    await expect(switching).rejects.toMatchObject({ code: 'sequence-in-progress' })
  }
  await expect(movePaths(repository, ['text'], 'moved', options)).rejects.toMatchObject({ code: 'path-in-conflict' })
  await movePaths(repository, ['same'], 'moved', options)
  expect(await stages(repository)).toContain('moved 0')
})

test('--no-commit and --squash wait; a squash is committed as an ordinary commit', async () => {
  const { repository } = await parted({ a: '1\n' }, { b: '1\n' }, { c: '1\n' })
  await using _ = repository
  const before = await repository.refs.headCommit()
  expect((await merge(repository, { commit: false })).outcome).toBe('waiting')
  expect((await repository.refs.headCommit())?.equals(before!)).toBe(true)
  await abortMerge(repository, options)
  expect(await isClean(repository)).toBe(true)
  const squashed = await merge(repository, { squash: true })
  expect(squashed.outcome).toBe('waiting')
  expect(readSequence(repository)).toMatchObject({
    squash: true,
    message: expect.stringMatching(
      /^Squashed commit of the following:\n\ncommit \w+\nAuthor: A <a@example.org>\nDate: .*\n\n {4}side\n$/,
    ),
  })
  expect((await conclude(repository)).commit.parents.map(String)).toEqual([String(before)])
  expect(readSequence(repository)).toBeUndefined()
  const { repository: other } = await parted({ a: '1\n' }, {}, { c: '1\n' })
  await using _other = other
  expect((await merge(other, { squash: true })).outcome).toBe('waiting')
  expect((await readStatus(other)).staged.map(({ path }) => path)).toEqual(['c'])
})

test('a folder and a file, symlinks, modes: each conflict is written, and taken back whole', async () => {
  const { top, repository } = await parted({ thing: 'file\n', link: 'x', tool: 'same\n' }, {}, {})
  await using _ = repository
  await switchTo(repository, { branch: 'side' }, options)
  rmSync(join(top, 'link'))
  symlinkSync('theirs', join(top, 'link'))
  chmodSync(join(top, 'tool'), 0o755)
  await record(repository, top, { thing: null, 'thing/inside': 'theirs' }, 'side')
  await switchTo(repository, { branch: 'main' }, options)
  rmSync(join(top, 'link'))
  symlinkSync('ours', join(top, 'link'))
  await record(repository, top, { thing: 'changed\n' }, 'main')
  const before = folderContent(top)
  const merged = await merge(repository)
  expect(merged).toMatchObject({ outcome: 'conflicts', left: [], failed: [] })
  expect(merged.conflicts.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['file-directory', 'symlink']))
  expect(folderContent(top)).toMatchObject({ 'thing/inside': '644 theirs', tool: '755 same\n' })
  const status = await readStatus(repository)
  expect([status.unstaged, status.untracked]).toEqual([[], []])
  await abortMerge(repository, options)
  expect(folderContent(top)).toEqual(before)
  expect(await isClean(repository)).toBe(true)
})
