import type { AbortOptions } from '../../model/block.ts'
import type { Person } from '../../model/commit/person.ts'
import { InvalidError, JzfsError, UnavailableError } from '../../model/errors.ts'
import type { ConfigChange } from '../../repo/config/config-change.ts'
import type { RefUpdate } from '../../repo/operation/operation-plan.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { UPDATE_BY_PUSH } from '../../repo/refs/reflog.ts'
import { isSameCid } from '../../repo/refs/refs.ts'
import { mapRef } from '../../repo/remote/map-refspecs.ts'
import { planUpstream } from '../../repo/remote/plan-upstream.ts'
import type { Refspec } from '../../repo/remote/refspec.ts'
import { findRemote } from '../../repo/remote/remote-config.ts'
import type { Repository } from '../../repo/repository.ts'
import type { SyncProgress } from '../protocol/receive-blocks.ts'
import { type JudgedPush, judgePushes, type PushLease, type PushVerdict } from './judge-push.ts'
import type { PushResult, Remote, RemoteRefs } from './remote.ts'
import { type PushSelection, selectPushed } from './select-pushed.ts'
import { sharedCommits } from './shared-commits.ts'
import { isNewSigner, planSigner } from './trusted-signer.ts'

/** What is pushed, from which repository, to where. */
export interface PushRemoteRequest extends AbortOptions, PushSelection {
  repository: Repository
  remote: Remote
  /** The name that the remote has in the configuration, or its URL. */
  remoteName: string
  /** The refspecs of the remote: they say which refs here follow those there; none for a URL. */
  configured: readonly Refspec[]
  force: boolean
  lease: PushLease | undefined
  /** Whether the branches that are pushed follow what they are pushed to from now on. */
  setsUpstream: boolean
  /** Says what would happen, and changes nothing. */
  isDryRun: boolean
  command: string
  person: Person
  idleTimeoutMs?: number | undefined
  onProgress?: ((progress: SyncProgress) => void) | undefined
}

/** What a push did. */
export interface PushedRemote {
  listed: RemoteRefs
  /** What became of each ref; where one is rejected nothing was pushed. */
  refs: JudgedPush[]
  isRejected: boolean
  /** Branches that follow what they were pushed to from now on, with its full name there. */
  upstreams: { branch: string; ref: string }[]
  sent: PushResult
}

/**
 * Pushes refs to a remote, all or none: what they reach is there before the first one moves, and each moves only where
 * it still is what the remote listed. Then the refs here that follow them are set, in one operation.
 *
 * Throws what `Remote.list`, `selectPushed` and `Remote.push` throw, InvalidError `remote-not-writable` for what nobody
 * can push to (the name of one branch, a bundle), and UnavailableError `push-forbidden` where we may not. A ref that the
 * rules, or the remote, refuse is no error: see `isRejected`.
 */
export async function pushRemote(request: PushRemoteRequest): Promise<PushedRemote> {
  const { repository, remote, signal } = request
  if (remote.push === undefined) throw notWritable(remote)
  const listed = await remote.list({ signal })
  if (listed.isOneBranch === true) throw oneBranch(remote)
  if (!listed.writable) throw forbidden(remote)
  using _lease = await repository.store.lease({ signal })
  const selected = await selectPushed(repository, listed, request, { signal })
  const judged = failTogether(await judgePushes(selected, { ...request, listed }))
  const result = { listed, refs: judged, isRejected: judged.some(isRejection), upstreams: [], sent: NOTHING_SENT }
  if (request.isDryRun) return result
  if (result.isRejected) {
    await follow({ ...request, setsUpstream: false }, judged.filter(isUnchanged), listed.name)
    return result
  }
  const updates = judged.filter(({ verdict }) => MOVING.has(verdict))
  try {
    const sent = updates.length === 0 ? NOTHING_SENT : await send(request, listed, updates)
    return { ...result, sent, upstreams: await follow(request, judged, listed.name) }
  } catch (error) {
    const refused = refusedBy(error, judged)
    if (refused === undefined) throw error
    return { ...result, refs: refused, isRejected: true }
  }
}

const NOTHING_SENT: PushResult = { blocks: 0, bytes: 0 }

const MOVING: ReadonlySet<PushVerdict> = new Set(['new', 'fast-forward', 'forced', 'deleted'])

function isRejection({ verdict }: JudgedPush): boolean {
  return verdict === 'rejected' || verdict === 'remote-rejected'
}

