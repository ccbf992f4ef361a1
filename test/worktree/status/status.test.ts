import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { CID } from 'multiformats/cid'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { cidOf, DAG_PB } from '../../../src/model/cid.ts'
import { buildDirectory } from '../../../src/model/directory/directory.ts'
import { encodeNode } from '../../../src/model/unixfs/dag-pb.ts'
import { encodeUnixfs, UNIXFS_FILE } from '../../../src/model/unixfs/unixfs-data.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { readIndexFile, writeIndexFile } from '../../../src/worktree/index/index-file.ts'
import { rebuildIndex } from '../../../src/worktree/index/index-rebuild.ts'
import { updateIndex } from '../../../src/worktree/index/index-update.ts'
import { writeRefreshedIndex } from '../../../src/worktree/index/write-refreshed-index.ts'
import { writeTree } from '../../../src/worktree/index/write-tree.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { add, commit, openTestRepository } from '../support/repository.ts'

let top: string
let repository: Repository
const write = (path: string, content: string | Uint8Array = path): void => {
  mkdirSync(join(top, path, '..'), { recursive: true })
  writeFileSync(join(top, path), content)
}

beforeEach(async () => {
  top = temporaryFolder()
  const opened = await openTestRepository(top)
  repository = opened
  onTestFinished(() => opened.close())
})

