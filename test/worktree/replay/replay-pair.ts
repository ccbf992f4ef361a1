import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { Repository } from '../../../src/repo/repository.ts'
import { commitIndex } from '../../../src/worktree/commit.ts'
import { abortMerge } from '../../../src/worktree/merge/end-merge.ts'
import { mergeRevision } from '../../../src/worktree/merge/merge.ts'
import { abortReplay } from '../../../src/worktree/replay/end-replay.ts'
import { pickCommits } from '../../../src/worktree/replay/pick.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { folderContent, removeEmptyFolders } from '../support/folder-content.ts'
import { git } from '../support/git.ts'
import { add, openTestRepository, PERSON } from '../support/repository.ts'
import { createSeededRandom, type SeededRandom } from '../support/seeded-random.ts'

export const RUN = { command: 'test', author: PERSON, committer: PERSON }
export const PICK = {
  ...RUN,
  mainline: undefined,
  noCommit: false,
  recordsOrigin: false,
  empty: 'stop',
  redundant: 'stop',
  favour: undefined,
} as const

/** One history, once for us and once for git. */
export interface ReplayPair {
  ours: string
  theirs: string
  repository: Repository
  random: SeededRandom
}

/**
 * A random history in which main and topic part after the first commit: three to five commits on topic, perhaps with a merge
 * among them, and one to three on main, perhaps with one that topic has, too. No line is there twice.
 */
export async function makeReplayPair(seed: number): Promise<ReplayPair> {
  const folder = temporaryFolder()
  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')]
  for (const top of [ours, theirs]) mkdirSync(top)
  const repository = await openTestRepository(ours)
  git(theirs, ['init', '-q', '-b', 'main'])
  const pair = { ours, theirs, repository, random: createSeededRandom(seed) }
  await makeHistory(pair)
  return pair
}

async function makeHistory(pair: ReplayPair): Promise<void> {
  const { repository, theirs, random } = pair
  let line = 0
  let commits = 0
  const newLine = (): string => `line ${line++}`
  const grow = async (branch: string, count: number): Promise<void> => {
    for (let at = 0; at < count; at++) {
      const files = readFiles(pair)
      edit(files, random, newLine)
      await commit(pair, files, { message: `${branch} ${at}\n\nThe text of ${branch}.\n`, number: commits++ })
    }
  }
  const base = ['a', 'b', 'd/c', 'd/e'].map((path) => [path, Array.from({ length: 12 }, newLine)] as const)
  await commit(pair, new Map(base), { message: 'base', number: commits++ })
  await checkOut(pair, 'topic', true)
  await grow('topic', 3)
  if (random.chance(0.4)) {
    await checkOut(pair, 'side', true)
    await grow('side', 1)
    await checkOut(pair, 'topic')
    await grow('beside', 1)
    await mergeSide(pair, commits++)
  } else await grow('topic again', random.below(3))
  await checkOut(pair, 'main')
  if (random.chance(0.4)) {
    const { stop } = await pickCommits(repository, 'cherry-pick', ['topic~2'], PICK)
    git(theirs, ['cherry-pick', 'topic~2'])
    if (stop !== undefined) {
      await abortReplay(repository, 'cherry-pick', RUN)
      git(theirs, ['cherry-pick', '--abort'])
    }
  }
  await grow('main', 1 + random.below(3))
}

function readFiles({ ours }: ReplayPair): Map<string, string[]> {
  const content = Object.entries(folderContent(ours)).filter(([, what]) => what !== 'empty folder')
  return new Map(content.map(([path, what]) => [path, what.slice(4).split('\n').slice(0, -1)]))
}

/** Changes, adds, or removes a few things. */
function edit(files: Map<string, string[]>, random: SeededRandom, newLine: () => string): void {
  for (let edits = 1 + random.below(2); edits > 0; edits--) {
    const paths = [...files.keys()]
    const act = random.below(10)
    if (act === 0 && paths.length > 2) files.delete(random.pick(paths))
    else if (act === 1) files.set(`new/${random.below(3)}`, [newLine(), newLine()])
    else {
      const lines = files.get(random.pick(paths)) as string[]
      lines.splice(random.below(lines.length), random.below(2), newLine())
    }
  }
}

async function commit(
  { ours, theirs, repository }: ReplayPair,
  files: ReadonlyMap<string, string[]>,
  { message, number }: { message: string; number: number },
): Promise<void> {
  for (const top of [ours, theirs]) {
    for (const path of Object.keys(folderContent(top)))
      if (!files.has(path) && existsSync(join(top, path))) rmSync(join(top, path), { recursive: true })
    for (const [path, lines] of files) {
      mkdirSync(join(top, dirname(path)), { recursive: true })
      writeFileSync(join(top, path), lines.map((line) => `${line}\n`).join(''))
    }
    removeEmptyFolders(top)
  }
  const author = personOf(number)
  await add(repository)
  await commitIndex(repository, { command: 'commit', message, author, committer: author, allowEmpty: true })
  git(theirs, ['add', '-A'])
  git(theirs, ['commit', '-q', '--allow-empty', '-m', message], undefined, environmentOf(number))
}

/** Where the merge has conflicts, it is given up. */
async function mergeSide({ theirs, repository }: ReplayPair, number: number): Promise<void> {
  const author = personOf(number)
  const by = { command: 'merge', author, committer: author, message: 'merged' }
  const { outcome } = await mergeRevision(repository, 'side', by)
  git(theirs, ['merge', '-q', '-m', 'merged', 'side'], undefined, environmentOf(number))
  if (outcome !== 'conflicts') return
  await abortMerge(repository, { command: 'merge --abort', person: author })
  git(theirs, ['merge', '--abort'])
}

/** Both sides are to have the same authors and dates: some orders go by them. */
function personOf(number: number): typeof PERSON {
  const time = String(number).padStart(2, '0')
  return { name: `Author ${number}`, email: 'author@example.org', date: `2026-01-02T03:${time}:05+00:00` }
}

function environmentOf(number: number): Record<string, string> {
  const { name, email, date } = personOf(number)
  return { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
}

/** Switches both. */
export async function checkOut({ repository, theirs }: ReplayPair, branch: string, isNew = false): Promise<void> {
  await switchTo(repository, isNew ? { create: branch } : { branch }, { command: 'switch', person: PERSON })
  git(theirs, ['switch', '-q', ...(isNew ? ['-c'] : []), branch])
}
