import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { Person } from '../../model/commit/person.ts'
import { createReachedCommits } from '../../repo/history/reached-commits.ts'
import { endPartial } from '../../repo/refs/partial-ref.ts'
import type { Ref } from '../../repo/refs/ref-files.ts'
import { isSameCid } from '../../repo/refs/refs.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import type { Refspec } from '../../repo/remote/refspec.ts'
import type { Repository } from '../../repo/repository.ts'
import type { SyncProgress } from '../protocol/receive-blocks.ts'
import { type FollowedTags, followTags } from './follow-tags.ts'
import { moveTracking } from './move-tracking.ts'
import { explainNotServed } from './refused-peers.ts'
import type { Remote, RemoteRefs } from './remote.ts'
import { requireCommits } from './require-commits.ts'
import { keepsRefs, type RefSelection, type SelectedRef, selectRefs } from './select-refs.ts'
import { sharedCommits } from './shared-commits.ts'
import { NOTHING_TRANSFERRED, type Transferred, type TransferOptions, transferWants } from './transfer-wants.ts'
import { type JudgedUpdate, refuseCurrentBranch } from './update-tracking.ts'

/** What is fetched, from where, into which repository. */
export interface FetchRequest extends AbortOptions, RefSelection {
  repository: Repository
  remote: Remote
  /** Whether refs here are removed that the refspecs map from refs which the remote has no longer. */
  prune: boolean
  /** Refspecs whose tags are pruned too (`--prune-tags`); default none. */
  alsoPruned?: readonly Refspec[]
  /** Whether refs may be set to what does not contain what they are, also where no `+` says so. */
  force: boolean
  /** Says what would happen, and changes nothing. */
  isDryRun: boolean
  /** The name of the remote in the configuration, where the name that signs for it is kept; undefined for a URL. */
  remoteName: string | undefined
  command: string
  person: Person
  idleTimeoutMs?: number | undefined
  onProgress?: ((progress: SyncProgress) => void) | undefined
}

/** What a fetch did. */
export interface FetchResult {
  listed: RemoteRefs
  /** What became of each ref that is kept here, removed ones first; in the order of the refspecs. */
  updates: JudgedUpdate[]
  /** What was asked for to be merged: `FETCH_HEAD` is the first of it. */
  forMerge: SelectedRef[]
  /** All that was asked for. */
  selected: SelectedRef[]
  transferred: Transferred
}

/**
 * Brings what is new of a remote, and sets the refs here that follow it: all in one operation, once everything that they
 * reach is here. Where nothing is new, one question was asked and nothing is written.
 *
 * Interrupted, it leaves verified blocks, and the next one goes on with them. A ref that may not be moved is in the
 * result as `rejected`; the others are set. Throws what `Remote.list`, `selectRefs`, `transferWants` and `judgeUpdates`
 * throw, ConflictError `branch-checked-out`, and `locked`.
 */
export async function fetchRemote(request: FetchRequest): Promise<FetchResult> {
  const { repository, remote, signal } = request
  const listed = await remote.list({ signal })
  const selected = selectRefs(listed, request)
  const here = await repository.refs.list()
  await refuseCurrentBranch(
    repository,
    selected.flatMap(({ target }) => target ?? []),
  )
  // Held until refs name what came: nothing that is relied upon is swept in between.
  const isNothingNew = isAllHere(listed, selected, here)
  using _lease = isNothingNew ? undefined : await repository.store.lease({ signal })
  const wants = isNothingNew ? [] : await missingOf(selected, repository, await tipsOf(repository, here))
  const forMerge = selected.filter(({ isForMerge }) => isForMerge)
  const haves = wants.length === 0 ? [] : await sharedCommits(repository, { ...request, listed, here })
  const transferred = await bring(request, listed, { wants, haves })
  await requireCommits(repository.store, wants.length === 0 ? [] : selected, { signal })
  const followsTags = request.tags === 'follow' && keepsRefs(request)
  const followed = followsTags ? await followTags(request, { listed, selected, here }) : NO_TAGS
  const { tags } = followed
  const tips = [...here.map(({ cid }) => cid), ...wants]
  const tagWants = await missingOf(tags, repository, tips)
  const failed = { ...NOTHING_TRANSFERRED, failures: followed.failures }
  const withTags = addUp(
    addUp(transferred, failed),
    await bring(request, listed, { wants: tagWants, haves: followed.commits }),
  )
  const fetchHead = (forMerge[0] ?? selected[0])?.cid
  const judged = await moveTracking(request, { listed, here, selected: [...selected, ...tags], fetchHead })
  if (!request.isDryRun) for (const want of [...wants, ...tagWants]) await endPartial(repository.layout, want)
  return { listed, updates: judged, forMerge, selected, transferred: withTags }
}

async function tipsOf({ refs }: Repository, here: readonly Ref[]): Promise<CID[]> {
  const head = await refs.head()
  const tips = here.map(({ cid }) => cid)
  return 'detached' in head ? [...tips, head.detached] : tips
}

/** Those that no tip reaches: a commit may be here of a transfer that did not come to its end. */
async function missingOf(wanted: readonly { cid: CID }[], { store }: Repository, tips: readonly CID[]): Promise<CID[]> {
  const missing = new Map<string, CID>()
  if (wanted.length === 0) return []
  const reached = createReachedCommits(store, tips)
  for (const { cid } of wanted) {
    if (!missing.has(cid.toString()) && !(await reached.has(cid))) missing.set(cid.toString(), cid)
  }
  return [...missing.values()]
}

async function bring(
  request: FetchRequest,
  { refused }: RemoteRefs,
  { wants, haves }: Pick<TransferOptions, 'wants' | 'haves'>,
): Promise<Transferred> {
  if (wants.length === 0) return NOTHING_TRANSFERRED
  const { repository, remote, signal, idleTimeoutMs, onProgress } = request
  const { peers } = remote
  try {
    return await transferWants({ repository, peers, wants, haves, wanted: 'any', signal, idleTimeoutMs, onProgress })
  } catch (error) {
    throw explainNotServed(error, refused)
  }
}

const NO_TAGS: FollowedTags = { tags: [], commits: [], failures: [] }

function addUp(one: Transferred, other: Transferred): Transferred {
  return {
    blocks: one.blocks + other.blocks,
    bytes: one.bytes + other.bytes,
    resumed: one.resumed + other.resumed,
    failures: [...one.failures, ...other.failures],
  }
}

/** Whether refs here name all that could be fetched: then nothing has to be looked for. */
function isAllHere({ refs }: RemoteRefs, selected: readonly SelectedRef[], here: readonly Ref[]): boolean {
  const known = new Map(here.map(({ name, cid }) => [name, cid]))
  let cids: Set<string> | undefined
  const isHere = ({ target, cid }: SelectedRef): boolean => {
    // By name first: to write a thousand CIDs as text takes longer than all else.
    if (target !== undefined && isSameCid(known.get(target), cid)) return true
    cids ??= new Set(here.map((ref) => ref.cid.toString()))
    return cids.has(cid.toString())
  }
  return selected.every(isHere) && refs.every(({ name }) => !name.startsWith(TAGS) || known.has(name))
}