/** What the remote has is known then, also where nothing is pushed. */
function isUnchanged({ verdict }: JudgedPush): boolean {
  return verdict === 'up-to-date'
}

/** Where one ref is rejected none is pushed. */
function failTogether(judged: JudgedPush[]): JudgedPush[] {
  if (!judged.some(isRejection)) return judged
  return judged.map((each) =>
    MOVING.has(each.verdict) ? { ...each, verdict: 'rejected', reason: 'atomic push failed' } : each,
  )
}

async function send(
  { repository, remote, signal, idleTimeoutMs, onProgress }: PushRemoteRequest,
  listed: RemoteRefs,
  updates: readonly JudgedPush[],
): Promise<PushResult> {
  const here = await repository.refs.list()
  const haves = await sharedCommits(repository, { remote, listed, here, signal, idleTimeoutMs })
  const moves = updates.map(({ target: name, before, after }) => ({ name, before, after }))
  const sent = await remote.push?.(
    { updates: moves, haves, source: repository.store },
    { signal, idleTimeoutMs, onProgress },
  )
  return sent ?? NOTHING_SENT
}

/** What the remote would not do with one of the refs; undefined for what is wrong with the push as a whole. */
function refusedBy(error: unknown, judged: JudgedPush[]): JudgedPush[] | undefined {
  if (!(error instanceof JzfsError)) return undefined
  const ref = error.details['ref']
  if (!judged.some(({ target }) => target === ref)) return undefined
  // Somebody was faster since it was listed: what git calls by the same words.
  const reason = error.code === 'ref-changed' ? 'fetch first' : (refusalText(error) ?? error.message)
  const verdict = error.code === 'ref-changed' ? 'rejected' : 'remote-rejected'
  return judged.map((each) => {
    if (each.target === ref) return { ...each, verdict, reason }
    return MOVING.has(each.verdict) ? { ...each, verdict: 'rejected', reason: 'atomic push failed' } : each
  })
}

function refusalText(error: JzfsError): string | undefined {
  const text = error.details['reason']
  return typeof text === 'string' ? text : undefined
}

/** Sets the refs here that follow those that were pushed, and what branches follow. */
async function follow(
  request: PushRemoteRequest,
  judged: readonly JudgedPush[],
  signer: string | undefined,
): Promise<PushedRemote['upstreams']> {
  const { repository, configured, setsUpstream, remoteName, command, person, signal } = request
  using lock = await repository.lock(command, { signal })
  const refs: RefUpdate[] = []
  for (const { target, after } of judged) {
    const name = mapRef(configured, target)
    const before = name === undefined ? undefined : await repository.refs.read(name)
    if (name !== undefined && !isSameCid(before, after)) refs.push({ name, before, after, message: UPDATE_BY_PUSH })
  }
  const upstreams = setsUpstream ? judged.flatMap((each) => upstreamOfPush(each) ?? []) : []
  const config: ConfigChange[] = upstreams.flatMap(({ branch, ref }) =>
    planUpstream(repository, branch, { remote: remoteName, ref }),
  )
  const named = findRemote(repository.config, remoteName)?.name
  if (isNewSigner(repository, named, signer)) config.push(...planSigner(repository.layout, named, signer))
  if (refs.length > 0 || config.length > 0) await runOperation(repository, lock, { command, person, refs, config })
  return upstreams
}

function upstreamOfPush({ source, target, after }: JudgedPush): { branch: string; ref: string } | undefined {
  if (after === undefined || !source?.startsWith(BRANCHES) || !target.startsWith(BRANCHES)) return undefined
  return { branch: source.slice(BRANCHES.length), ref: target }
}

function notWritable({ url }: Remote): InvalidError {
  return new InvalidError('remote-not-writable', `nobody can push to ${url}`, {
    hint: 'push to a folder, or to a node: /ip4/…/p2p/PEER/REPOSITORY or https://HOST/REPOSITORY',
    details: { url },
  })
}

function oneBranch({ url }: Remote): InvalidError {
  return new InvalidError('remote-not-writable', `nobody can push to ${url}: it is the name of one branch`, {
    hint: 'push to the repository: its name is the one that clones all of it (there: `jzfs publish --list`); take it with `jzfs remote set-url origin URL`',
    details: { url },
  })
}

function forbidden({ url }: Remote): UnavailableError {
  return new UnavailableError('push-forbidden', `you may not push to ${url}`, {
    hint: 'ask its owner to add this node to its writers: `jzfs writer add PEER`, with the peer id that `jzfs id` prints',
    details: { url },
  })
}
