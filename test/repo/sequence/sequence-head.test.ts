import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { temporaryGitRepository } from '../../support/git-repository.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'

const NAMES = ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'REBASE_HEAD', 'ORIG_HEAD']

test("what is in progress names git's commits by git's names", async () => {
  const { both, heads } = await pair()
  const waits: [string[], string][] = [
    [['merge side'], 'merge --abort'],
    [['merge --squash side'], 'reset -q --hard'],
    [['merge --no-commit far'], 'merge --abort'],
    [['cherry-pick side~1 side'], 'cherry-pick --abort'],
    [['cherry-pick -n side'], 'reset -q --hard'],
    [['revert HEAD~1'], 'revert --abort'],
    [['rebase side'], 'rebase --abort'],
    [['cherry-pick side~1 far', 'file', 'add file', 'commit -q --no-edit'], 'reset -q --hard'],
  ]
  const named = new Set<string>()
  for (const [steps, end] of waits) {
    for (const step of steps) await both(step)
    const { ours, theirs } = await heads()
    expect([steps, ours]).toEqual([steps, theirs])
    for (const name of NAMES) if (theirs[name] !== '') named.add(name)
    await both(end)
  }
  expect([...named].sort()).toEqual([...NAMES].sort())
})

/** main and side change the same file twice, far another one. */
async function pair() {
  const folder = temporaryFolder()
  const real = temporaryGitRepository()
  let edits = 0
  const both = async (step: string): Promise<void> => {
    if (step === 'file' || step === 'other') {
      edits++
      for (const top of [folder, real.folder]) writeFileSync(join(top, step), `${edits}\n`)
      return
    }
    real.tryGit('-c', 'core.editor=true', ...step.split(' '))
    await runHere(folder, step.split(' '))
  }
  await runHere(folder, ['init', '-q'])
  const commit = async (subject: string, path = 'file') => {
    for (const step of [path, 'add .', `commit -q -m ${subject}`]) await both(step)
  }
  await commit('base')
  await both('switch -q -c far')
  await commit('far', 'other')
  await both('switch -q -c side main')
  for (const subject of ['side1', 'side2']) await commit(subject)
  await both('switch -q main')
  for (const subject of ['main1', 'main2']) await commit(subject)
  const heads = async () => {
    const ours: Record<string, string> = {}
    const theirs: Record<string, string> = {}
    for (const name of NAMES) {
      const words = ['log', '-1', '--format=%s', name]
      ours[name] = (await runHere(folder, words)).stdout
      theirs[name] = real.tryGit(...words, '--').stdout
    }
    return { ours, theirs }
  }
  return { both, heads }
}
