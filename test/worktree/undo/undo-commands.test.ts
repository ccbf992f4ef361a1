import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { openRepository } from '../../../src/repo/repository.ts'
import { runHere } from '../../support/run-here.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { readState } from './repository-state.ts'

/** A command line, or a change of a file as somebody makes it: content, or undefined to remove it. */
type Step = string | [path: string, content: string | undefined]

/** What is done before a command that is undone, and the exit status of that, where it is not 0. */
interface Case {
  before?: Step[]
  status?: number
}

/**
 * The commands that change something, beyond those that have a table of their own by their functions. `topic` merges cleanly with
 * main, `clash` does not.
 */
const COMMANDS: Record<string, Case> = {
  'commit -a -m all': {
    before: [
      ['a', 'changed'],
      ['b', undefined],
    ],
  },
  'commit --amend -a -m other': { before: [['a', 'changed']] },
  'merge topic': {},
  'merge --no-ff --no-commit topic': {},
  'merge --squash topic': {},
  'merge clash': { status: 1 },
  'merge --abort': { before: ['merge clash', ['a', 'half settled']] },
  'merge --continue': { before: ['merge clash', ['a', 'settled'], 'add a'] },
  'commit -m merged': { before: ['merge clash', ['a', 'settled'], 'add a'] },
  'checkout --theirs a': { before: ['merge clash'] },
  'rm a': { before: ['merge clash'] },
  'merge ahead': {
    before: [
      ['new', 'not tracked'],
      ['b', 'local change'],
    ],
  },
  'merge --no-ff ahead': { before: [['d/x', undefined]] },
  'cherry-pick topic': {},
  'cherry-pick -n topic': {},
  'cherry-pick main~1..topic': {},
  'cherry-pick clash': { status: 1 },
  'cherry-pick --abort': { before: ['cherry-pick clash'] },
  'cherry-pick --skip': { before: ['cherry-pick clash'] },
  'cherry-pick --continue': { before: ['cherry-pick clash', ['a', 'settled'], 'add a'] },
  'revert HEAD': {},
  'revert HEAD~1': { status: 1 },
  'rebase topic': {},
  'rebase clash': { status: 1 },
  'rebase --abort': { before: ['rebase clash'] },
  'rebase --skip': { before: ['rebase clash'], status: 1 },
  'rebase --onto topic HEAD~1': { status: 1 },
  stash: { before: [['a', 'mine'], ['staged', 'staged'], 'add staged', ['new', 'not tracked']] },
  'stash -u': {
    before: [
      ['a', 'mine'],
      ['new/deep', 'not tracked'],
    ],
  },
  'stash pop': { before: [['a', 'mine'], 'stash'] },
  'stash pop --index': { before: [['a', 'mine'], 'add a', ['a', 'more'], ['new', 'n'], 'stash -u'] },
  'stash apply': { before: [['a', 'mine'], 'stash'] },
  'stash drop': { before: [['a', 'mine'], 'stash', ['b', 'mine'], 'stash'] },
  'stash drop 1': { before: [['a', 'mine'], 'stash', ['b', 'mine'], 'stash'] },
  // One that is like the one before it does not move the ref.
  'stash push': { before: [['a', 'mine'], 'stash', ['a', 'mine']] },
  'stash pop stash@{0}': { before: [['a', 'mine'], 'stash', ['a', 'mine'], 'stash'] },
  'stash drop stash@{0}': { before: [['a', 'mine'], 'stash', ['a', 'mine'], 'stash'] },
  'stash clear': { before: [['a', 'mine'], 'stash', ['b', 'mine'], 'stash'] },
  'stash branch again': { before: [['a', 'mine'], 'stash'] },
  'clean -fdx': { before: [['new/deep/file', 'n'], ['.jzfsignore', 'ignored'], ['ignored', 'i'], 'add .jzfsignore'] },
  'checkout topic': { before: [['new', 'not tracked']] },
  'checkout -b fresh topic': {},
  'checkout -f topic': {
    before: [
      ['a', 'mine'],
      ['t', 'in the way'],
    ],
  },
  'checkout HEAD~1 -- a': { before: [['a', 'mine']] },
  'reset HEAD~1 a': {},
  'mv d moved': {
    before: [
      ['d/new', 'not tracked'],
      ['d/x', 'changed'],
    ],
  },
  'bisect start HEAD HEAD~2': {},
  'bisect good': { before: ['bisect start HEAD HEAD~2'] },
  'bisect reset': { before: ['bisect start HEAD HEAD~2'] },
  'branch -D topic clash': {},
  'tag -d v1 v2': { before: ['tag v1', 'tag -a -m two v2'] },
}

