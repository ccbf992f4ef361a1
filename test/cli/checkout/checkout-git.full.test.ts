import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { runHere } from '../../support/run-here.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { folderContent, withoutEmpty } from '../../worktree/support/folder-content.ts'

/** Words of one command, or what is done to both working trees; `?` before words: both must refuse. */
type Step = string | ((top: string) => void)

const write = (path: string, text: string) => (top: string) => writeFileSync(join(top, path), text)

const START: Step[] = [
  'init -q',
  write('a', 'a\n'),
  write('b', 'b\n'),
  write('side', 'a file with the name of a branch\n'),
  'add .',
  'commit -q -m one',
  'checkout -q -b side',
  write('a', 'of side\n'),
  write('new', 'new\n'),
  'rm -q b',
  'add a new',
  'commit -q -m two',
  'checkout -q main',
]

/** Each goes on from what the one before it has left. */
const STEPS: Record<string, Step[]> = {
  'a branch, the one before, a commit': [
    'checkout side',
    'checkout -',
    'checkout main~0',
    'checkout -',
    'checkout --detach',
    'checkout main',
    'checkout side --',
    'checkout main --',
    '? checkout nothing',
    '? checkout -- nothing',
    '? checkout side a --',
  ],
  'a new branch': [
    'checkout -b topic',
    '? checkout -b topic',
    '? checkout -b main',
    'checkout -B topic side',
    'checkout -b other main',
    '? checkout -b third -- a',
    'checkout --orphan alone',
    'checkout main',
  ],
  'paths from the index and from a commit': [
    write('a', 'changed\n'),
    write('b', 'changed\n'),
    'checkout -- a',
    'checkout b',
    '? checkout side a nothing',
    'checkout main a b',
    'checkout side -- a new',
    'checkout main -- .',
    'checkout -q -f main',
    'checkout side -- .',
    'checkout --no-overlay main -- .',
    'checkout -q -f main',
    '? checkout side side',
    'checkout -- side',
    '? checkout side -- b',
    (top) => rmSync(join(top, 'a')),
    'checkout a',
  ],
  'local changes': [
    write('side', 'goes along\n'),
    'checkout side',
    'checkout main',
    write('a', 'in the way\n'),
    '? checkout side',
    'checkout -f side',
    'checkout main',
    write('new', 'untracked in the way\n'),
    '? checkout side',
    (top) => rmSync(join(top, 'new')),
    'checkout',
  ],
  conflicts: [
    write('a', 'of main\n'),
    'commit -q -a -m three',
    '? merge -q side',
    '? checkout side',
    '? checkout a',
    'checkout --ours a',
    'checkout --theirs -- a',
    'checkout -m a',
    '? checkout --theirs -- b',
    'checkout -f a side',
    'add a',
    'checkout -m a',
    'checkout --conflict=diff3 a',
    'checkout side -- a',
    'checkout -f main',
  ],
}

test.for(Object.keys(STEPS))('checkout does what git does: %s', async (name) => {
  const tops = { ours: temporaryFolder(), git: temporaryFolder() }
  for (const step of START) await takeStep(tops, step)
  const states: { ours: object; git: object }[] = []
  for (const step of STEPS[name] ?? []) {
    await takeStep(tops, step)
    states.push({ ours: { step, ...(await stateOfOurs(tops.ours)) }, git: { step, ...stateOfGit(tops.git) } })
  }
  expect(states.map(({ ours }) => ours)).toEqual(states.map(({ git }) => git))
})

async function takeStep(tops: { ours: string; git: string }, step: Step): Promise<void> {
  if (typeof step === 'function') {
    step(tops.ours)
    step(tops.git)
    return
  }
  const isRefused = step.startsWith('? ')
  const words = step.replace('? ', '').split(' ')
  const git = gitIn(tops.git, words)
  expect(git.status === 0, `git ${step}: ${git.stderr}`).toBe(!isRefused)
  const ours = await runHere(tops.ours, words)
  expect(ours.status === 0, `jzfs ${step}: ${ours.stderr}`).toBe(!isRefused)
}

function gitIn(top: string, words: readonly string[]) {
  const env = {
    PATH: process.env['PATH'],
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'init.defaultBranch',
    GIT_CONFIG_VALUE_0: 'main',
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@x',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@x',
    LC_ALL: 'C',
  }
  return spawnSync('git', words, { cwd: top, env, encoding: 'utf8' })
}

const STATUS = ['status', '--porcelain', '-uall']
const BRANCH = ['branch', '--show-current']

async function stateOfOurs(top: string) {
  const [status, branch] = [await runHere(top, STATUS), await runHere(top, BRANCH)]
  return { files: withoutEmpty(folderContent(top)), status: status.stdout, branch: branch.stdout }
}

function stateOfGit(top: string) {
  return {
    files: withoutEmpty(folderContent(top)),
    status: gitIn(top, STATUS).stdout,
    branch: gitIn(top, BRANCH).stdout,
  }
}
