import { execFileSync, spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import { parseRefspec } from '../../src/repo/remote/refspec.ts'
import type { Repository } from '../../src/repo/repository.ts'
import { fetchRemote } from '../../src/sync/remote/fetch-remote.ts'
import { openFolderRemote } from '../../src/sync/remote/folder-remote.ts'
import { pushRemote } from '../../src/sync/remote/push-remote.ts'
import { createRandom } from './random.ts'
import { refsOf, setRefs, storeCommit, storeTagOf } from './remote-history.ts'
import { ANN, temporaryFolder, temporaryRepository } from './repository.ts'

/** Parents by position: two roots, a merge, branches that went apart. */
const SHAPE = [[], [0], [1], [1], [2, 3], [2], []]

/** The same commits and tags in real git and in ours, with a repository to work in and one to fetch from and push to. */
export interface PairedRemotes {
  /** Sets refs on all four repositories, from a seed. */
  shuffle(seed: number): Promise<Shuffled>
  /** What a command changed: refs of here and there, as numbers of objects; and the exit status. */
  git(args: readonly string[]): Outcome
  fetch(request: FetchWords): Promise<Outcome>
  push(request: PushWords): Promise<Outcome>
}

/** The words of one command line of each kind. */
export interface FetchWords {
  refspecs: string[]
  tags: 'follow' | 'all' | 'none'
  prune: boolean
  force: boolean
}
export interface PushWords {
  refspecs: string[]
  force: boolean
  lease: boolean
  prune: boolean
  followTags: boolean
}

export interface Shuffled {
  here: Record<string, number>
  there: Record<string, number>
}

export interface Outcome extends Shuffled {
  status: number
}

type GitFolder = (...args: string[]) => string

/** Makes the four repositories; they go when the test ends. */
export async function pairRemotes(): Promise<PairedRemotes> {
  const folder = temporaryFolder()
  const objects = join(folder, 'objects.git')
  const git: GitFolder = (...args) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', env: GIT_ENV, stdio: 'pipe' })
  git('init', '-q', '--bare', objects)
  const hashes = gitObjects((...args) => git('-C', objects, ...args))
  git('init', '-q', '--bare', 'there')
  execFileSync('sh', ['-c', `echo ${objects}/objects > there/objects/info/alternates`], { cwd: folder })
  const here = await temporaryRepository({ bare: true })
  const there = await temporaryRepository({ bare: true })
  const cids = await ourObjects(here)
  await ourObjects(there)
  const positions = new Map([...hashes.entries()].map(([at, hash]) => [hash, at]))
  const numbers = new Map([...cids.entries()].map(([at, cid]) => [cid.toString(), at]))
  const gitRefs = (name: string) => readGitRefs((...args) => git('-C', name, ...args), positions)
  const ourRefs = async (repository: Repository) =>
    Object.fromEntries(Object.entries(await refsOf(repository)).map(([ref, cid]) => [ref, numbers.get(cid) ?? -1]))
  const outcome = async (status: number): Promise<Outcome> => {
    return { status, here: await ourRefs(here), there: await ourRefs(there) }
  }
  const remote = await openFolderRemote(there.path, { pusher: { person: ANN, command: 'push' } })
  const common = {
    repository: here,
    remote,
    remoteName: 'origin',
    isDryRun: false,
    command: 'test',
    person: ANN,
    configured: [parseRefspec('+refs/heads/*:refs/remotes/origin/*', 'fetch')],
  }
  return {
    async shuffle(seed) {
      const refs = randomRefs(seed)
      const hashed = (name: 'here' | 'there') =>
        Object.entries(refs[name]).map(([ref, at]): [string, string] => [ref, hashes[at] as string])
      updateGitRefs(join(folder, 'there'), { before: Object.keys(gitRefs('there')), after: hashed('there') })
      // Anew, so that it has no objects but those that its refs reach: by these git decides which tags to follow.
      rmSync(join(folder, 'here'), { recursive: true, force: true })
      git('init', '-q', '--bare', 'here')
      git('-C', 'here', 'remote', 'add', 'origin', '../there')
      const pushed = hashed('here').map(([ref, hash]) => `${hash}:${ref}`)
      if (pushed.length > 0) git('-C', objects, 'push', '-q', join(folder, 'here'), ...pushed)
      for (const [name, repository] of [
        ['here', here],
        ['there', there],
      ] as const) {
        const gone = Object.keys(await refsOf(repository)).map((ref) => [ref, undefined])
        const set = Object.entries(refs[name]).map(([ref, at]) => [ref, cids[at]])
        await setRefs(repository, Object.fromEntries([...gone, ...set]) as Record<string, CID | undefined>)
      }
      return refs
    },
    git(args) {
      const { status } = spawnSync('git', ['-C', 'here', ...args], { cwd: folder, env: GIT_ENV, stdio: 'pipe' })
      return { status: status ?? -1, here: gitRefs('here'), there: gitRefs('there') }
    },
    async fetch({ refspecs, ...rest }) {
      const parsed = refspecs.map((text) => parseRefspec(text, 'fetch'))
      const status = await statusOf(async () => {
        const { updates } = await fetchRemote({ ...common, ...rest, refspecs: parsed, upstream: undefined })
        return updates.some(({ verdict }) => verdict === 'rejected')
      })
      return outcome(status)
    },
    async push({ refspecs, lease, ...rest }) {
      const parsed = refspecs.map((text) => parseRefspec(text, 'push'))
      const covered = lease ? { coversAll: true, refs: [] } : undefined
      const status = await statusOf(async () => {
        const pushed = await pushRemote({ ...common, ...rest, refspecs: parsed, lease: covered, setsUpstream: false })
        return pushed.isRejected
      })
      return outcome(status)
    },
  }
}

const GIT_ENV = {
  PATH: process.env['PATH'],
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@x',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@x',
}

/** The commits of SHAPE, then annotated tags of the commits 2 and 4. */
function gitObjects(git: GitFolder): string[] {
  const tree = execTree(git)
  const hashes: string[] = []
  for (const [at, parents] of SHAPE.entries()) {
    const flags = parents.flatMap((parent) => ['-p', hashes[parent] as string])
    hashes.push(git('-c', `user.name=c${at}`, 'commit-tree', tree, ...flags, '-m', `${at}`).trim())
  }
  for (const [at, name] of [
    [2, 'annotated'],
    [4, 'merged'],
  ] as const) {
    git('tag', '-a', '-m', name, name, hashes[at] as string)
    hashes.push(git('rev-parse', `refs/tags/${name}`).trim())
    git('update-ref', `refs/keep/${name}`, hashes.at(-1) as string)
    git('update-ref', '-d', `refs/tags/${name}`)
  }
  return hashes
}

function execTree(git: GitFolder): string {
  return git('hash-object', '-t', 'tree', '-w', '/dev/null').trim()
}

async function ourObjects(repository: Repository): Promise<CID[]> {
  const cids: CID[] = []
  for (const [at, parents] of SHAPE.entries()) {
    cids.push(await storeCommit(repository, { text: `${at}`, parents: parents.map((each) => cids[each] as CID), at }))
  }
  cids.push(await storeTagOf(repository, cids[2] as CID, 'annotated'))
  cids.push(await storeTagOf(repository, cids[4] as CID, 'merged'))
  return cids
}

const BRANCHES = ['main', 'topic', 'x/y']
const TAGS = ['v1', 'v2', 'v3']

function randomRefs(seed: number): Shuffled {
  const random = createRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = (names: readonly string[], prefix: string, limit: number, share: number) =>
    names.filter(() => random() < share).map((name) => [prefix + name, below(limit)] as const)
  const commits = SHAPE.length
  return {
    here: Object.fromEntries([
      ...pick(BRANCHES, 'refs/heads/', commits, 0.7),
      ...pick([...BRANCHES, 'gone'], 'refs/remotes/origin/', commits, 0.6),
      ...pick(TAGS, 'refs/tags/', commits + 2, 0.4),
    ]),
    there: Object.fromEntries([
      ...pick(BRANCHES, 'refs/heads/', commits, 0.8),
      ...pick(TAGS, 'refs/tags/', commits + 2, 0.5),
    ]),
  }
}

function readGitRefs(git: GitFolder, positions: ReadonlyMap<string, number>): Record<string, number> {
  const lines = git('for-each-ref', '--format=%(objectname) %(refname)')
    .split('\n')
    .filter((line) => line !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const [hash, ref] = line.split(' ') as [string, string]
      return [ref, positions.get(hash) ?? -1]
    }),
  )
}

function updateGitRefs(folder: string, { before, after }: { before: string[]; after: [string, string][] }): void {
  const update = (input: string) => execFileSync('git', ['update-ref', '--stdin'], { cwd: folder, input, env: GIT_ENV })
  update(before.map((ref) => `delete ${ref}\n`).join(''))
  update(after.map(([ref, hash]) => `create ${ref} ${hash}\n`).join(''))
}

/** git's exit status: 1 where a ref is rejected or cannot be pushed, 128 where nothing is tried. */
async function statusOf(work: () => Promise<boolean>): Promise<number> {
  const { JzfsError } = await import('../../src/model/errors.ts')
  const { exitStatus } = await import('../../src/cli/exit-status.ts')
  try {
    return (await work()) ? 1 : 0
  } catch (error) {
    if (!(error instanceof JzfsError)) throw error
    return exitStatus(error)
  }
}
