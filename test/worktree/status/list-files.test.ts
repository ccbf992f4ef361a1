import { lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { Repository } from '../../../src/repo/repository.ts'
import { openIgnoreCheck } from '../../../src/worktree/ignore/check-ignored.ts'
import { parsePathspecs, plainPath } from '../../../src/worktree/pathspec/pathspec.ts'
import { listFiles, type FileSelection } from '../../../src/worktree/status/list-files.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { removeEmptyFolders } from '../support/folder-content.ts'
import { git } from '../support/git.ts'
import { editRandomly, randomPath } from '../support/random-edits.ts'
import { add, openTestRepository } from '../support/repository.ts'
import { createSeededRandom } from '../support/seeded-random.ts'

async function list(repository: Repository, selection: FileSelection, pathspecs: readonly string[] = []) {
  const worktree = repository.worktree as string
  const specs = parsePathspecs(pathspecs, { worktree, cwd: worktree })
  return Array.fromAsync(listFiles(repository, selection, { pathspecs: specs }), ({ path }) => path)
}

test('lists what git lists, through random edits', { timeout: 60_000 }, async () => {
  const counts: Record<string, number> = {}
  for (let seed = 1; seed <= 20; seed++) {
    const top = temporaryFolder()
    await using repository = await openTestRepository(top)
    git(top, ['init', '-q'])
    writeFileSync(join(top, '.git', 'info', 'exclude'), '.jzfs/\n')
    const random = createSeededRandom(seed)
    for (const edits of [15, 8]) {
      for (let edit = 0; edit < edits; edit++) editRandomly(top, random)
      for (const name of ['.gitignore', '.jzfsignore']) writeFileSync(join(top, name), '*.log\n/b/\n')
      removeEmptyFolders(top)
      if (edits === 8) break
      git(top, ['add', '-A'])
      await add(repository)
    }
    const wanted: Record<string, [FileSelection, string[]]> = {
      cached: [{ cached: true }, ['--cached']],
      others: [{ others: true }, ['--others', '--exclude-standard']],
      ignored: [{ ignored: true }, ['--others', '--ignored', '--exclude-standard']],
      deleted: [{ deleted: true }, ['--deleted']],
      modified: [{ modified: true }, ['--modified']],
      path: [{ cached: true }, ['--cached', '--', 'a', '*.log']],
    }
    for (const [name, [selection, args]] of Object.entries(wanted)) {
      const theirs = git(top, ['ls-files', '-z', ...args])
        .toString()
        .split('\0')
        .slice(0, -1)
      const listed = await list(repository, selection, name === 'path' ? ['a', '*.log'] : [])
      // What a folder has taken the place of git calls modified here, and deleted in its status.
      const ours = name === 'deleted' ? listed.filter((path) => !isThere(join(top, path))) : listed
      counts[name] = (counts[name] ?? 0) + ours.length
      // A folder that is ignored as a whole is one for us.
      const shown = theirs.map((path) => ours.find((each) => each.endsWith('/') && path.startsWith(each)) ?? path)
      const others = [...new Set(shown)].filter((path) => !path.startsWith('.jzfs/'))
      expect(ours.toSorted(), `seed ${seed}: ${name}`).toEqual(others.toSorted())
    }
  }
  expect(Object.values(counts).filter((count) => count < 5)).toEqual([])
})

test('says which paths are ignored as git does: tracked ones are not', async () => {
  const top = temporaryFolder()
  await using repository = await openTestRepository(top)
  git(top, ['init', '-q'])
  const random = createSeededRandom(3)
  for (let edit = 0; edit < 20; edit++) editRandomly(top, random)
  const some = Array.from({ length: 80 }, () => randomPath(random))
  const paths = some.filter((path) => !isBeyondSymlink(path, top))
  git(top, ['add', '-A'])
  await add(repository)
  const rules = '*.log\n!x.log\n/b/\na-b\n日本/**\n'
  for (const name of ['.gitignore', '.jzfsignore']) writeFileSync(join(top, name), rules)
  const theirs = git(top, ['check-ignore', '-z', '--stdin'], paths.join('\0')).toString().split('\0').slice(0, -1)
  const check = await openIgnoreCheck(repository)
  const ours = paths.filter((path) => check(path)?.isIgnored === true)
  expect(ours).toEqual(theirs)
  expect(ours.length).toBeGreaterThan(5)
  const always = await openIgnoreCheck(repository, { noIndex: true })
  const all = git(top, ['check-ignore', '-z', '--stdin', '--no-index'], paths.join('\0'))
    .toString()
    .split('\0')
    .slice(0, -1)
  expect(paths.filter((path) => always(path)?.isIgnored === true)).toEqual(all)
  expect(check('new-folder', { isDirectory: true })).toBeUndefined()
  expect(check('b', { isDirectory: true })).toMatchObject({ source: '.jzfsignore', line: 3, pattern: '/b/' })
})

test('an ignored folder is one entry, and a file that only looks changed is none', async () => {
  const top = temporaryFolder()
  await using repository = await openTestRepository(top)
  mkdirSync(join(top, 'build/deep'), { recursive: true })
  for (const path of ['build/deep/x', 'a', 'b']) writeFileSync(join(top, path), path)
  writeFileSync(join(top, '.jzfsignore'), 'build\n')
  await add(repository)
  rmSync(join(top, 'a'))
  writeFileSync(join(top, 'b'), 'b')
  expect(await list(repository, { ignored: true })).toEqual(['build/'])
  expect(await list(repository, { modified: true })).toEqual(['a'])
})

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

function isBeyondSymlink(path: string, top: string): boolean {
  try {
    plainPath(path, { worktree: top, cwd: top })
    return false
  } catch {
    return true
  }
}
