import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { Repository } from '../../../src/repo/repository.ts'
import { commitIndex } from '../../../src/worktree/commit.ts'
import { openIndex } from '../../../src/worktree/index/open-index.ts'
import { type Merged, mergeRevision, type MergeRevisionOptions } from '../../../src/worktree/merge/merge.ts'
import { parsePathspecs } from '../../../src/worktree/pathspec/pathspec.ts'
import { removePaths } from '../../../src/worktree/remove.ts'
import { restorePaths, type RestoreOptions } from '../../../src/worktree/restore.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { add, commitHere, openTestRepository, PERSON } from './repository.ts'

/** The command line and who runs it. */
export const options = { command: 'test', person: PERSON }

/** What is written at paths; null: removed. */
type Files = Record<string, string | null>

/** Writes files below a folder. */
export function write(top: string, files: Files): void {
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
export async function parted(
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

/** Writes files, and commits all. */
export async function record(repository: Repository, top: string, files: Files, message: string): Promise<void> {
  write(top, files)
  await add(repository)
  await commitHere(repository, message)
}

/** Merges `side`. */
export function merge(
  repository: Repository,
  more: Partial<MergeRevisionOptions> = {},
  revision = 'side',
): Promise<Merged> {
  return mergeRevision(repository, revision, { command: 'merge', author: PERSON, committer: PERSON, ...more })
}

/** Commits what is staged. */
export async function conclude(repository: Repository) {
  return commitIndex(repository, { command: 'commit', message: 'm', author: PERSON, committer: PERSON })
}

/** Restores paths. */
export function restore(repository: Repository, paths: string[], more: Partial<RestoreOptions>) {
  const worktree = repository.worktree as string
  const specs = parsePathspecs(paths, { worktree, cwd: worktree })
  return restorePaths(repository, specs, { ...options, staged: false, worktree: true, ...more })
}

/** Removes paths. */
export function remove(repository: Repository, paths: string[]) {
  const worktree = repository.worktree as string
  return removePaths(repository, parsePathspecs(paths, { worktree, cwd: worktree }), options)
}

/** The entries of the index: path and stage. */
export async function stages(repository: Repository): Promise<string[]> {
  const index = await openIndex(repository)
  return Array.from(index.entries(), ({ path, stage }) => `${path} ${stage}`)
}

/** Whether nothing differs from HEAD, and nothing is untracked. */
export async function isClean(repository: Repository): Promise<boolean> {
  const { staged, unstaged, untracked, conflicts, artefacts } = await readStatus(repository)
  return [staged, unstaged, untracked, conflicts, artefacts].every((list) => list.length === 0)
}

const CONFLICTS = {
  base: { text: 'a\nb\nc\n', bin: 'x\0base', gone: 'there\n', same: 'same\n', 'dir/one': '1\n' },
  ours: { text: 'a\nours\nc\n', bin: 'x\0ours', gone: null, 'ours-only': 'o\n' },
  theirs: { text: 'a\ntheirs\nc\n', bin: 'x\0theirs', gone: 'changed\n', 'dir/two': '2\n' },
}

/** Branches that are in conflict in a text, in bytes, and at a path that one has deleted. */
export function inConflict() {
  return parted(CONFLICTS.base, CONFLICTS.ours, CONFLICTS.theirs)
}
