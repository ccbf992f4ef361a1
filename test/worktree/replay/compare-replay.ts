import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { expect } from 'vitest'

import { decodeCommit } from '../../../src/model/commit/commit.ts'
import { diffTrees, type NodeEntry } from '../../../src/model/tree/tree-diff.ts'
import { readFile } from '../../../src/model/unixfs/file-content.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { continueReplay, skipReplay } from '../../../src/worktree/replay/continue-replay.ts'
import { pickCommits } from '../../../src/worktree/replay/pick.ts'
import { rebaseBranch } from '../../../src/worktree/replay/rebase.ts'
import type { ReplayReport } from '../../../src/worktree/replay/run-replay.ts'
import { folderContent } from '../support/folder-content.ts'
import { git } from '../support/git.ts'
import { add, PERSON } from '../support/repository.ts'
import { checkOut, makeReplayPair, PICK, type ReplayPair, RUN } from './replay-pair.ts'

/** The ways to replay that are compared with git's. */
export const REPLAYS = ['cherry-pick', 'cherry-pick -x', 'revert', 'rebase', 'rebase --onto'] as const

type Replay = (typeof REPLAYS)[number]
type Kind = ReplayReport['kind']

/** What the comparisons met: each should have been seen. */
export interface ReplayTally {
  histories: number
  /** Commits at which it waited. */
  stops: number
  settled: number
  skipped: number
  commits: number
}

/**
 * A random history, replayed by us and by git, with conflicts settled or left out in the same way: at every stop and in the end
 * they have the same conflicts, files, and commits, with their messages, authors, dates and what each changes.
 */
export async function compareReplay(replay: Replay, seed: number, tally: ReplayTally): Promise<void> {
  const pair = await makeReplayPair(seed)
  const where = `${replay}, seed ${seed}`
  let report = await begin(pair, replay)
  const { kind } = report
  tally.histories++
  for (let stops = 0; report.stop !== undefined; stops++) {
    expect(stops, `${where}: stops`).toBeLessThan(20)
    tally.stops++
    await compareSides(pair, `${where}, stop ${stops}`)
    report = await goOn(pair, kind, tally)
  }
  await compareSides(pair, `${where}, the end`)
  tally.commits += await compareCommits(pair, where)
  expect(existsSync(join(pair.theirs, '.git', 'rebase-merge')), `${where}: git is at its end, too`).toBe(false)
  const branch = git(pair.theirs, ['symbolic-ref', 'HEAD']).toString().trim()
  expect(await pair.repository.refs.head(), `${where}: HEAD`).toEqual({ branch })
  await pair.repository.close()
}

/** Reverts are by who makes them. */
const AS_PERSON = { GIT_AUTHOR_NAME: PERSON.name, GIT_AUTHOR_EMAIL: PERSON.email, GIT_AUTHOR_DATE: PERSON.date }

async function begin(pair: ReplayPair, replay: Replay): Promise<ReplayReport> {
  const { repository, theirs } = pair
  if (replay === 'rebase --onto') {
    git(theirs, ['rebase', '-q', '--onto', 'main', 'topic~2', 'topic'])
    return rebaseBranch(repository, { ...RUN, favour: undefined, upstream: 'topic~2', onto: 'main', branch: 'topic' })
  }
  if (replay === 'rebase') {
    await checkOut(pair, 'topic')
    git(theirs, ['rebase', '-q', 'main'])
    return rebaseBranch(repository, { ...RUN, favour: undefined, upstream: 'main' })
  }
  // No merges: they would need -m.
  const commits = git(theirs, ['rev-list', '--first-parent', '--no-merges', 'main..topic'])
    .toString()
    .trim()
    .split('\n')
  const names = commits.map((name) => git(theirs, ['name-rev', '--name-only', '--refs=topic', name]).toString().trim())
  const revisions = names.toReversed()
  if (replay === 'revert') {
    await checkOut(pair, 'topic')
    git(theirs, ['revert', '--no-edit', ...revisions], undefined, AS_PERSON)
    return pickCommits(repository, 'revert', revisions, PICK)
  }
  const recordsOrigin = replay === 'cherry-pick -x'
  git(theirs, ['cherry-pick', ...(recordsOrigin ? ['-x'] : []), ...revisions])
  return pickCommits(repository, 'cherry-pick', revisions, { ...PICK, recordsOrigin })
}

