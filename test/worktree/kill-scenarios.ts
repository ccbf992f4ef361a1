import { chmodSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { Repository } from '../../src/repo/repository.ts'
import { mergeRevision } from '../../src/worktree/merge/merge.ts'
import { rebaseBranch } from '../../src/worktree/replay/rebase.ts'
import { pushStash } from '../../src/worktree/stash/push-stash.ts'
import { switchTo } from '../../src/worktree/switch/switch.ts'
import { undoLast } from '../../src/worktree/undo/undo.ts'
import { add, commitHere, openTestRepository, PERSON } from './support/repository.ts'

/** A command that is killed, and the state of the working tree it starts from. */
export interface KillScenario {
  name: string
  args: string[]
  /** The exit status that it ends with, if not 0. */
  status?: number
  /** Changes the working tree before, on main or after switching. */
  prepare?(top: string, repository: Repository): Promise<void> | void
}

/** Each changes hundreds of paths, folders into files and back among them. */
export const KILL_SCENARIOS: KillScenario[] = [
  { name: 'add', args: ['add', '-A'], prepare: (top) => editMany(top) },
  {
    name: 'commit',
    args: ['commit', '-q', '-m', 'many'],
    prepare: async (top, repository) => {
      editMany(top)
      await add(repository)
    },
  },
  { name: 'switch', args: ['switch', '-q', 'other'] },
  { name: 'switch that changes little', args: ['switch', '-q', 'little'], prepare: makeLittle },
  { name: 'switch --discard-changes', args: ['switch', '-q', '--discard-changes', 'other'], prepare: editMany },
  { name: 'reset --hard', args: ['reset', '-q', '--hard', 'other'], prepare: editMany },
  { name: 'cherry-pick', args: ['cherry-pick', '-q', 'main..topic'], prepare: makeTopic },
  { name: 'bisect', args: ['bisect', 'start', 'topic', 'main~1'], prepare: makeTopic },
  { name: 'merge that fast-forwards', args: ['merge', '-q', 'other'] },
  { name: 'merge that changes little', args: ['merge', '-q', 'little'], prepare: makeLittle },
  { name: 'merge', args: ['merge', '-q', 'topic'], prepare: makeTopic },
  { name: 'merge with conflicts', args: ['merge', '-q', 'topic'], status: 1, prepare: makeConflicts },
  {
    name: 'merge --abort',
    args: ['merge', '--abort'],
    prepare: async (top, repository) => {
      await makeConflicts(top, repository)
      await mergeRevision(repository, 'topic', { command: 'merge', author: PERSON, committer: PERSON })
      for (let number = 3; number < EACH; number += 6) write(top, `changed/${number}`, `half settled ${number}`)
    },
  },
  {
    name: 'rebase',
    args: ['rebase', '-q', 'main'],
    prepare: async (top, repository) => {
      await makeTopic(top, repository)
      await switchTo(repository, { branch: 'topic' }, { command: 'switch', person: PERSON })
    },
  },
  { name: 'rebase into a conflict', args: ['rebase', '-q', 'main'], status: 1, prepare: makeRebaseConflict },
  {
    name: 'rebase --abort',
    args: ['rebase', '--abort'],
    prepare: async (top, repository) => {
      await makeRebaseConflict(top, repository)
      await rebaseBranch(repository, { ...REPLAY, upstream: 'main' })
    },
  },
  {
    name: 'rebase --continue',
    args: ['rebase', '-q', '--continue'],
    prepare: async (top, repository) => {
      await makeRebaseConflict(top, repository)
      await rebaseBranch(repository, { ...REPLAY, upstream: 'main' })
      write(top, 'changed/1', 'settled')
      await add(repository)
    },
  },
  { name: 'stash push', args: ['stash', '-q', '-u'], prepare: editMany },
  {
    name: 'stash pop',
    args: ['stash', 'pop', '-q', '--index'],
    prepare: async (top, repository) => {
      editMany(top)
      await pushStash(repository, { command: 'stash', person: PERSON, untracked: 'untracked' })
    },
  },
  { name: 'restore', args: ['restore', '--force', '.'], prepare: editMany },
  { name: 'restore --source', args: ['restore', '--staged', '--worktree', '--source', 'other', '.'] },
  { name: 'rm', args: ['rm', '-r', '-q', 'same', 'changed', 'folder-to-file', 'gone'] },
  {
    name: 'undo',
    args: ['undo', '-q'],
    prepare: async (top, repository) => {
      editMany(top)
      const by = { command: 'switch', person: PERSON, discardChanges: true }
      await switchTo(repository, { branch: 'other' }, by)
    },
  },
  {
    name: 'redo',
    args: ['redo', '-q'],
    prepare: async (_top, repository) => {
      await switchTo(repository, { branch: 'other' }, { command: 'switch', person: PERSON })
      await undoLast(repository, { command: 'undo', person: PERSON })
    },
  },
  {
    name: 'clean',
    args: ['clean', '-q', '-fdx'],
    prepare: (top) => {
      editMany(top)
      for (let number = 0; number < EACH; number++) write(top, `rubbish/${number % 9}/${number}`, `rubbish ${number}`)
    },
  },
  { name: 'mv', args: ['mv', 'same', 'changed', 'gone', 'link', 'new-folder'], prepare: makeFolder },
]

/** How many files there are of each sort. */
const EACH = 60

/** Makes a repository with two branches of some 300 files that differ in most of them; main is checked out. */
export async function makeKillRepository(top: string): Promise<void> {
  await using repository = await openTestRepository(top)
  const options = { command: 'switch', person: PERSON }
  for (let number = 0; number < EACH; number++) {
    write(top, `same/${number}`, `same ${number}`)
    write(top, `changed/${number}`, `before ${number}\n`.repeat(number * 40))
    write(top, `folder-to-file/${number}/inside`, `inside ${number}`)
    write(top, `file-to-folder/${number}`, `a file ${number}`)
    write(top, `gone/${number % 7}/${number}`, `gone ${number}`)
  }
  symlinkSync('same', join(top, 'link'))
  mkdirSync(join(top, 'empty/deep'), { recursive: true })
  await add(repository)
  await commitHere(repository)
  await switchTo(repository, { create: 'other' }, options)
  for (const name of ['gone', 'link', 'empty']) rmSync(join(top, name), { recursive: true })
  for (let number = 0; number < EACH; number++) {
    write(top, `changed/${number}`, `after ${number}\n`.repeat(number * 30))
    if (number % 3 === 0) chmodSync(join(top, `changed/${number}`), 0o755)
    replace(top, `folder-to-file/${number}`, `a file now ${number}`)
    replace(top, `file-to-folder/${number}/inside`, `inside now ${number}`)
    write(top, `fresh/${number % 5}/${number}`, `fresh ${number}`)
  }
  write(top, 'link', 'a file')
  symlinkSync('nowhere', join(top, 'empty'))
  await add(repository)
  await commitHere(repository)
  await switchTo(repository, { branch: 'main' }, options)
}

/** Local changes in every sort of file. */
function editMany(top: string): void {
  for (let number = 0; number < EACH; number++) {
    if (number % 2 === 0) write(top, `changed/${number}`, `mine ${number}\n`.repeat(number * 20))
    else if (number % 3 === 0) rmSync(join(top, `same/${number}`))
    if (number % 4 === 0) replace(top, `folder-to-file/${number}`, `mine ${number}`)
    if (number % 5 === 0) replace(top, `file-to-folder/${number}/mine`, `mine ${number}`)
    if (number % 6 === 0) write(top, `untracked/${number}`, `untracked ${number}`)
  }
}

/** A branch with three commits on top of where main was, and one more on main, which is checked out. */
async function makeTopic(top: string, repository: Repository): Promise<void> {
  const options = { command: 'switch', person: PERSON }
  await switchTo(repository, { create: 'topic' }, options)
  for (const step of [0, 1, 2]) {
    for (let number = step; number < EACH; number += 3) {
      write(top, `changed/${number}`, `topic ${step} ${number}\n`.repeat(number * 20))
      write(top, `topic/${step}/${number}`, `topic ${number}`)
      if (number % 4 === 0) replace(top, `folder-to-file/${number}`, `topic ${number}`)
    }
    await add(repository)
    await commitHere(repository, `topic ${step}`)
  }
  await switchTo(repository, { branch: 'main' }, options)
  for (let number = 0; number < EACH; number++) write(top, `same/${number}`, `main ${number}`)
  await add(repository)
  await commitHere(repository, 'main')
}

/** A branch that differs from where main was in so few files that the index becomes a patch first; main has gone on. */
async function makeLittle(top: string, repository: Repository): Promise<void> {
  const options = { command: 'switch', person: PERSON }
  await switchTo(repository, { create: 'little' }, options)
  for (let number = 0; number < EACH / 2; number++)
    write(top, `same/${number}`, `little ${number}\n`.repeat(number * 80))
  for (let number = 0; number < EACH / 6; number++) {
    rmSync(join(top, `gone/${number % 7}/${number}`))
    write(top, `little/${number}`, `little ${number}`)
  }
  await add(repository)
  await commitHere(repository, 'little')
  await switchTo(repository, { branch: 'main' }, options)
  write(top, 'changed/1', 'main')
  await add(repository)
  await commitHere(repository, 'main')
}

/** As `makeTopic`, and both branches have changed the same texts and the same bytes, and removed what the other has changed. */
async function makeConflicts(top: string, repository: Repository): Promise<void> {
  await makeTopic(top, repository)
  for (let number = 0; number < EACH; number++) {
    if (number % 3 === 0) write(top, `changed/${number}`, `main ${number}\n`.repeat(number * 20))
    else if (number % 3 === 1) write(top, `changed/${number}`, `main\0${number}`.repeat(number * 20))
    else if (number % 5 === 0) rmSync(join(top, `changed/${number}`))
  }
  await add(repository)
  await commitHere(repository, 'main again')
}

const REPLAY = { command: 'rebase', author: PERSON, committer: PERSON, favour: undefined }

/** As above, with topic checked out and its second commit in conflict with main. */
async function makeRebaseConflict(top: string, repository: Repository): Promise<void> {
  await makeTopic(top, repository)
  write(top, 'changed/1', 'main')
  await add(repository)
  await commitHere(repository, 'in conflict')
  await switchTo(repository, { branch: 'topic' }, { command: 'switch', person: PERSON })
}

function makeFolder(top: string): void {
  write(top, 'new-folder/untracked', 'untracked')
  write(top, 'same/untracked', 'goes along')
  write(top, 'changed/1', 'changed here')
}

function write(top: string, path: string, content: string): void {
  mkdirSync(join(top, dirname(path)), { recursive: true })
  writeFileSync(join(top, path), content)
}

/** Writes a file whatever was there, or was where its folder has to be. */
function replace(top: string, path: string, content: string): void {
  rmSync(join(top, path), { recursive: true, force: true })
  const folder = lstatSync(join(top, dirname(path)), { throwIfNoEntry: false })
  if (folder?.isDirectory() === false) rmSync(join(top, dirname(path)))
  write(top, path, content)
}
