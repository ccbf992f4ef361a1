import type { CID } from 'multiformats/cid'

import { encodeCommit } from '../../src/model/commit/commit.ts'
import { encodeTag } from '../../src/model/commit/tag.ts'
import { runOperation } from '../../src/repo/operation/operation.ts'
import { parseRefspec } from '../../src/repo/remote/refspec.ts'
import type { Repository } from '../../src/repo/repository.ts'
import { fetchRemote, type FetchRequest, type FetchResult } from '../../src/sync/remote/fetch-remote.ts'
import { type PushedRemote, pushRemote, type PushRemoteRequest } from '../../src/sync/remote/push-remote.ts'
import type { Remote } from '../../src/sync/remote/remote.ts'
import { putTree } from './put-tree.ts'
import { ANN } from './repository.ts'
import { person } from './revision-repository.ts'
import { comparable } from './transfer.ts'

/** Stores a commit with one file, and nothing names it yet; `at` orders the dates. */
export async function storeCommit(
  { store }: Repository,
  { text, parents = [], at = 0 }: { text: string; parents?: CID[]; at?: number },
): Promise<CID> {
  const pack = await store.createPack()
  const put = (block: Parameters<typeof pack.add>[0]) => void pack.add(block)
  const { cid: tree } = putTree({ put }, { entries: { 'a.txt': text, d: { entries: { 'b.txt': `${text} b` } } } })
  const by = { ...person(1_767_225_600 + at * 60), name: 'Ann', email: 'ann@example.org' }
  const commit = encodeCommit({ tree, parents, author: by, committer: by, message: text })
  put(commit)
  await pack.finish()
  return comparable(commit.cid)
}

/** Stores an annotated tag that nothing names yet. */
export async function storeTagOf({ store }: Repository, object: CID, name: string): Promise<CID> {
  const pack = await store.createPack()
  const tag = encodeTag({ object, objectType: 'commit', name, tagger: ANN, message: name })
  pack.add(tag)
  await pack.finish()
  return comparable(tag.cid)
}

/** Sets refs, whatever they were; undefined deletes one. */
export async function setRefs(repository: Repository, refs: Record<string, CID | undefined>): Promise<void> {
  using lock = await repository.lock('test')
  const updates = Object.entries(refs).map(([name, after]) => {
    return { name, before: undefined, after, force: true as const, message: 'test' }
  })
  await runOperation(repository, lock, { command: 'test', person: ANN, refs: updates })
}

/** The refs below a prefix, as texts by name. */
export async function refsOf({ refs }: Repository, prefix = 'refs'): Promise<Record<string, string>> {
  return Object.fromEntries((await refs.list(prefix)).map(({ name, cid }) => [name, cid.toString()]))
}

/** Fetches with the refspecs that a clone configures, or with others. */
export function fetchFrom(
  repository: Repository,
  remote: Remote,
  options: Partial<Omit<FetchRequest, 'refspecs' | 'configured'>> & { refspecs?: string[]; configured?: string[] } = {},
): Promise<FetchResult> {
  const { refspecs = [], configured = ['+refs/heads/*:refs/remotes/origin/*'], ...rest } = options
  const parse = (text: string) => parseRefspec(text, 'fetch')
  return fetchRemote({
    repository,
    remote,
    refspecs: refspecs.map(parse),
    configured: configured.map(parse),
    tags: 'follow',
    upstream: undefined,
    prune: false,
    force: false,
    isDryRun: false,
    remoteName: undefined,
    command: 'jzfs fetch',
    person: ANN,
    ...rest,
  })
}

/** Pushes to what is called origin. */
export function pushTo(
  repository: Repository,
  remote: Remote,
  { refspecs = [], ...rest }: Partial<Omit<PushRemoteRequest, 'refspecs'>> & { refspecs?: string[] } = {},
): Promise<PushedRemote> {
  return pushRemote({
    repository,
    remote,
    remoteName: 'origin',
    refspecs: refspecs.map((text) => parseRefspec(text, 'push')),
    configured: [parseRefspec('+refs/heads/*:refs/remotes/origin/*', 'fetch')],
    followTags: false,
    prune: false,
    force: false,
    lease: undefined,
    setsUpstream: false,
    isDryRun: false,
    command: 'jzfs push',
    person: ANN,
    ...rest,
  })
}
