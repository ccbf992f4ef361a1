import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { expect } from 'vitest'

import { JzfsError } from '../../../src/model/errors.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { applyStash } from '../../../src/worktree/stash/apply-stash.ts'
import { pushStash } from '../../../src/worktree/stash/push-stash.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { folderContent, type FolderContent, removeEmptyFolders, withoutEmpty } from '../support/folder-content.ts'
import { git } from '../support/git.ts'
import { editRandomly } from '../support/random-edits.ts'
import { add, commitHere, openTestRepository, PERSON } from '../support/repository.ts'
import { createSeededRandom } from '../support/seeded-random.ts'

const by = { command: 'stash', person: PERSON }

interface Pair {
  ours: string
  theirs: string
  repository: Repository
}

/** What the comparisons met: each should have been seen. */
export interface StashTally {
  pushed: number
  /** With `--keep-index`. */
  kept: number
  /** Where git had the same files and index. */
  compared: number
}

/**
 * Random local changes on a random commit, put aside by us and by git: files and index are the same, wherever git leaves nothing
 * behind, and what is brought back is what was there.
 */
export async function compareStash(seed: number, tally: StashTally): Promise<void> {
  const pair = await makePair(seed)
  const { theirs, repository } = pair
  const random = createSeededRandom(seed)
  const [untracked, keepIndex] = [random.chance(0.7), random.chance(0.3)]
  const before = await readSide(pair)
  const isPushed = await didPush(pair, untracked, keepIndex)
  const flags = [...(untracked ? ['-u'] : []), ...(keepIndex ? ['-k'] : [])]
  if (!isPushed) return repository.close()
  git(theirs, ['stash', 'push', '-q', ...flags])
  tally.pushed++
  const after = await readSide(pair)
  const where = `seed ${seed} ${flags.join(' ')}`
  const status = await readStatus(repository)
  expect(status.unstaged, `at ${where}`).toEqual([])
  if (untracked) expect(status.untracked, `at ${where}`).toEqual([])
  if (keepIndex) {
    tally.kept++
    expect(after.ours.index, `at ${where}`).toEqual(before.ours.index)
    return repository.close()
  }
  expect(status.staged, `at ${where}`).toEqual([])
  // Where a file and a folder take turns git leaves things behind.
  if (!hasTurns([...before.theirs.index, ...after.theirs.index], before.theirs.files)) {
    tally.compared++
    expect(after.ours, `at ${where}`).toEqual(after.theirs)
  }
  await applyStash(repository, { ...by, restoreIndex: true, drop: true })
  const back = await readSide(pair)
  expect(back.ours, `seed ${seed}: brought back`).toEqual(before.ours)
  return repository.close()
}

/** Whether a path is a file in one place, and a folder in another. */
function hasTurns(index: readonly string[], files: FolderContent): boolean {
  const paths = new Set([...index.map((line) => line.slice(7)), ...Object.keys(files)])
  return [...paths].some((path) => [...paths].some((other) => other.startsWith(`${path}/`)))
}

/** Whether something was put aside; undone changes where nothing was, or untracked files would be lost by it. */
async function didPush({ ours, repository }: Pair, untracked: boolean, keepIndex: boolean): Promise<boolean> {
  const files = folderContent(ours)
  try {
    const options = { ...by, keepIndex, untracked: untracked ? ('untracked' as const) : ('none' as const) }
    return (await pushStash(repository, options)) !== undefined
  } catch (error) {
    // git overwrites them.
    if (!(error instanceof JzfsError) || error.code !== 'would-overwrite') throw error
    expect(folderContent(ours)).toEqual(files)
    return false
  }
}

async function makePair(seed: number): Promise<Pair> {
  const folder = temporaryFolder()
  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')]
  for (const top of [ours, theirs]) mkdirSync(top)
  const repository = await openTestRepository(ours)
  git(theirs, ['init', '-q', '-b', 'main'])
  const edit = (count: number, step: number): void => {
    for (const top of [ours, theirs]) {
      const random = createSeededRandom(seed * 10 + step)
      for (let edits = count; edits > 0; edits--) editRandomly(top, random)
      removeEmptyFolders(top)
    }
  }
  const stage = async (): Promise<void> => {
    git(theirs, ['add', '-A'])
    await add(repository)
  }
  edit(15, 1)
  await stage()
  git(theirs, ['commit', '-q', '-m', 'c'])
  await commitHere(repository)
  edit(3, 2)
  await stage()
  edit(4, 3)
  return { ours, theirs, repository }
}

interface Side {
  files: FolderContent
  index: string[]
}

async function readSide({ ours, theirs, repository }: Pair): Promise<{ ours: Side; theirs: Side }> {
  const index = await openIndex(repository)
  const lines = git(theirs, ['ls-files', '--stage', '-z']).toString().split('\0').slice(0, -1)
  return {
    ours: {
      files: withoutEmpty(folderContent(ours)),
      index: Array.from(index.entries(), ({ kind, path }) => `${MODES[kind]} ${path}`).toSorted(),
    },
    theirs: {
      files: folderContent(theirs),
      index: lines.map((line) => line.replace(/ [0-9a-f]+ 0\t/, ' ')).toSorted(),
    },
  }
}

const MODES = { file: '100644', executable: '100755', symlink: '120000', directory: '040000' }
