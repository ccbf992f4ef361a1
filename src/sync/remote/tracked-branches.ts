import { compareNames } from '../../model/compare.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import { BRANCHES, type RefAuthor } from '../../repo/refs/branch.ts'
import { mapRef, unmapRef } from '../../repo/remote/map-refspecs.ts'
import { readRemote } from '../../repo/remote/remote-config.ts'
import type { Repository } from '../../repo/repository.ts'
import type { RemoteRefs } from './remote.ts'

/** A branch of a remote, and the ref here that keeps it. */
export interface TrackedBranch {
  /** Its full name at the remote. */
  source: string
  /** Undefined for a branch that is not fetched. */
  target: string | undefined
  /** `new`: the next fetch brings it; `stale`: the remote has it no longer; `skipped`: no refspec names it. */
  state: 'tracked' | 'new' | 'stale' | 'skipped'
}

/**
 * How the branches that a remote has stand to the refs that keep them here, sorted by name. Throws NotFoundError
 * `remote-missing`.
 */
export async function trackedBranches(
  { config, refs }: Repository,
  name: string,
  listed: Pick<RemoteRefs, 'refs'>,
): Promise<TrackedBranch[]> {
  const { fetch } = readRemote(config, name)
  const branches: TrackedBranch[] = []
  const there = new Set(listed.refs.map((ref) => ref.name))
  for (const source of [...there].filter((each) => each.startsWith(BRANCHES))) {
    const target = mapRef(fetch, source)
    if (target === undefined) branches.push({ source, target, state: 'skipped' })
    else branches.push({ source, target, state: (await refs.read(target)) === undefined ? 'new' : 'tracked' })
  }
  for (const { name: target } of await refs.list()) {
    const source = unmapRef(fetch, target)
    if (source !== undefined && !there.has(source)) branches.push({ source, target, state: 'stale' })
  }
  return branches.sort((a, b) => compareNames(a.source, b.source))
}

/** Removes the refs here whose source a remote has no longer, in one operation. Returns them. Throws as `trackedBranches`. */
export async function pruneTracking(
  repository: Repository,
  name: string,
  listed: Pick<RemoteRefs, 'refs'>,
  { isDryRun, ...author }: RefAuthor & { isDryRun: boolean },
): Promise<string[]> {
  using lock = await repository.lock(author.command)
  const branches = await trackedBranches(repository, name, listed)
  const stale = branches.flatMap(({ state, target }) => (state === 'stale' && target !== undefined ? [target] : []))
  if (isDryRun || stale.length === 0) return stale
  const refs = []
  for (const target of stale) {
    refs.push({ name: target, before: await repository.refs.read(target), after: undefined, message: '' })
  }
  await runOperation(repository, lock, { ...author, refs })
  return stale
}