let template: string

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'jzfs-'))
  const all: Step[] = [
    ['a', 'one\n'],
    ['b', 'b\n'],
    ['d/x', 'x\n'],
    ['d/deep/y', 'y\n'],
    'init -q',
    'add .',
    'commit -m first',
    'branch topic',
    'branch clash',
    ['a', 'two\n'],
    'commit -a -m second',
    ['a', 'three\n'],
    'commit -a -m third',
    'switch topic',
    ['t', 'of topic\n'],
    ['d/deep/y', undefined],
    'add -A',
    'commit -m topic',
    'switch clash',
    ['a', 'clash\n'],
    'commit -a -m clash',
    'switch -c ahead main',
    ['ahead/file', 'ahead\n'],
    ['d/x', undefined],
    'add -A',
    'commit -m ahead',
    'switch main',
  ]
  for (const step of all) await take(template, step)
})

afterAll(() => rmSync(template, { recursive: true, force: true }))

test.for(Object.keys(COMMANDS))('%s is undone, and redone', async (command) => {
  const { before = [], status = 0 } = COMMANDS[command] as Case
  const top = join(temporaryFolder(), 'work')
  cpSync(template, top, { recursive: true })
  for (const step of before) await take(top, step, [0, 1])
  const states = [await stateOf(top)]
  const run = async (text: string) => {
    const ran = await runHere(top, split(text))
    states.push(await stateOf(top))
    return ran
  }
  expect(await run(command)).toMatchObject({ status })
  expect(states[1]).not.toEqual(states[0])
  expect(await run('undo')).toMatchObject({ status: 0, stderr: '' })
  expect(states[2]).toEqual(states[0])
  expect(await run('redo')).toMatchObject({ status: 0, stderr: '' })
  expect(states[3]).toEqual(states[1])
})

test.for<[string, Step[], string]>([
  ['add a', [['a', 'changed']], 'Undone: jzfs switch main'],
  ['config user.name Ben', [], 'Undone: jzfs switch main'],
  ['status', [], 'Undone: jzfs switch main'],
])('%s is nothing that undo takes back: it takes the command before', async ([command, before, said]) => {
  const top = join(temporaryFolder(), 'work')
  cpSync(template, top, { recursive: true })
  for (const step of before) await take(top, step)
  await take(top, command)
  const { stdout } = await runHere(top, ['undo', '--dry-run'])
  expect(stdout.replace('Would undo', 'Undone').split('\n')[0]).toBe(said)
})

async function take(top: string, step: Step, allowed = [0]): Promise<void> {
  if (typeof step === 'string') {
    const ran = await runHere(top, split(step))
    if (!allowed.includes(ran.status)) throw new Error(`jzfs ${step}: ${ran.stderr}`)
    return
  }
  const [path, content] = step
  mkdirSync(join(top, path, '..'), { recursive: true })
  if (content === undefined) rmSync(join(top, path))
  else writeFileSync(join(top, path), content)
}

function split(command: string): string[] {
  return command.split(' ')
}

async function stateOf(top: string) {
  const repository = await openRepository(top)
  try {
    return await readState(repository)
  } finally {
    await repository.close()
  }
}
