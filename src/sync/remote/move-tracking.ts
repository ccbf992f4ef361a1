import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { Person } from '../../model/commit/person.ts'
import type { RefUpdate } from '../../repo/operation/operation-plan.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import { FETCH_HEAD } from '../../repo/refs/pseudo-ref.ts'
import type { Ref } from '../../repo/refs/ref-files.ts'
import { isSameCid } from '../../repo/refs/refs.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import { findRemoteRef, unmapRef } from '../../repo/remote/map-refspecs.ts'
import type { Refspec } from '../../repo/remote/refspec.ts'
import type { Repository } from '../../repo/repository.ts'
import type { RemoteRefs } from './remote.ts'
import type { RefSelection, SelectedRef } from './select-refs.ts'
import { isNewSigner, planSigner } from './trusted-signer.ts'
import { type JudgedUpdate, judgeUpdates, type TrackingUpdate, type UpdateVerdict } from './update-tracking.ts'

/** How refs are moved after a fetch: see `FetchRequest`. */
export interface MoveRequest extends AbortOptions, RefSelection {
  repository: Repository
  remoteName: string | undefined
  prune: boolean
  alsoPruned?: readonly Refspec[]
  force: boolean
  isDryRun: boolean
  command: string
  person: Person
}

/** What is here, and what is to be named. */
export interface FetchedState {
  listed: RemoteRefs
  /** The refs here, as they were read. */
  here: readonly Ref[]
  /** What was asked for, and the tags that come along. */
  selected: readonly SelectedRef[]
  fetchHead: CID | undefined
}

/**
 * Sets the refs that follow a remote, removes those that it has lost, and remembers who signs for it: one operation, and none
 * where nothing changes. What differs is decided again under the lock, as refs may have moved meanwhile. Returns what became
 * of each ref, removed ones first.
 */
export async function moveTracking(request: MoveRequest, state: FetchedState): Promise<JudgedUpdate[]> {
  const { repository, command, person, isDryRun, remoteName, signal } = request
  const { layout, refs } = repository
  const { here, listed, fetchHead } = state
  const known = new Map(here.map(({ name, cid }) => [name, cid]))
  const updates = [...prunedUpdates(request, state), ...trackingUpdates(request, state.selected)]
  const differing = updates.filter(({ target, after }) => !isSameCid(known.get(target), after))
  const first = await judgeUpdates(repository, differing, { signal })
  const isHeadNew = !isSameCid(await refs.read(FETCH_HEAD), fetchHead)
  const isSignerNew = isNewSigner(repository, remoteName, listed.name)
  if (isDryRun || !(isHeadNew || isSignerNew || first.some(isChanging))) return withUnchanged(updates, first)
  using lock = await repository.lock(command, { signal })
  const judged = await judgeUpdates(repository, differing, { signal })
  const moved = judged.filter(isChanging).map((update) => refUpdate(update))
  const pseudo = { name: FETCH_HEAD, before: undefined, after: fetchHead, force: true as const, message: '' }
  const config = isSignerNew ? planSigner(layout, remoteName, listed.name) : []
  await runOperation(repository, lock, { command, person, refs: isHeadNew ? [...moved, pseudo] : moved, config })
  return withUnchanged(updates, judged)
}

function withUnchanged(updates: readonly TrackingUpdate[], judged: readonly JudgedUpdate[]): JudgedUpdate[] {
  const byTarget = new Map(judged.map((each) => [each.target, each]))
  return updates.map(({ source, target, after }) => {
    return byTarget.get(target) ?? { source, target, before: after, after, verdict: 'up-to-date' }
  })
}

/** Refs here that follow what the remote has no longer. */
function prunedUpdates(request: MoveRequest, { listed, here, selected }: FetchedState): TrackingUpdate[] {
  const { prune, refspecs, configured, alsoPruned = [] } = request
  if (!prune) return []
  const rules = [...(refspecs.length > 0 ? refspecs : configured), ...alsoPruned]
  const there = listed.refs.map(({ name }) => name)
  const set = new Set(selected.map(({ target }) => target))
  return here.flatMap(({ name }) => {
    const source = set.has(name) ? undefined : unmapRef(rules, name)
    if (source === undefined || findRemoteRef(source, there) !== undefined) return []
    return { source: undefined, target: name, after: undefined, force: false }
  })
}

function trackingUpdates({ force }: MoveRequest, selected: readonly SelectedRef[]): TrackingUpdate[] {
  return selected.flatMap((each) => {
    const { source, target, cid } = each
    return target === undefined ? [] : { source, target, after: cid, force: each.force || force }
  })
}

function isChanging({ verdict }: JudgedUpdate): boolean {
  return CHANGING.has(verdict)
}

const CHANGING: ReadonlySet<UpdateVerdict> = new Set(['new', 'fast-forward', 'forced', 'tag-update', 'deleted'])

const REFLOG_TEXTS: Partial<Record<UpdateVerdict, string>> = {
  'fast-forward': 'fast-forward',
  forced: 'forced-update',
  'tag-update': 'updating tag',
}

function refUpdate({ target, before, after, verdict }: JudgedUpdate): RefUpdate {
  const text = REFLOG_TEXTS[verdict] ?? (target.startsWith(TAGS) ? 'storing tag' : 'storing head')
  return { name: target, before, after, message: `fetch: ${text}` }
}
