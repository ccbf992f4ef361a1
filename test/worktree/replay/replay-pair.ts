import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { expect } from 'vitest'

import { decodeCommit } from '../../../src/model/commit/commit.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { continueReplay, skipReplay } from '../../../src/worktree/replay/continue-replay.ts'
import { pickCommits } from '../../../src/worktree/replay/pick.ts'
import { rebaseBranch } from '../../../src/worktree/replay/rebase.ts'
import type { ReplayReport } from '../../../src/worktree/replay/run-replay.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { folderContent, removeEmptyFolders } from '../support/folder-content.ts'
import { git } from '../support/git.ts'
import { add, commitHere, openTestRepository, PERSON } from '../support/repository.ts'
import { createSeededRandom, type SeededRandom } from '../support/seeded-random.ts'

export type ReplayKind = 'cherry-pick' | 'revert' | 'rebase'

/** What the comparisons met: each should have been seen. */
export interface ReplayTally {
  histories: number
  /** Commits at which it waited. */
  stops: number
  settled: number
  skipped: number
}

const RUN = { command: 'test', author: PERSON, committer: PERSON }
const PICK = { ...RUN, mainline: undefined, noCommit: false, recordsOrigin: false, favour: undefined }

/**
 * A random history with two branches, once for us and once for git: replayed by both, with conflicts settled or left out in the
 * same way, they have the same conflicts, commits and files at every stop and in the end. Lines are distinct.
 */
export async function compareReplay(kind: ReplayKind, seed: number, tally: ReplayTally): Promise<void> {
  const folder = temporaryFolder()
  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')]
  for (const top of [ours, theirs]) mkdirSync(top)
  const repository = await openTestRepository(ours)
  git(theirs, ['init', '-q', '-b', 'main'])
  const random = createSeededRandom(seed)
  const pair: Pair = { ours, theirs, repository, random }
  await makeHistory(pair)
  const where = `${kind}, seed ${seed}`
  let report = await begin(pair, kind)
  tally.histories++
  for (let stops = 0; report.stop !== undefined; stops++) {
    expect(stops, `at ${where}`).toBeLessThan(20)
    tally.stops++
    await compareSides(pair, `${where}, stop ${stops}`)
    report = await goOn(pair, kind, tally)
  }
  await compareSides(pair, `${where}, the end`)
  expect(existsSync(join(theirs, '.git', 'rebase-merge')), `${where}: git is at its end, too`).toBe(false)
  await repository.close()
}

interface Pair {
  ours: string
  theirs: string
  repository: Repository
  random: SeededRandom
}

async function makeHistory(pair: Pair): Promise<void> {
  const { repository, theirs, random } = pair
  const files = new Map<string, string[]>()
  let line = 0
  for (const path of ['a', 'b', 'd/c', 'd/e'])
    files.set(
      path,
      Array.from({ length: 12 }, () => `line ${line++}`),
    )
  await commit(pair, files, 'base')
  const base = new Map([...files].map(([path, lines]) => [path, [...lines]]))
  const grow = async (branch: string, count: number, from: Map<string, string[]>): Promise<void> => {
    for (let at = 0; at < count; at++) {
      edit(from, random, () => `line ${line++}`)
      await commit(pair, from, `${branch} ${at}`)
    }
  }
  await go(pair, 'topic', true)
  await grow('topic', 3 + random.below(3), new Map([...base].map(([path, lines]) => [path, [...lines]])))
  await go(pair, 'main')
  if (random.chance(0.4)) {
    // A commit that both have.
    await pickCommits(repository, 'cherry-pick', ['topic~2'], { ...PICK, empty: 'stop', redundant: 'stop' })
    git(theirs, ['cherry-pick', 'topic~2'])
    for (const path of files.keys()) {
      const file = join(pair.ours, path)
      if (existsSync(file)) files.set(path, readFileSync(file, 'utf8').split('\n').slice(0, -1))
      else files.delete(path)
    }
  }
  await grow('main', 1 + random.below(3), files)
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
  { ours, theirs, repository }: Pair,
  files: Map<string, string[]>,
  message: string,
): Promise<void> {
  for (const top of [ours, theirs]) {
    for (const path of Object.keys(folderContent(top)))
      if (!files.has(path)) rmSync(join(top, path), { recursive: true })
    for (const [path, lines] of files) {
      mkdirSync(join(top, dirname(path)), { recursive: true })
      writeFileSync(join(top, path), lines.map((line) => `${line}\n`).join(''))
    }
    removeEmptyFolders(top)
  }
  await add(repository)
  await commitHere(repository, message)
  git(theirs, ['add', '-A'])
  git(theirs, ['commit', '-q', '--allow-empty', '-m', message])
}

