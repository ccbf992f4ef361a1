import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { renderShortStatus } from '../../../../src/cli/status-text.ts'
import { JzfsError } from '../../../../src/model/errors.ts'
import { runOperation } from '../../../../src/repo/operation/operation.ts'
import type { Repository } from '../../../../src/repo/repository.ts'
import { addPaths } from '../../../../src/worktree/add/add.ts'
import { commitIndex } from '../../../../src/worktree/commit.ts'
import { openIndex } from '../../../../src/worktree/index/open-index.ts'
import { abortMerge } from '../../../../src/worktree/merge/end-merge.ts'
import { type Merged, mergeRevision } from '../../../../src/worktree/merge/merge.ts'
import { parsePathspecs } from '../../../../src/worktree/pathspec/pathspec.ts'
import { removePaths } from '../../../../src/worktree/remove.ts'
import { restorePaths } from '../../../../src/worktree/restore.ts'
import { readStatus } from '../../../../src/worktree/status/status.ts'
import { switchTo } from '../../../../src/worktree/switch/switch.ts'
import { type PlannedCommit, pairCommits } from '../../../repo/merge/support/paired-commits.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { folderContent, type FolderContent, withoutEmpty } from '../../support/folder-content.ts'
import { openTestRepository, PERSON } from '../../support/repository.ts'

/** What a merge leaves in a working tree. Empty folders are left out: git does not know them. */
export interface Side {
  outcome: 'merged' | 'conflicts' | 'refused'
  /** `status --porcelain -uall --no-renames`. */
  status: string[]
  /** `mode stage path` of each entry of the index. */
  index: string[]
  files: FolderContent
}

export type SettleWay = 'ours' | 'theirs' | 'add' | 'rm'

/** What is there once a merge was settled. */
export type Settled = Omit<Side, 'outcome'> & { parents: number }

/** Two working trees with the same history: of git and of ours. Commits are named by their positions. */
export interface PairedWorktrees extends AsyncDisposable {
  /** Goes to a commit; nothing of what was before is left. */
  checkOut(position: number): Promise<void>
  /** Does the same to both: changes a file, adds one to its end, makes or removes it. */
  edit(path: string, content: string | undefined): void
  /** What is in both before anything is merged. */
  files(): FolderContent
  /** `isUnclear`: a directory was renamed no one knows where, of which git's index says nothing. */
  mergeByGit(position: number): Side & { isUnclear: boolean }
  merge(position: number): Promise<Side & { artefacts: string[]; conflicts: string[] }>
  /** Settles a path in conflict: by a side, by what the file is, or by its removal. */
  settle(path: string, way: SettleWay): Promise<void>
  /** Commits both merges, and returns what is there now, and how many parents the commits have. */
  commit(): Promise<{ git: Settled; ours: Settled }>
  /** Gives both merges up, and returns the files of each: undefined where git could not. */
  abort(): Promise<{ git: FolderContent | undefined; ours: FolderContent }>
}

/** Makes both. */
export async function pairWorktrees(planned: readonly PlannedCommit[]): Promise<PairedWorktrees> {
  const { blocks, commits, repository: bare } = pairCommits(planned)
  const tops = { git: temporaryFolder(), ours: temporaryFolder() }
  const repository = await openTestRepository(tops.ours)
  const pack = await repository.store.createPack()
  for (const block of blocks.all()) pack.add(block)
  await pack.finish()
  {
    using lock = await repository.lock('test')
    const refs = commits.map((after, at) => ({ name: `refs/heads/c${at}`, before: undefined, after, message: 'test' }))
    await runOperation(repository, lock, { command: 'test', person: PERSON, refs })
  }
  const git = gitIn(bare, tops.git)
  return {
    async checkOut(position) {
      git(['checkout', '-q', '-f', `c${position}`])
      git(['clean', '-q', '-ffdx'])
      const options = { command: 'test', person: PERSON, discardChanges: true, endSequence: true }
      await switchTo(repository, { branch: `c${position}` }, options)
      for (const path of (await readStatus(repository)).untracked) rmSync(join(tops.ours, path), { recursive: true })
    },
    edit(path, content) {
      for (const top of Object.values(tops)) editAt(join(top, path), content)
    },
    files: () => withoutEmpty(folderContent(tops.ours)),
    mergeByGit(position) {
      const { status, stdout } = git(['merge', '-m', 'merged', `c${position}`])
      const outcome = status === 0 ? 'merged' : /^CONFLICT/m.test(stdout) ? 'conflicts' : 'refused'
      return {
        outcome,
        ...sideOfGit(git, tops.git),
        isUnclear: /^CONFLICT \((directory rename split|implicit dir rename)\)/m.test(stdout),
      }
    },
    async merge(position) {
      const merged = await mergeOurs(repository, `c${position}`)
      return { ...(await sideOf(repository, merged)), files: withoutEmpty(folderContent(tops.ours)) }
    },
    async settle(path, way) {
      if (way === 'ours' || way === 'theirs') git(['checkout', '-q', `--${way}`, '--', path])
      git(way === 'rm' ? ['rm', '-q', '-f', '--', path] : ['add', '--', path])
      await settleOurs(repository, tops.ours, path, way)
    },
    async commit() {
      git(['commit', '-q', '-m', 'settled'])
      const parents = git(['rev-list', '--parents', '-n', '1', 'HEAD']).stdout.trim().split(' ').length - 1
      const by = { command: 'commit', author: PERSON, committer: PERSON, message: 'settled' }
      const { commit } = await commitIndex(repository, by)
      const { index, status } = await sideOf(repository, undefined)
      const ours = { index, status, files: withoutEmpty(folderContent(tops.ours)), parents: commit.parents.length }
      return { git: { ...sideOfGit(git, tops.git), parents }, ours }
    },
    async abort() {
      const { status } = git(['merge', '--abort'])
      await abortMerge(repository, { command: 'abort', person: PERSON })
      const files = { git: withoutEmpty(folderContent(tops.git)), ours: withoutEmpty(folderContent(tops.ours)) }
      return status === 0 ? files : { ...files, git: undefined }
    },
    [Symbol.asyncDispose]: () => repository.close(),
  }
}

