import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { temporaryGitRepository } from '../support/git-repository.ts'
import { temporaryFolder } from '../support/repository.ts'
import { type RanHere, runHere } from '../support/run-here.ts'

const FAILING = [
  'branch -d nope',
  'branch -D main',
  'branch -d -r origin/nope',
  'branch -m nope other',
  'branch keptbranch',
  'tag -d nope',
  'tag kepttag',
  'remote rm nope',
  'remote remove nope',
  'remote rename nope other',
  'remote get-url nope',
  'remote set-url nope url',
  'remote show nope',
  'remote prune nope',
  'remote set-head origin nope',
  'remote add origin url',
  'fetch nope',
  'config core.nothing',
  'config --unset user.email',
  'config nokey',
  'restore nope',
  'rm nope',
  'add nope',
  'checkout nope',
  'checkout nope -- file',
  'checkout HEAD nope',
  'switch nope',
  'stash push -- nope',
  'merge nope',
  'rebase nope',
  'cherry-pick nope',
  'bisect good',
  'bundle verify nope',
  'merge-base --is-ancestor HEAD nope',
]

test('commands exit as those of git do', async () => {
  const { git, jzfs } = await pair()
  const ours: [string, number | null][] = []
  for (const words of FAILING) ours.push([words, (await jzfs(words)).status])
  expect(ours).toEqual(FAILING.map((words) => [words, git(words)]))
})

test('a deletion deletes what it can', async () => {
  const { git, jzfs } = await pair()
  for (const command of ['branch', 'tag']) {
    const words = `${command} -d nope kept${command} never`
    const { status, stdout, stderr } = await jzfs(words)
    expect([words, status]).toEqual([words, git(words)])
    expect(stdout).toContain(`kept${command}`)
    expect(stderr.match(/there is no/g)).toHaveLength(2)
    expect((await jzfs(`rev-parse --verify -q kept${command}`)).status).toBe(1)
  }
})

test('under --json each name that stays has its error', async () => {
  const { jzfs } = await pair()
  const { status, stdout, stderr } = await jzfs('branch -d nope main --json')
  expect([status, JSON.parse(stdout)]).toEqual([1, { deleted: [] }])
  const errors = stderr.trim().split('\n')
  expect(errors.map((line) => (JSON.parse(line) as { error: { code: string } }).error.code)).toEqual([
    'branch-missing',
    'branch-checked-out',
  ])
})

interface Pair {
  git(words: string): number | null
  jzfs(words: string): Promise<RanHere>
}

/** The same repository of git and of ours: one commit, a branch and a tag beside, and a remote that nobody answers for. */
async function pair(): Promise<Pair> {
  const folder = temporaryFolder()
  const real = temporaryGitRepository()
  const git = (words: string) => real.tryGit(...words.split(' ')).status
  const jzfs = (words: string) => runHere(folder, words.split(' '), { HOME: folder })
  await jzfs('init .')
  for (const place of [folder, real.folder]) writeFileSync(join(place, 'file'), 'text')
  const commands = [
    'add file',
    'commit -qm one',
    'branch keptbranch',
    'tag kepttag',
    'remote add origin /nowhere/at/all',
  ]
  for (const words of commands) expect([words, git(words), (await jzfs(words)).status]).toEqual([words, 0, 0])
  return { git, jzfs }
}
