import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { onTestFinished } from 'vitest'

import { decodeCommit } from '../../../src/model/commit/commit.ts'
import { listOperations } from '../../../src/repo/operation/operation.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { commitIndex } from '../../../src/worktree/commit.ts'
import { pickCommits, type PickOptions } from '../../../src/worktree/replay/pick.ts'
import { rebaseBranch, type RebaseOptions } from '../../../src/worktree/replay/rebase.ts'
import { readStatus } from '../../../src/worktree/status/status.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { add, openTestRepository, PERSON } from '../support/repository.ts'

export const BOB = { name: 'Bob', email: 'bob@example.org', date: '2026-02-03T04:05:06+00:00' }
export const run = { command: 'jzfs test', author: PERSON, committer: PERSON }
const PICK: PickOptions = {
  ...run,
  mainline: undefined,
  noCommit: false,
  recordsOrigin: false,
  empty: 'stop',
  redundant: 'stop',
  favour: undefined,
}

/** A repository of one test, and what is done with it. */
export type ReplayScene = Awaited<ReturnType<typeof openReplayScene>>

/** Makes an empty repository; it is closed when the test ends. */
export async function openReplayScene() {
  const top = temporaryFolder()
  const repository: Repository = await openTestRepository(top)
  onTestFinished(() => repository.close())
  const write = (path: string, content: string): void => {
    mkdirSync(join(top, path, '..'), { recursive: true })
    writeFileSync(join(top, path), content)
  }
  const commit = async (message: string, files: Record<string, string>): Promise<CID> => {
    for (const [path, content] of Object.entries(files)) write(path, content)
    await add(repository)
    const { cid } = await commitIndex(repository, { ...run, author: BOB, message, allowEmpty: true })
    return cid
  }
  const go = (branch: string, create = false) =>
    switchTo(repository, create ? { create: branch } : { branch }, { command: 'switch', person: PERSON })
  const pick = (revisions: string[], options: Partial<PickOptions> = {}) =>
    pickCommits(repository, 'cherry-pick', revisions, { ...PICK, ...options })
  const revert = (revisions: string[], options: Partial<PickOptions> = {}) =>
    pickCommits(repository, 'revert', revisions, { ...PICK, ...options })
  const rebase = (upstream: string | undefined, options: Partial<RebaseOptions> = {}) =>
    rebaseBranch(repository, { ...run, favour: undefined, upstream, ...options })
  const subjects = async (): Promise<string[]> => {
    const found: string[] = []
    let cid = await repository.refs.headCommit()
    while (cid !== undefined) {
      const { message, parents }: { message: string; parents: CID[] } = await read(cid)
      found.push(message.trimEnd())
      cid = parents[0]
    }
    return found
  }
  const read = async (cid: CID) => decodeCommit(cid, await repository.store.get(cid))
  const isClean = async (): Promise<boolean> => {
    const { staged, unstaged, untracked, conflicts } = await readStatus(repository)
    return staged.length + unstaged.length + untracked.length + conflicts.length === 0
  }
  const operations = async (): Promise<number> => (await Array.fromAsync(listOperations(repository))).length

  /** main: base, ours; topic: base, one (adds b), two (changes a: conflicts with ours), three (adds c). */
  const makeBranches = async (): Promise<void> => {
    await commit('base', { a: 'base\n' })
    await go('topic', true)
    await commit('one', { b: 'b\n' })
    await commit('two', { a: 'theirs\n' })
    await commit('three', { c: 'c\n' })
    await go('main')
    await commit('ours', { a: 'ours\n', d: 'd\n' })
  }

  return { top, repository, write, commit, go, pick, revert, rebase, subjects, read, isClean, operations, makeBranches }
}
