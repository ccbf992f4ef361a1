import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

import { expect, test } from 'vitest'

import { openRemoteScene, type RemoteScene } from './remote-scene.ts'
import { compareTracking } from './tracking-comparison.ts'

const FOLLOWED = ['for-each-ref', '--format=%(refname) %(upstream)', 'refs/heads']

test('new branches follow what they start from by the rules of git', async () => {
  const scene = await openRemoteScene()
  await scene.tracked('origin', ['main', 'topic', 'team/a'])
  for (const args of [
    ['branch', 'one', 'origin/topic'],
    ['branch', '--no-track', 'two', 'origin/topic'],
    ['branch', 'three', 'main'],
    ['branch', '--track', 'four', 'main'],
    ['branch', '--track=inherit', 'five', 'one'],
    ['switch', '-c', 'six', 'origin/main'],
    ['switch', '-c', 'seven', '--no-track', 'origin/main'],
    ['switch', '-t', 'origin/team/a'],
    ['checkout', '-b', 'eight', '--track', 'main'],
    ['switch', 'six'],
    ['branch', '-m', 'six', 'nine'],
    ['branch', '-q', '-D', 'one'],
    ['branch', '--unset-upstream'],
  ]) {
    await scene.same(args)
  }
  await scene.same(FOLLOWED)
  await scene.both(['config', 'branch.autoSetupMerge', 'simple'])
  await scene.same(['branch', 'ten', 'origin/topic'])
  await scene.same(['branch', 'topic', 'origin/topic'])
  await scene.both(['config', 'branch.autoSetupMerge', 'always'])
  await scene.same(['branch', 'eleven', 'main'])
  expect(await scene.same(FOLLOWED)).toContain('refs/heads/five refs/remotes/origin/topic')
  for (const args of [
    ['branch', '--track', 'no', 'HEAD~0'],
    ['branch', '-u', 'origin/nothing'],
    ['branch', '--unset-upstream', 'three'],
    ['branch', '--track=inherit', 'no', 'two'],
    ['branch', '--track=x', 'no', 'two'],
    ['switch', '--track', 'main'],
  ]) {
    await scene.fails(args)
  }
})

test('a branch that only a remote has is made by going to it', async () => {
  const scene = await openRemoteScene()
  await scene.tracked('origin', ['main', 'topic', 'both', 'file'])
  await scene.tracked('other', ['both', 'more/work'])
  expect(await scene.fails(['switch', '--no-guess', 'topic'])).toContain('there is no branch "topic"')
  await scene.same(['switch', 'topic'])
  await scene.same(['checkout', 'more/work'])
  await scene.same(['switch', 'topic'])
  expect(await scene.fails(['switch', 'both'])).toContain('several remotes: origin, other')
  expect(await scene.fails(['checkout', 'both'])).toContain('several remotes: origin, other')
  await scene.both(['config', 'checkout.defaultRemote', 'other'])
  await scene.same(['checkout', 'both'])
  scene.history.edit((top) => writeFileSync(join(top, 'file'), 'x'))
  expect(await scene.fails(['checkout', 'file'])).toContain('both a revision and a path')
  expect(await scene.fails(['switch', 'nothing'])).toContain('there is no branch')
  await scene.same(FOLLOWED)
  const before = await scene.state()
  await scene.jzfs(['switch', 'file'])
  await scene.jzfs(['undo'])
  expect(await scene.state()).toEqual(before)
})

test('an empty repository gets its first branch from a remote', async () => {
  const scene = await openRemoteScene()
  await scene.tracked('origin', ['main', 'fresh'])
  for (const way of ['switch', 'checkout']) {
    await scene.both(['switch', '-q', '--orphan', 'fresh'])
    await scene.same([way, 'fresh'])
    expect(await scene.same(['status', '-sb'])).toContain('## fresh...origin/fresh')
    await scene.both(['switch', '-q', 'main'])
    await scene.both(['branch', '-q', '-D', 'fresh'])
  }
})

test('a branch is deleted when what it follows has its commits', async () => {
  const scene = await openRemoteScene()
  await scene.tracked('origin', ['main'])
  for (const name of ['pushed', 'behind', 'alone']) await scene.both(['branch', '--no-track', name])
  for (const name of ['pushed', 'behind', 'alone']) {
    await scene.both(['switch', '-q', name])
    await scene.history.commit()
    if (name !== 'alone')
      await scene.both(['update-ref', `refs/remotes/origin/${name}`, name === 'pushed' ? 'HEAD' : 'HEAD~1'])
    if (name !== 'alone') await scene.both(['branch', '-q', '-u', `origin/${name}`])
  }
  await scene.both(['switch', '-q', 'main'])
  await deleteBoth(scene, 'pushed', 0)
  await deleteBoth(scene, 'behind', 1)
  await deleteBoth(scene, 'alone', 1)
  await scene.both(['merge', '-q', 'behind'])
  expect(await deleteBoth(scene, 'behind', 1)).toContain('origin/behind does not have, though HEAD has them')
  await scene.jzfs(['branch', '-d', '-r', 'origin/behind'])
  scene.history.git(['branch', '-d', '-r', 'origin/behind'])
  await deleteBoth(scene, 'behind', 0)
  await scene.sameRefs()
})

async function deleteBoth(scene: RemoteScene, name: string, status: 0 | 1): Promise<string> {
  const args = ['branch', '-d', name]
  if (status === 0) {
    await scene.both(args)
    return ''
  }
  // Git ends with 1 there, which its runner lets pass.
  scene.history.git(args)
  expect(scene.history.git(['branch', '--list', name])).toContain(name)
  return scene.fails(args)
}

test('git says the same of branches and what they follow', async () => {
  expect(await compareTracking(11, { isBrief: true })).toMatch(/ahead|behind|gone/)
})

const SRC = join(import.meta.dirname, '..', '..', '..', 'src')

test('what a status and a list of branches load has nothing of the network in it', () => {
  for (const command of ['status', 'branch', 'switch', 'for-each-ref']) {
    const loaded = loadedBy(join(SRC, 'cli', 'commands', `${command}.ts`))
    expect(loaded.size).toBeGreaterThan(20)
    expect([...loaded].filter((path) => /^(?:sync|node|http)\//.test(path))).toEqual([])
  }
})

/** The files that are loaded before anything runs: types and dynamic imports are not among them. */
function loadedBy(file: string, loaded = new Set<string>()): Set<string> {
  const path = relative(SRC, file)
  if (loaded.has(path)) return loaded
  loaded.add(path)
  const imports = readFileSync(file, 'utf8').matchAll(/^import (?!type )[^'"]*?from '(\.[^']+)'/gm)
  for (const [, target = ''] of imports) loadedBy(join(dirname(file), target), loaded)
  return loaded
}