function sideOfGit(git: Git, top: string): Omit<Side, 'outcome'> {
  const lines = git(['status', '--porcelain', '-z', '-uall', '--no-renames']).stdout.split('\0').slice(0, -1)
  const index = git(['ls-files', '-s', '-z']).stdout.split('\0').slice(0, -1)
  return {
    status: lines.toSorted(),
    index: index.map((line) => line.replace(/^(\d+) \w+ (\d)\t/, '$1 $2 ')).toSorted(),
    files: withoutEmpty(folderContent(top)),
  }
}

async function settleOurs(repository: Repository, top: string, path: string, way: SettleWay): Promise<void> {
  const specs = parsePathspecs([`:(literal)${path}`], { worktree: top, cwd: top })
  const options = { command: 'settle', person: PERSON }
  if (way === 'ours' || way === 'theirs') {
    await restorePaths(repository, specs, { ...options, staged: false, worktree: true, conflict: way, force: true })
  }
  if (way === 'rm') await removePaths(repository, specs, { ...options, force: true })
  else await addPaths(repository, specs, options)
}

/** Undefined where it was refused. */
async function mergeOurs(repository: Repository, revision: string): Promise<Merged | undefined> {
  try {
    const options = { command: 'merge', author: PERSON, committer: PERSON, message: 'merged' }
    return await mergeRevision(repository, revision, options)
  } catch (error) {
    if (error instanceof JzfsError && ['would-overwrite', 'staged-changes'].includes(error.code)) return undefined
    throw error
  }
}

async function sideOf(repository: Repository, merged: Merged | undefined) {
  const status = await readStatus(repository, { untracked: 'all', renames: false })
  const index = await openIndex(repository)
  const modes = { file: '100644', executable: '100755', symlink: '120000', directory: '040000' }
  return {
    outcome: merged === undefined ? 'refused' : merged.conflicts.length > 0 ? 'conflicts' : 'merged',
    // What is untracked and ends with a slash is an empty folder.
    status: renderShortStatus(status, (path) => path)
      .filter((line) => !/^\?\? .*\/$/s.test(line))
      .toSorted(),
    index: Array.from(index.entries(), ({ kind, stage, path }) => `${modes[kind]} ${stage} ${path}`)
      .filter((line) => !line.startsWith('040000'))
      .toSorted(),
    artefacts: status.artefacts,
    conflicts: status.conflicts.map(({ path }) => path),
  } as const
}

type Git = (args: readonly string[]) => { status: number | null; stdout: string }

function gitIn(repository: string, worktree: string): Git {
  const env = {
    PATH: process.env['PATH'],
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_DIR: repository,
    GIT_WORK_TREE: worktree,
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@x',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@x',
    LC_ALL: 'C',
  }
  return (args) => spawnSync('git', args, { cwd: worktree, env, encoding: 'utf8', maxBuffer: 1 << 28 })
}

function editAt(path: string, content: string | undefined): void {
  if (content === undefined) return rmSync(path, { force: true })
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
  if (isLink) rmSync(path)
  const isExecutable = existsSync(path) && (lstatSync(path).mode & 0o100) !== 0
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  if (isExecutable) chmodSync(path, 0o755)
}
