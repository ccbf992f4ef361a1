import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { Person } from '../../model/commit/person.ts'
import { JzfsError } from '../../model/errors.ts'
import { planConfig } from '../../repo/config/config-change.ts'
import { initRepository, type InitOptions } from '../../repo/init-repository.ts'
import type { OperationPlan, RefUpdate } from '../../repo/operation/operation-plan.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { endPartial } from '../../repo/refs/partial-ref.ts'
import { formatRefspec } from '../../repo/remote/refspec.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Lock } from '../../store/lock/lock.ts'
import { type ArrivingFiles, createArrivingFiles } from '../../worktree/arriving/arriving-files.ts'
import type { SyncProgress } from '../protocol/receive-blocks.ts'
import { followTags } from '../remote/follow-tags.ts'
import { peelToCommit } from '../remote/peel-to-commit.ts'
import { explainNotServed } from '../remote/refused-peers.ts'
import type { Remote, RemoteRefs } from '../remote/remote.ts'
import { requireCommits } from '../remote/require-commits.ts'
import type { SelectedRef } from '../remote/select-refs.ts'
import { type Transferred, transferWants } from '../remote/transfer-wants.ts'
import { type CloneDestination, takeDestination } from './clone-destination.ts'
import { type ClonePlan, type CloneShape, planClone } from './plan-clone.ts'

/** A clone whose blocks are all there and verified: only its refs, and its files, are to be made. */
export interface FetchedClone {
  repository: Repository
  lock: Lock
  commit: CID
  /** The refs and HEAD of the clone. Whoever writes files adds `index` and `worktree`. */
  plan: OperationPlan
  /** Big files of the commit that were written as their blocks came. */
  arriving: Pick<ArrivingFiles, 'take'> | undefined
}

export interface CloneOptions extends AbortOptions, Partial<CloneShape> {
  /** The folder to make (by what is listed): missing, empty, or left by the same clone before. */
  directory: string | ((listed: RemoteRefs) => string)
  remote: Remote
  /** What is configured as its URL (default: `remote.url`). */
  url?: string | undefined
  /** Addresses that are configured to be asked. */
  peers?: readonly string[] | undefined
  /** The command line, for locks and logs. */
  command: string
  person: Person
  /** How repositories are opened here; its `worktreeStep` also finishes a clone that died while it wrote files. */
  init?: Omit<InitOptions, 'bare' | 'initialBranch'>
  /** Runs the operation of a clone that has a working tree: `runOperation` with the plan, and files (default: none). */
  checkout?: (fetched: FetchedClone, options: AbortOptions) => Promise<void>
  idleTimeoutMs?: number | undefined
  onProgress?: ((progress: SyncProgress) => void) | undefined
}

/** A clone that is done. The caller closes the repository. */
export interface Clone {
  repository: Repository
  directory: string
  /** What is checked out; undefined where the remote is empty, or its HEAD names nothing. */
  commit: CID | undefined
  listed: RemoteRefs
  /** What came; undefined where an earlier try had all of it. */
  fetched: Transferred | undefined
  isResumed: boolean
}

/**
 * Clones a repository, a branch, a commit or a bundle: all branches as `refs/remotes/origin/…`, tags, the branch of its
 * HEAD, where it came from as configuration, and, by `checkout`, files.
 *
 * Nothing is made before the refs are listed and trusted. A clone that stops leaves no destination, or, where blocks came
 * already, one that is marked as unfinished and that the same call goes on with. Throws what `Remote.list`, `planClone`,
 * `takeDestination`, `transferWants` and `checkout` throw.
 */
export async function cloneRepository(options: CloneOptions): Promise<Clone> {
  const { remote, init = {}, signal } = options
  const shape = shapeOf(options)
  const listed = await remote.list({ signal })
  const plan = planClone(listed, shape)
  const bare = shape.bare || shape.mirror
  const source = `${options.url ?? remote.url} ${plan.isDetached ? (shape.branch ?? '') : plan.head}`
  const directory = typeof options.directory === 'string' ? options.directory : options.directory(listed)
  const destination = await takeDestination(directory, { bare, source })
  let repository: Repository | undefined
  try {
    const initialBranch = plan.head.slice(BRANCHES.length)
    repository = await initRepository(destination.directory, { ...init, bare, initialBranch })
    const clone = await fillClone(repository, { listed, plan, shape }, options)
    await destination.complete()
    return { ...clone, directory, listed, isResumed: destination.isResumed }
  } catch (error) {
    await repository?.close()
    leaveOrRemove(destination, error, options)
    throw error
  }
}

function shapeOf(options: CloneOptions): CloneShape {
  const { remoteName = 'origin', branch, mirror = false, singleBranch = false, tags = true } = options
  const { bare = mirror, defaultBranch = 'main' } = options
  return { remoteName, branch, bare, mirror, singleBranch, tags, defaultBranch }
}

interface Layout {
  listed: RemoteRefs
  plan: ClonePlan
  shape: CloneShape
}