async function goOn({ ours, theirs, repository, random }: ReplayPair, kind: Kind, tally: ReplayTally) {
  const paths = unmergedOfGit(theirs)
  if (paths.length === 0 || random.chance(0.4)) {
    tally.skipped++
    git(theirs, [kind, '--skip'], undefined, AS_PERSON)
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
  git(theirs, ['-c', 'core.editor=true', kind, '--continue'], undefined, AS_PERSON)
  return continueReplay(repository, kind, RUN)
}

async function compareSides({ ours, theirs, repository }: ReplayPair, where: string): Promise<void> {
  expect(withoutLabels(ours), `${where}: the files`).toEqual(withoutLabels(theirs))
  const index = await openIndex(repository)
  const unmerged = Array.from(index.entries()).filter(({ stage }) => stage !== 0)
  const stages = unmerged.map(({ path, stage }) => `${stage} ${path}`)
  const lines = git(theirs, ['ls-files', '-u']).toString().split('\n').slice(0, -1)
  expect(stages, `${where}: the conflicts`).toEqual(lines.map((line) => line.replace(/^\d+ \w+ (\d)\t/, '$1 ')))
}

function unmergedOfGit(top: string): string[] {
  return [...new Set(git(top, ['diff', '--name-only', '--diff-filter=U']).toString().split('\n').slice(0, -1))]
}

function withoutLabels(top: string): Record<string, string> {
  const content = Object.entries(folderContent(top)).filter(([, what]) => what !== 'empty folder')
  return Object.fromEntries(content.map(([path, what]) => [path, what.replaceAll(/^([<>]{7}) .*$/gm, '$1')]))
}

/** A commit in the words of both sides: who, when, the message, and each path with the blobs before and after. */
interface SeenCommit {
  author: string
  message: string
  changes: string[]
}

async function compareCommits({ theirs, repository }: ReplayPair, where: string): Promise<number> {
  const [mine, other] = [await ourCommits(repository), theirCommits(theirs)]
  expect(mine, `${where}: the commits`).toEqual(other)
  return mine.length
}

function theirCommits(top: string): SeenCommit[] {
  const format = '--format=%x01%an %aI%x02%B%x02'
  const log = git(top, ['log', '--first-parent', '--root', '-m', '--raw', '--no-abbrev', '--no-renames', format])
  return log
    .toString()
    .split('\u0001')
    .slice(1)
    .map((text) => {
      const [author = '', message = '', raw = ''] = text.split('\u0002')
      const changes = [...raw.matchAll(/^:\d+ \d+ (\w+) (\w+) \w\t(.*)$/gm)]
      return {
        author: author.replace('Z', '+00:00'),
        message: withoutNames(message),
        changes: changes.map(([, before, after, path]) => `${path} ${before} ${after}`).toSorted(),
      }
    })
}

async function ourCommits({ refs, store }: Repository): Promise<SeenCommit[]> {
  const found: SeenCommit[] = []
  for (let cid = await refs.headCommit(); cid !== undefined;) {
    const commit = decodeCommit(cid, await store.get(cid))
    const parent: CID | undefined = commit.parents[0]
    const before = parent && decodeCommit(parent, await store.get(parent)).tree
    const changes: string[] = []
    for await (const change of diffTrees(store, before, commit.tree)) {
      if ((change.before ?? change.after)?.node.kind === 'directory') continue
      changes.push(`${change.path} ${await blobOf(store, change.before)} ${await blobOf(store, change.after)}`)
    }
    const { name, date } = commit.author
    found.push({ author: `${name} ${date}`, message: withoutNames(commit.message), changes: changes.toSorted() })
    cid = parent
  }
  return found
}

/** What git calls the content of a file. */
async function blobOf(store: Repository['store'], entry: NodeEntry | undefined): Promise<string> {
  if (entry === undefined) return '0'.repeat(40)
  const bytes = Buffer.concat(await Array.fromAsync(readFile(store, entry.cid)))
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}

/** Commits have different names on both sides. */
function withoutNames(message: string): string {
  return message.trim().replaceAll(/\b(?:[0-9a-f]{40}|bagu[a-z2-7]{50,})\b/g, 'COMMIT')
}