describe('status', () => {
  test('shows a directory of which nothing is tracked as one path', async () => {
    write('.jzfsignore', '*.o\nbuild/\n')
    write('new/deep/a')
    write('new/b')
    write('objects/x.o')
    write('build/out')
    write('half/tracked')
    mkdirSync(join(top, 'empty'))
    await add(repository, ['half', '.jzfsignore'])
    write('half/new/c')
    const status = await readStatus(repository, { ignored: true })
    expect(status.untracked).toEqual(['empty/', 'half/new/', 'new/'])
    expect(status.ignored).toEqual(['build/', 'objects/x.o'])
    const all = await readStatus(repository, { untracked: 'all' })
    expect(all.untracked).toEqual(['empty/', 'half/new/c', 'new/b', 'new/deep/a'])
    expect((await readStatus(repository, { untracked: 'none' })).untracked).toEqual([])
  })

  test('tells kinds of differences apart', async () => {
    for (const path of ['same', 'content', 'mode', 'type', 'gone', 'folder']) write(path)
    await add(repository)
    await commit(repository)
    write('content', 'changed')
    chmodSync(join(top, 'mode'), 0o755)
    for (const path of ['type', 'gone', 'folder']) rmSync(join(top, path))
    symlinkSync('type', join(top, 'type'))
    write('folder/inside')
    const status = await readStatus(repository)
    expect(status.unstaged).toEqual([
      { path: 'content', difference: 'modified' },
      { path: 'folder', difference: 'deleted' },
      { path: 'gone', difference: 'deleted' },
      { path: 'mode', difference: 'mode-changed' },
      { path: 'type', difference: 'type-changed' },
    ])
    expect(status.untracked).toEqual(['folder/'])
    expect(status.staged).toEqual([])
  })

  test('joins a removed and an added path of one content, but not empty files', async () => {
    write('old/data', 'content')
    write('empty', '')
    await add(repository)
    await commit(repository)
    mkdirSync(join(top, 'new'))
    renameSync(join(top, 'old/data'), join(top, 'new/data'))
    rmSync(join(top, 'old'), { recursive: true })
    renameSync(join(top, 'empty'), join(top, 'void'))
    chmodSync(join(top, 'new/data'), 0o755)
    await add(repository)
    const { staged } = await readStatus(repository)
    const lines = staged.map(({ path, from, before, after }) => [path, from, before?.kind, after?.kind])
    expect(lines).toEqual([
      ['empty', undefined, 'file', undefined],
      ['new/data', 'old/data', 'file', 'executable'],
      ['void', undefined, undefined, 'file'],
    ])
  })

  test('shows the stages of a conflict, and add settles it', async () => {
    write('a')
    write('b')
    await add(repository)
    const { index: path, tmp } = repository.layout
    const index = readIndexFile(path)
    const entry = index.entry(index.find('a'))
    const stages = [1, 2, 3].map((stage) => ({ ...entry, stage: stage as 1 | 2 | 3 }))
    renameSync(join(tmp, writeIndexFile(tmp, updateIndex(index, [{ path: 'a', entries: stages }]))), path)
    write('untracked')
    const status = await readStatus(repository)
    expect(status.conflicts).toEqual([{ path: 'a', kind: 'content', stages: [1, 2, 3] }])
    expect(status.untracked).toEqual(['untracked'])
    await expect(writeTree(status.index, () => {})).rejects.toMatchObject({ code: 'index-unmerged' })
    expect((await add(repository, ['a'])).added).toEqual(['a'])
    expect((await readStatus(repository)).conflicts).toEqual([])
  })

  test('hashes a touched file once: the refreshed index remembers', async () => {
    write('a')
    await add(repository)
    const past = new Date(Date.now() - 60_000)
    utimesSync(join(top, 'a'), past, past)
    await new Promise((resolve) => setTimeout(resolve, 20))
    const first = await readStatus(repository)
    expect([first.unstaged, first.isRefreshed]).toEqual([[], true])
    expect(await writeRefreshedIndex(repository, first.index, 'status')).toBe(true)
    expect((await readStatus(repository)).isRefreshed).toBe(false)
    // Neither over another's index, nor while another holds the lock.
    expect(await writeRefreshedIndex(repository, first.index, 'status')).toBe(false)
    using _lock = await repository.lock('other')
    expect(await writeRefreshedIndex(repository, readIndexFile(repository.layout.index), 'status')).toBe(false)
  })

  test('a damaged index is made anew from HEAD, which is said', async () => {
    write('a')
    write('d/b')
    await add(repository)
    await commit(repository)
    write('staged')
    await add(repository)
    const bytes = readFileSync(repository.layout.index)
    bytes[200] = (bytes[200] as number) ^ 1
    writeFileSync(repository.layout.index, bytes)
    const told: string[] = []
    const onRebuilt = (error: Error): void => void told.push(error.message)
    const status = await readStatus(repository, { onRebuilt })
    expect(told).toEqual([expect.stringContaining('checksum')])
    expect([status.staged, status.unstaged, status.untracked]).toEqual([[], [], ['staged']])
    expect((await add(repository, [], { onRebuilt })).added).toEqual(['staged'])
    expect(Array.from(readIndexFile(repository.layout.index).entries(), ({ path }) => path)).toEqual([
      'a',
      'd/b',
      'staged',
    ])
  })

  test('an unchanged file of a tree that somebody else wrote keeps its CID, and so do its directories', async () => {
    const bytes = encodeNode([], encodeUnixfs({ type: UNIXFS_FILE, data: Buffer.from('content'), fileSize: 7 }))
    const file = { cid: cidOf(DAG_PB, bytes).toV0() as CID, bytes }
    const inner = buildDirectory([{ name: 'f', cid: file.cid, tsize: bytes.length }])
    const root = buildDirectory([{ name: 'd', cid: inner.cid, tsize: inner.tsize }])
    for (const block of [file, ...inner.blocks, ...root.blocks]) await repository.store.put(block)
    const { index: path, tmp } = repository.layout
    const rebuilt = await rebuildIndex(repository.store, root.cid)
    expect((await writeTree(rebuilt, () => expect.unreachable())).equals(root.cid)).toBe(true)
    renameSync(join(tmp, writeIndexFile(tmp, rebuilt)), path)
    write('d/f', 'content')
    expect((await readStatus(repository)).unstaged).toEqual([])
    expect((await add(repository)).added).toEqual([])
    const index = readIndexFile(path)
    expect(index.cid(0).toString()).toBe(file.cid.toString())
    expect((await writeTree(index, () => expect.unreachable())).equals(root.cid)).toBe(true)
    write('d/f', 'CONTENT')
    expect((await readStatus(repository)).unstaged).toEqual([{ path: 'd/f', difference: 'modified' }])
  })
})

test('in a large directory the changes since HEAD are found as in any other', async () => {
  for (let at = 0; at < 3000; at++) write(`large/${at}`, `${at % 7}`)
  write('large/sub/a')
  await add(repository)
  await commit(repository)
  rmSync(join(top, 'large/5'))
  write('large/6', 'changed')
  write('large/new')
  write('large/sub/b')
  await add(repository)
  rmSync(join(top, 'large/7'))
  mkdirSync(join(top, 'large/7'))
  await add(repository)
  const { staged } = await readStatus(repository, { renames: false })
  const lines = staged.map(({ path, before, after }) => [path, before?.kind, after?.kind])
  expect(lines).toEqual([
    ['large/5', 'file', undefined],
    ['large/6', 'file', 'file'],
    ['large/7', 'file', 'directory'],
    ['large/new', undefined, 'file'],
    ['large/sub/b', undefined, 'file'],
  ])
  await commit(repository)
  expect((await readStatus(repository)).staged).toEqual([])
})