async function fillClone(
  repository: Repository,
  layout: Layout,
  options: CloneOptions,
): Promise<Pick<Clone, 'repository' | 'commit' | 'fetched'>> {
  const { command, person, signal } = options
  using lock = await repository.lock(command, { signal })
  const { refs } = repository
  const { plan } = layout
  const wants = [...new Map(plan.selected.map(({ cid }) => [cid.toString(), cid])).values()]
  const first = plan.selected.find(({ target }) => target !== undefined)?.target
  // Dying after its operation was written, an earlier try was complete: taking the lock has finished it.
  if (first !== undefined && (await refs.read(first)) !== undefined) {
    for (const want of wants) await endPartial(repository.layout, want)
    // Whoever takes one, alone, removes what a dead writer left.
    ;(await repository.store.lease({ signal })).release()
    return { repository, commit: await refs.headCommit(), fetched: undefined }
  }
  const awaited = options.checkout === undefined ? undefined : plan.tip
  await using arriving = awaited && (await createArrivingFiles(repository.store, awaited, { signal }))
  const transfer = { ...transferOptions(repository, options), wants, haves: [], wanted: kindOf(plan), arriving }
  const fetched = await transferWants(transfer).catch((error: unknown) => {
    throw explainNotServed(error, layout.listed.refused)
  })
  await requireCommits(repository.store, plan.selected, { signal })
  const tags = await tagsOf(repository, layout, options)
  const tip = plan.tip === undefined ? undefined : await peelToCommit(repository.store, plan.tip, { signal })
  const operation: OperationPlan = {
    command,
    person,
    begins: true,
    ...refsOfClone({ ...layout, tags, tip }, `clone: from ${options.url ?? options.remote.url}`),
    config: planConfig(repository.layout, keysOfClone(layout, options)),
  }
  if (options.checkout === undefined || tip === undefined) await runOperation(repository, lock, operation)
  else await options.checkout({ repository, lock, commit: tip, plan: operation, arriving }, { signal })
  for (const want of [...wants, ...tags.map(({ cid }) => cid)]) await endPartial(repository.layout, want)
  return { repository, commit: tip, fetched }
}

function transferOptions(repository: Repository, { remote, signal, idleTimeoutMs, onProgress }: CloneOptions) {
  return { repository, peers: remote.peers, signal, idleTimeoutMs, onProgress }
}

function kindOf({ selected }: ClonePlan): 'commit' | 'any' {
  return selected.every(({ source }) => source.startsWith(BRANCHES)) ? 'commit' : 'any'
}

/** The tags on the history of a single branch. */
async function tagsOf(
  repository: Repository,
  { listed, plan, shape }: Layout,
  options: CloneOptions,
): Promise<SelectedRef[]> {
  if (!shape.tags || !shape.singleBranch || listed.isOneBranch === true) return []
  const { remote, signal } = options
  const { tags } = await followTags({ repository, remote, signal }, { listed, selected: plan.selected, here: [] })
  const wants = tags.map(({ cid }) => cid)
  const haves = plan.selected.map(({ cid }) => cid)
  await transferWants({ ...transferOptions(repository, options), wants, haves, wanted: 'any' })
  return tags
}

function refsOfClone(
  { plan, shape, tags, tip }: Layout & { tags: SelectedRef[]; tip: CID | undefined },
  message: string,
): Pick<OperationPlan, 'refs' | 'head'> {
  const refs = new Map<string, RefUpdate>()
  for (const { target, cid } of [...plan.selected, ...tags]) {
    if (target !== undefined) refs.set(target, { name: target, before: undefined, after: cid, message })
  }
  if (tip === undefined) return { refs: [...refs.values()] }
  if (plan.isDetached) {
    const head = { before: { branch: plan.head }, after: { detached: tip }, message }
    return { refs: [...refs.values()], head }
  }
  if (!shape.bare) refs.set(plan.head, { name: plan.head, before: undefined, after: tip, message })
  return { refs: [...refs.values()] }
}

/** Where the clone came from, and what its branch follows. */
function keysOfClone({ listed, plan, shape }: Layout, options: CloneOptions): Map<string, unknown> {
  const { remoteName: name, bare, tags } = shape
  const keys = new Map<string, unknown>([[`remote.${name}.url`, options.url ?? options.remote.url]])
  if (plan.fetch.length > 0) keys.set(`remote.${name}.fetch`, plan.fetch.map(formatRefspec))
  if (listed.name !== undefined) keys.set(`remote.${name}.trustedName`, listed.name)
  if ((options.peers ?? []).length > 0) keys.set(`remote.${name}.peers`, options.peers)
  if (!tags) keys.set(`remote.${name}.tags`, 'none')
  if (bare) return keys
  if (listed.refs.some((ref) => ref.name === listed.head)) keys.set(`remote.${name}.head`, listed.head)
  if (!plan.isDetached) {
    const branch = plan.head.slice(BRANCHES.length)
    keys.set(`branch.${branch}.remote`, name)
    keys.set(`branch.${branch}.merge`, plan.head)
  }
  return keys
}

/** Keeps what another try can go on with. What another process is working on is not touched. */
function leaveOrRemove(destination: CloneDestination, error: unknown, { signal }: CloneOptions): void {
  if (error instanceof JzfsError && error.code === 'locked') return
  const mayGoOn = signal?.aborted === true || !(error instanceof JzfsError) || error.family === 'unavailable'
  if (!(mayGoOn && destination.hasBlocks())) destination.remove()
}
