import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { Repository } from '../../../src/repo/repository.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { parsePathspecs } from '../../../src/worktree/pathspec/pathspec.ts'
import { resetPaths } from '../../../src/worktree/reset/reset-paths.ts'
import { type ResetMode, resetTo } from '../../../src/worktree/reset/reset.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { folderContent, type FolderContent, removeEmptyFolders, withoutEmpty } from '../support/folder-content.ts'
import { git } from '../support/git.ts'
import { editRandomly } from '../support/random-edits.ts'
import { add, commitHere, openTestRepository, PERSON } from '../support/repository.ts'
import { createSeededRandom, type SeededRandom } from '../support/seeded-random.ts'

const MODES: ResetMode[] = ['soft', 'mixed', 'hard']
const options = { command: 'reset', person: PERSON }

/** What a file may be in the target, in HEAD, in the index and in the working tree: `-` is nothing. */
const STATES = ['-', 'A', 'B', 'C', 'D']
const GRID = STATES.flatMap((target) =>
  ['-', 'A'].flatMap((head) =>
    ['-', 'A', 'B'].flatMap((index) => ['-', 'A', 'B', 'C'].map((file) => [target, head, index, file] as const)),
  ),
)

test.for(MODES)('reset --%s of every state of a file ends where git does', async (mode) => {
  const both = await makeGrid()
  await resetTo(both.repository, { ...options, mode, revision: 'HEAD~1' })
  git(both.theirs, ['reset', '-q', `--${mode}`, 'HEAD~1'])
  const { ours, theirs } = await readBoth(both)
  expect(ours).toEqual(theirs)
})

test('reset HEAD~1 -- PATHS of every state of a file ends where git does', async () => {
  const both = await makeGrid()
  const specs = parsePathspecs(['*.1*', 'nowhere'], { worktree: both.ours, cwd: both.ours })
  await resetPaths(both.repository, specs, { ...options, revision: 'HEAD~1' })
  git(both.theirs, ['reset', '-q', 'HEAD~1', '--', '*.1*', 'nowhere'])
  const { ours, theirs } = await readBoth(both)
  expect(ours).toEqual(theirs)
})

test.for(MODES)('reset --%s of random trees ends where git does', { timeout: 60_000 }, async (mode) => {
  for (let seed = 1; seed <= 2; seed++) {
    const both = await makeRandom(seed)
    await resetTo(both.repository, { ...options, mode, revision: 'HEAD~1' })
    git(both.theirs, ['reset', '-q', `--${mode}`, 'HEAD~1'])
    const { ours, theirs } = await readBoth(both)
    expect(ours, `seed ${seed}`).toEqual(theirs)
  }
})

interface Both {
  ours: string
  theirs: string
  repository: Repository
}

interface Side {
  files: FolderContent
  index: string[]
  unstaged: string[]
  staged: string[]
}

async function readBoth({ ours, theirs, repository }: Both): Promise<{ ours: Side; theirs: Side }> {
  const index = await openIndex(repository)
  const status = await readStatus(repository, { renames: false, untracked: 'all' })
  await repository.close()
  const lines = (...args: string[]) =>
    git(theirs, [...args, '-z'])
      .toString()
      .split('\0')
      .slice(0, -1)
      .toSorted()
  return {
    ours: {
      files: withoutEmpty(folderContent(ours)),
      index: Array.from(index.entries(), ({ kind, path }) => `${KINDS[kind]} ${path}`).toSorted(),
      unstaged: status.unstaged.map(({ path }) => path).toSorted(),
      staged: status.staged.map(({ path }) => path).toSorted(),
    },
    theirs: {
      files: folderContent(theirs),
      index: lines('ls-files', '--stage')
        .map((line) => line.replace(/ [0-9a-f]+ 0\t/, ' '))
        .toSorted(),
      unstaged: lines('diff', '--name-only'),
      staged: lines('diff', '--cached', '--name-only', '--no-renames'),
    },
  }
}

const KINDS = { file: '100644', executable: '100755', symlink: '120000', directory: '040000' }

/** For us and for git: a file for each point of the grid, with the target as HEAD~1. */
async function makeGrid(): Promise<Both> {
  const both = await makeBoth()
  for (const column of [0, 1, 2, 3] as const) {
    for (const top of [both.ours, both.theirs]) {
      for (const [number, point] of GRID.entries()) {
        const path = join(top, `${point.join('')}.${number}`)
        if (point[column] === '-') rmSync(path, { force: true })
        else writeFileSync(path, `${point[column]} ${number}\n`)
      }
    }
    if (column < 2) await commit(both)
    else if (column === 2) await stage(both)
  }
  return both
}

async function makeRandom(seed: number): Promise<Both> {
  const both = await makeBoth()
  const edit = (count: number, step: number): void => {
    for (const top of [both.ours, both.theirs]) {
      const random: SeededRandom = createSeededRandom(seed * 10 + step)
      for (let edits = count; edits > 0; edits--) editRandomly(top, random)
      removeEmptyFolders(top)
    }
  }
  edit(15, 1)
  await commit(both)
  edit(4, 2)
  await commit(both)
  edit(3, 3)
  await stage(both)
  edit(3, 4)
  return both
}

async function makeBoth(): Promise<Both> {
  const folder = temporaryFolder()
  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')]
  for (const top of [ours, theirs]) mkdirSync(top)
  git(theirs, ['init', '-q', '-b', 'main'])
  return { ours, theirs, repository: await openTestRepository(ours) }
}

async function stage({ theirs, repository }: Both): Promise<void> {
  git(theirs, ['add', '-A'])
  await add(repository)
}

async function commit(both: Both): Promise<void> {
  await stage(both)
  git(both.theirs, ['commit', '-q', '--allow-empty', '-m', 'c'])
  await commitHere(both.repository)
}
