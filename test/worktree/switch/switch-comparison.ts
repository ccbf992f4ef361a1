import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { expect } from 'vitest'

import { JzfsError } from '../../../src/model/errors.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { folderContent, removeEmptyFolders, withoutEmpty } from '../support/folder-content.ts'
import { git } from '../support/git.ts'
import { editRandomly } from '../support/random-edits.ts'
import { add, commitHere, openTestRepository, PERSON } from '../support/repository.ts'
import { createSeededRandom, type SeededRandom } from '../support/seeded-random.ts'

/** Compares random switches. How they ended: a count of 0 means that only one side was seen. */
export async function compareSwitches(rounds: number): Promise<SwitchTally> {
  const tally = { switched: 0, refused: 0, carried: 0 }
  for (let seed = 1; seed <= rounds; seed++) await compareSwitch(seed, tally)
  return tally
}

/** Compares random switches that throw local changes away. How many git did: it refuses some. */
export async function compareDiscardingSwitches(rounds: number, staged: boolean): Promise<number> {
  let compared = 0
  for (let seed = 1; seed <= rounds; seed++) if (await compareDiscardingSwitch(seed, staged)) compared++
  return compared
}

interface SwitchTally {
  switched: number
  refused: number
  carried: number
}

/** Random local changes, and a switch to another branch: both tools carry, refuse and rewrite the same. */
async function compareSwitch(seed: number, tally: SwitchTally): Promise<void> {
  const { ours, theirs, repository } = await makeBoth(seed, true)
  const isClean = git(theirs, ['status', '--porcelain']).length === 0
  const before = folderContent(ours)
  const added = git(theirs, ['diff', '--cached', '--name-only', '--diff-filter=A', '-z'])
    .toString()
    .split('\0')
    .slice(0, -1)
  const switched = await switchTo(repository, { branch: 'other' }, options).then(
    () => true,
    (error: unknown) => {
      if (error instanceof JzfsError && error.code === 'would-overwrite') return false
      throw error
    },
  )
  if (!switched) expect(folderContent(ours), `seed ${seed}: a refusal changes nothing`).toEqual(before)
  git(theirs, ['switch', '-q', 'other'])
  const theirBranch = git(theirs, ['symbolic-ref', '--short', 'HEAD']).toString().trim()
  const lost = added.filter((path) => !gitPaths(theirs).some((line) => line.endsWith(` ${path}`)))
  if (theirBranch === 'other' && lost.length > 0) {
    // Where a file and a folder take turns git throws away what is staged; we keep it, or refuse.
    expect(await stagedPaths(repository), `seed ${seed}: what git loses`).toEqual(
      expect.arrayContaining(lost.map((path) => expect.stringContaining(path) as string)),
    )
    return repository.close()
  }
  expect(switched, `seed ${seed}: whether it switches`).toBe(theirBranch === 'other')
  expect(withoutEmpty(folderContent(ours)), `seed ${seed}: the files`).toEqual(folderContent(theirs))
  expect(await stagedPaths(repository), `seed ${seed}: the index`).toEqual(gitPaths(theirs))
  tally[switched ? 'switched' : 'refused']++
  if (switched && !isClean) tally.carried++
  await repository.close()
}

/** The same with local changes thrown away. Whether git did it at all. */
async function compareDiscardingSwitch(seed: number, staged: boolean): Promise<boolean> {
  const { ours, theirs, repository } = await makeBoth(seed, staged)
  // Untracked files in a folder that gives way to a file: git refuses, we keep them in the store.
  if (!tryGit(theirs, ['switch', '-q', '--discard-changes', 'other'])) return false
  await switchTo(repository, { branch: 'other' }, { ...options, discardChanges: true })
  expect(withoutEmpty(folderContent(ours)), `seed ${seed}: the files`).toEqual(folderContent(theirs))
  expect(await stagedPaths(repository), `seed ${seed}: the index`).toEqual(gitPaths(theirs))
  await repository.close()
  return true
}

/** The same two branches and the same local changes, once for us and once for git: on main, with a branch other. */
async function makeBoth(
  seed: number,
  staged: boolean,
): Promise<{ ours: string; theirs: string; repository: Repository }> {
  const folder = temporaryFolder()
  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')]
  for (const top of [ours, theirs]) mkdirSync(top)
  const repository = await openTestRepository(ours)
  git(theirs, ['init', '-q', '-b', 'main'])
  const edit = (count: (random: SeededRandom) => number, step: number): void => {
    for (const top of [ours, theirs]) {
      const random = createSeededRandom(seed * 10 + step)
      for (let edits = count(random); edits > 0; edits--) editRandomly(top, random)
      removeEmptyFolders(top)
    }
  }
  const stage = async (): Promise<void> => {
    git(theirs, ['add', '-A'])
    await add(repository)
  }
  const commit = async (): Promise<void> => {
    await stage()
    git(theirs, ['commit', '-q', '--allow-empty', '-m', 'c'])
    await commitHere(repository)
  }
  edit(() => 15, 1)
  await commit()
  git(theirs, ['switch', '-q', '-c', 'other'])
  await switchTo(repository, { create: 'other' }, options)
  edit((random) => 1 + random.below(4), 2)
  await commit()
  git(theirs, ['switch', '-q', 'main'])
  await switchTo(repository, { branch: 'main' }, options)
  edit((random) => random.below(3), 3)
  if (staged) await stage()
  edit((random) => random.below(2), 4)
  return { ours, theirs, repository }
}

function tryGit(top: string, args: readonly string[]): boolean {
  try {
    git(top, args)
    return true
  } catch {
    return false
  }
}

const options = { command: 'switch', person: PERSON }

async function stagedPaths(repository: Repository): Promise<string[]> {
  const index = await openIndex(repository)
  return Array.from(index.entries(), ({ kind, path }) => `${MODES[kind]} ${path}`)
}

const MODES = { file: '100644', executable: '100755', symlink: '120000', directory: '040000' }

function gitPaths(top: string): string[] {
  const lines = git(top, ['ls-files', '--stage', '-z']).toString().split('\0').slice(0, -1)
  return lines.map((line) => line.replace(/ [0-9a-f]+ 0\t/, ' '))
}
