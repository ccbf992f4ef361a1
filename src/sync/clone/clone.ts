import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { Person } from '../../model/commit/person.ts'
import { JzfsError } from '../../model/errors.ts'
import { initRepository, type InitOptions } from '../../repo/init-repository.ts'
import type { OperationPlan } from '../../repo/operation/operation-plan.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import { beginPartial, endPartial } from '../../repo/refs/partial-ref.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Lock } from '../../store/lock/lock.ts'
import type { IpnsRecord } from '../names/ipns-record.ts'
import type { KnownNames } from '../names/known-names.ts'
import { type RemoteSource, resolveSource, sourceText } from '../names/remote-head.ts'
import type { Peer } from '../peer.ts'
import type { SyncProgress } from '../protocol/receive-blocks.ts'
import { type CloneDestination, takeDestination } from './clone-destination.ts'
import { type FetchedFromPeers, fetchFromPeers } from './fetch-from-peers.ts'

/** A clone whose blocks are all there and verified: only its refs, and its files, are to be made. */
export interface FetchedClone {
  repository: Repository
  lock: Lock
  commit: CID
  /** The refs and HEAD of the clone. Whoever writes files adds `index` and `worktree`. */
  plan: OperationPlan
}

export interface CloneOptions extends AbortOptions {
  /** The folder to make: missing, empty, or left by the same clone before. */
  directory: string
  source: RemoteSource
  peers: readonly Peer[]
  names: KnownNames
  /** The branch that is made and checked out (default `main`). */
  branch?: string | undefined
  bare?: boolean | undefined
  allowExpired?: boolean | undefined
  /** The command line, for locks and logs. */
  command: string
  person: Person
  now: Date
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
  commit: CID
  record: IpnsRecord | undefined
  /** What came; undefined where an earlier try had all of it. */
  fetched: FetchedFromPeers | undefined
  isResumed: boolean
}

/**
 * Clones a branch by its IPNS name, or a commit by its CID: history and, by `checkout`, files.
 *
 * Nothing is made before the name resolved and its record was trusted. A clone that stops leaves no destination, or,
 * where blocks came already, one that is marked as unfinished and that the same call goes on with. Throws what
 * `resolveName`, `takeDestination`, `fetchFromPeers` and `checkout` throw, and IntegrityError `not-a-commit`.
 */
export async function cloneRepository(options: CloneOptions): Promise<Clone> {
  const { directory, source, peers, names, bare = false, branch = 'main', init = {} } = options
  const head = await resolveSource(source, peers, names, options)
  const destination = await takeDestination(directory, { bare, source: `${sourceText(source)} ${branch}` })
  let repository: Repository | undefined
  try {
    repository = await initRepository(destination.directory, { ...init, bare, initialBranch: branch })
    const clone = await fillClone(repository, head.cid, { ...options, peers: head.peers })
    await destination.complete()
    return { ...clone, record: head.record, isResumed: destination.isResumed }
  } catch (error) {
    await repository?.close()
    leaveOrRemove(destination, error, options)
    throw error
  }
}

async function fillClone(
  repository: Repository,
  head: CID,
  options: CloneOptions,
): Promise<Pick<Clone, 'repository' | 'commit' | 'fetched'>> {
  const { branch = 'main', command, person, source, peers, signal, idleTimeoutMs, onProgress } = options
  using lock = await repository.lock(command, { signal })
  const ref = `refs/heads/${branch}`
  // Dying after its operation was written, an earlier try was complete: taking the lock has finished it.
  const done = await repository.refs.read(ref)
  if (done !== undefined) {
    await endPartial(repository.layout, head)
    return { repository, commit: done, fetched: undefined }
  }
  const { store, layout } = repository
  await beginPartial(layout, head)
  const fetched = await fetchFromPeers({ wants: [head], peers, store, signal, idleTimeoutMs, onProgress })
  const message = `clone: from ${sourceText(source)}`
  const plan: OperationPlan = {
    command,
    person,
    begins: true,
    refs: [{ name: ref, before: undefined, after: head, message }],
  }
  if (options.checkout === undefined) await runOperation(repository, lock, plan)
  else await options.checkout({ repository, lock, commit: head, plan }, { signal })
  await endPartial(layout, head)
  return { repository, commit: head, fetched }
}

/** Keeps what another try can go on with. What another process is working on is not touched. */
function leaveOrRemove(destination: CloneDestination, error: unknown, { signal }: CloneOptions): void {
  if (error instanceof JzfsError && error.code === 'locked') return
  const mayGoOn = signal?.aborted === true || !(error instanceof JzfsError) || error.family === 'unavailable'
  if (!(mayGoOn && destination.hasBlocks())) destination.remove()
}
