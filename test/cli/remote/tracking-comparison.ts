import { CID } from 'multiformats/cid'
import { expect } from 'vitest'

import { shortenCid } from '../../../src/model/cid-text.ts'
import { createSeededRandom, type SeededRandom } from '../../worktree/support/seeded-random.ts'
import { openRemoteScene, type RemoteScene } from './remote-scene.ts'

const BRANCHES = ['main', 'topic', 'team/a', 'old']
const FORMAT = ['', ':short', ':track', ':trackshort', ':track,nobracket', ':remotename', ':remoteref']
  // Where a branch is pushed to git names only where that is configured apart from what it follows.
  .flatMap((form) => [`%(upstream${form})`, ...(form.startsWith(':remote') ? [] : [`%(push${form})`])])
  .join('|')

/**
 * Seeds branches, remotes and what follows what, and asks both tools: the answers are equal. `isBrief`: of some branches, and
 * some questions. What git said of the branches.
 */
export async function compareTracking(seed: number, { isBrief = false } = {}): Promise<string> {
  const random = createSeededRandom(seed)
  const scene = await openRemoteScene()
  await makeHistory(scene, random)
  for (const branch of BRANCHES) {
    await follow(scene, branch, random)
    if (isBrief && branch !== 'main') continue
    await scene.both(['switch', '-q', branch])
    await sameStatus(scene)
  }
  const list = (args: string[]) => compare(scene, ['branch', ...args])
  const lists = [['-avv'], ['-r'], [], ['-v'], ['-vv'], ['-a'], ['-av'], ['-rv']]
  for (const args of isBrief ? lists.slice(0, 2) : lists) await list(args)
  await scene.same(['for-each-ref', `--format=%(refname)|${FORMAT}`, 'refs/heads'])
  await scene.same(['for-each-ref', '--sort=-upstream', '--format=%(refname)', 'refs/heads'])
  const names = isBrief ? ['', 'topic'] : ['', 'HEAD', '@{-1}', 'nothing', ...BRANCHES]
  for (const name of names)
    for (const which of ['u', 'UPSTREAM', 'push']) await sameRevision(scene, `${name}@{${which}}`)
  for (const text of ['origin', 'origin/main', 'origin/HEAD', 'remotes/origin/main', 'main@{u}~1', 'main...@{u}']) {
    await sameRevision(scene, text)
  }
  return scene.history.git(['branch', '-vv'])
}

/** Commits on several lines; refs of remotes at some of them. */
async function makeHistory(scene: RemoteScene, random: SeededRandom): Promise<void> {
  const { history } = scene
  for (const branch of BRANCHES.slice(1)) {
    await scene.both(['branch', branch])
    for (let left = random.below(3); left > 0; left--) await history.commit()
  }
  for (const branch of BRANCHES) {
    await scene.both(['switch', '-q', branch])
    for (let left = random.below(3); left > 0; left--) await history.commit()
  }
  await scene.both(['remote', 'add', 'origin', '/data/origin'])
  await scene.both(['remote', 'add', '-t', 'main', 'other', '/data/other'])
  for (const ref of ['origin/main', 'origin/topic', 'origin/team/a', 'other/main']) {
    const commit = history.names(random.below(history.count))
    history.git(['update-ref', `refs/remotes/${ref}`, commit.theirs])
    await scene.jzfs(['update-ref', `refs/remotes/${ref}`, commit.ours])
  }
  await scene.both(['remote', 'set-head', 'origin', 'main'])
}

async function follow(scene: RemoteScene, branch: string, random: SeededRandom): Promise<void> {
  const ways = [
    ['branch', '-u', `origin/${branch}`, branch],
    ['branch', '-u', 'other/main', branch],
    ['branch', '-u', random.pick(BRANCHES), branch],
    ['config', `branch.${branch}.merge`, 'refs/heads/gone'],
  ]
  const way = random.pick(ways)
  if (way[0] === 'config') await scene.both(['config', `branch.${branch}.remote`, random.pick(['origin', '.'])])
  else if (scene.history.tryGit(way) !== undefined) return void (await scene.fails(way))
  await compare(scene, way)
}

async function sameStatus(scene: RemoteScene): Promise<void> {
  await scene.same(['status', '-sb'])
  await scene.same(['status', '-sb', '--no-ahead-behind'])
  await scene.same(['status', '--porcelain=v2', '-b'])
  await scene.same(['status', '--porcelain=v2', '-b', '--no-ahead-behind'])
  for (const args of [['status'], ['status', '--no-ahead-behind']]) {
    const expected = scene.history.git(args).replaceAll('"git ', '"jzfs ')
    expect(await scene.jzfs(args)).toBe(expected)
  }
}

/** Compares the output of a command with short names of commits in it, and columns as wide as they are. */
async function compare(scene: RemoteScene, args: string[]): Promise<void> {
  const { history } = scene
  const positions = (text: string, name: (position: number) => string): string => {
    const known = new Map(Array.from({ length: history.count }, (_, at) => [name(at), `<${at}>`]))
    return text.replaceAll(/\b[\w-]{7,}\b/g, (word) => known.get(word) ?? word)
  }
  const theirs = positions(history.git(args), (at) => history.names(at).theirs.slice(0, 7))
  const ours = positions(await scene.jzfs(args), (at) => shortenCid(CID.parse(history.names(at).ours)))
  expect(ours, `git ${args.join(' ')}`).toBe(theirs)
}

async function sameRevision(scene: RemoteScene, text: string): Promise<void> {
  if (scene.history.tryGit(['rev-parse', '--verify', text]) === undefined) await scene.same(['rev-parse', text])
  else if (!text.includes('...')) await scene.fails(['rev-parse', '--verify', text])
}