async function go({ repository, theirs }: Pair, branch: string, isNew = false): Promise<void> {
  await switchTo(repository, isNew ? { create: branch } : { branch }, { command: 'switch', person: PERSON })
  git(theirs, ['switch', '-q', ...(isNew ? ['-c'] : []), branch])
}

async function begin(pair: Pair, kind: ReplayKind): Promise<ReplayReport> {
  const { repository, theirs } = pair
  if (kind === 'rebase') {
    await go(pair, 'topic')
    git(theirs, ['rebase', '-q', 'main'])
    return rebaseBranch(repository, { ...RUN, favour: undefined, upstream: 'main' })
  }
  const range = kind === 'revert' ? 'HEAD~2..HEAD' : 'main..topic'
  git(theirs, kind === 'revert' ? ['revert', '--no-edit', range] : ['cherry-pick', range])
  return pickCommits(repository, kind, [range], { ...PICK, empty: 'stop', redundant: 'stop' })
}

async function goOn(
  { ours, theirs, repository, random }: Pair,
  kind: ReplayKind,
  tally: ReplayTally,
): Promise<ReplayReport> {
  const paths = unmergedOfGit(theirs)
  if (paths.length === 0 || random.chance(0.4)) {
    tally.skipped++
    git(theirs, [kind, '--skip'])
    return skipReplay(repository, kind, RUN)
  }
  tally.settled++
  for (const top of [ours, theirs])
    for (const path of paths) {
      mkdirSync(join(top, dirname(path)), { recursive: true })
      writeFileSync(join(top, path), `settled ${tally.settled}\n`)
    }
  await add(repository)
  git(theirs, ['add', '-A'])
  git(theirs, ['-c', 'core.editor=true', kind, '--continue'])
  return continueReplay(repository, kind, RUN)
}

async function compareSides({ ours, theirs, repository }: Pair, where: string): Promise<void> {
  expect(withoutLabels(ours), `${where}: the files`).toEqual(withoutLabels(theirs))
  const index = await openIndex(repository)
  const unmerged = Array.from(index.entries()).filter(({ stage }) => stage !== 0)
  const stages = unmerged.map(({ path, stage }) => `${stage} ${path}`)
  const lines = git(theirs, ['ls-files', '-u']).toString().split('\n').slice(0, -1)
  expect(stages, `${where}: the conflicts`).toEqual(lines.map((line) => line.replace(/^\d+ \w+ (\d)\t/, '$1 ')))
  const log = git(theirs, ['log', '--format=%s', 'HEAD']).toString().split('\n').slice(0, -1)
  expect(await subjects(repository), `${where}: the commits`).toEqual(log)
}

function unmergedOfGit(top: string): string[] {
  return [...new Set(git(top, ['diff', '--name-only', '--diff-filter=U']).toString().split('\n').slice(0, -1))]
}

function withoutLabels(top: string): Record<string, string> {
  const content = Object.entries(folderContent(top)).filter(([, what]) => what !== 'empty folder')
  return Object.fromEntries(content.map(([path, what]) => [path, what.replaceAll(/^([<>]{7}) .*$/gm, '$1')]))
}

async function subjects({ refs, store }: Repository): Promise<string[]> {
  const found: string[] = []
  for (let cid = await refs.headCommit(); cid !== undefined;) {
    const { message, parents }: { message: string; parents: CID[] } = decodeCommit(cid, await store.get(cid))
    found.push(message.split('\n', 1)[0] as string)
    cid = parents[0]
  }
  return found
}
