import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { expect, test } from 'vitest'

import { decodeCommit } from '../../../src/model/commit/commit.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { readSequence } from '../../../src/repo/sequence/sequence.ts'
import { commitIndex } from '../../../src/worktree/commit.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { writeTree } from '../../../src/worktree/index/write-tree.ts'
import { abortMerge, quitMerge } from '../../../src/worktree/merge/end-merge.ts'
import { type Merged, mergeRevision, type MergeRevisionOptions } from '../../../src/worktree/merge/merge.ts'
import { movePaths } from '../../../src/worktree/move.ts'
import { parsePathspecs } from '../../../src/worktree/pathspec/pathspec.ts'
import { removePaths } from '../../../src/worktree/remove.ts'
import { restorePaths, type RestoreOptions } from '../../../src/worktree/restore.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { folderContent } from '../support/folder-content.ts'
import { add, commitHere, openTestRepository, PERSON } from '../support/repository.ts'

const options = { command: 'test', person: PERSON }

type Files = Record<string, string | null>

function write(top: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const absolute = join(top, path)
    if (content === null) {
      rmSync(absolute, { recursive: true, force: true })
      continue
    }
    mkdirSync(dirname(absolute), { recursive: true })
    writeFileSync(absolute, content)
  }
}

/** Two branches that parted at `base`: main, which is checked out, and side. */
async function parted(
  base: Files,
  ours: Files,
  theirs: Files,
): Promise<{ top: string; repository: Repository & AsyncDisposable }> {
  const top = temporaryFolder()
  const repository = await openTestRepository(top)
  await record(repository, top, base, 'base')
  await switchTo(repository, { create: 'side' }, options)
  if (Object.keys(theirs).length > 0) await record(repository, top, theirs, 'side')
  await switchTo(repository, { branch: 'main' }, options)
  if (Object.keys(ours).length > 0) await record(repository, top, ours, 'main')
  return { top, repository }
}

async function record(repository: Repository, top: string, files: Files, message: string): Promise<void> {
  write(top, files)
  await add(repository)
  await commitHere(repository, message)
}

function merge(repository: Repository, more: Partial<MergeRevisionOptions> = {}, revision = 'side'): Promise<Merged> {
  return mergeRevision(repository, revision, { command: 'merge', author: PERSON, committer: PERSON, ...more })
}

async function conclude(repository: Repository) {
  return commitIndex(repository, { command: 'commit', message: 'm', author: PERSON, committer: PERSON })
}

function restore(repository: Repository, paths: string[], more: Partial<RestoreOptions>) {
  const worktree = repository.worktree as string
  const specs = parsePathspecs(paths, { worktree, cwd: worktree })
  return restorePaths(repository, specs, { ...options, staged: false, worktree: true, ...more })
}

function remove(repository: Repository, paths: string[]) {
  const worktree = repository.worktree as string
  return removePaths(repository, parsePathspecs(paths, { worktree, cwd: worktree }), options)
}

async function stages(repository: Repository): Promise<string[]> {
  const index = await openIndex(repository)
  return Array.from(index.entries(), ({ path, stage }) => `${path} ${stage}`)
}

async function isClean(repository: Repository): Promise<boolean> {
  const { staged, unstaged, untracked, conflicts, artefacts } = await readStatus(repository)
  return [staged, unstaged, untracked, conflicts, artefacts].every((list) => list.length === 0)
}

const CONFLICTS = {
  base: { text: 'a\nb\nc\n', bin: 'x\0base', gone: 'there\n', same: 'same\n', 'dir/one': '1\n' },
  ours: { text: 'a\nours\nc\n', bin: 'x\0ours', gone: null, 'ours-only': 'o\n' },
  theirs: { text: 'a\ntheirs\nc\n', bin: 'x\0theirs', gone: 'changed\n', 'dir/two': '2\n' },
}

function inConflict() {
  return parted(CONFLICTS.base, CONFLICTS.ours, CONFLICTS.theirs)
}

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
    expect(lstatSync(join(top, `times of ${path}`), { bigint: true }), path).toMatchObject({ mtimeNs, ctimeNs })
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
    await expect(merge(repository), `over ${path}`).rejects.toMatchObject({
      code: 'would-overwrite',
      details: { paths: [path] },
    })
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
})

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
