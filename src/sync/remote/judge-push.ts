import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { NotFoundError } from '../../model/errors.ts'
import { createCommitGraph, type CommitGraph } from '../../repo/history/commit-graph.ts'
import { isAncestor } from '../../repo/merge-base.ts'
import { isSameCid } from '../../repo/refs/refs.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import { mapRef } from '../../repo/remote/map-refspecs.ts'
import type { Refspec } from '../../repo/remote/refspec.ts'
import type { Repository } from '../../repo/repository.ts'
import { peelToCommit } from './peel-to-commit.ts'
import type { RemoteRefs } from './remote.ts'
import type { SelectedPush } from './select-pushed.ts'

/** What refs there must be for a push to replace them, whatever they contain (`--force-with-lease`). */
export interface PushLease {
  /** Whether every ref that is pushed must be what the ref here says that follows it. */
  coversAll: boolean
  /** Single refs, short or in full, with what they must be: undefined for not there, `tracking` for what is said here. */
  refs: readonly { name: string; expected: CID | 'tracking' | undefined }[]
}

/** What becomes of a ref there: git's words. */
export type PushVerdict = 'new' | 'up-to-date' | 'fast-forward' | 'forced' | 'deleted' | 'rejected' | 'remote-rejected'

/** A ref there, and what becomes of it. */
export interface JudgedPush extends Omit<SelectedPush, 'force'> {
  before: CID | undefined
  verdict: PushVerdict
  /** Why it was rejected: git's words, or the remote's. */
  reason?: string
}

/** What a push is judged by. */
export interface PushRules extends AbortOptions {
  repository: Repository
  listed: RemoteRefs
  /** The refspecs of the remote: they say which refs here follow those there. */
  configured: readonly Refspec[]
  force: boolean
  lease: PushLease | undefined
}

/** Decides about each ref by git's rules, against what the remote listed. */
export async function judgePushes(selected: readonly SelectedPush[], rules: PushRules): Promise<JudgedPush[]> {
  const there = new Map(rules.listed.refs.map(({ name, cid }) => [name, cid]))
  const graph = createCommitGraph(rules.repository.store)
  const judged: JudgedPush[] = []
  for (const each of selected) judged.push(await judgePush(each, there.get(each.target), { ...rules, graph }))
  return judged
}

async function judgePush(
  { force, ...push }: SelectedPush,
  before: CID | undefined,
  rules: PushRules & { graph: CommitGraph },
): Promise<JudgedPush> {
  const { target, after } = push
  if (isSameCid(before, after)) return { ...push, before, verdict: 'up-to-date' }
  const lease = await leaseOf(target, rules)
  if (lease !== undefined && !isSameCid(lease.expected, before) && !(force || rules.force)) {
    return { ...push, before, verdict: 'rejected', reason: 'stale info' }
  }
  if (after === undefined) return { ...push, before, verdict: 'deleted' }
  if (before === undefined) return { ...push, before, verdict: 'new' }
  const reason = await whyNotForward(target, { before, after }, rules)
  if (reason === undefined) return { ...push, before, verdict: 'fast-forward' }
  if (force || rules.force || lease !== undefined) return { ...push, before, verdict: 'forced' }
  return { ...push, before, verdict: 'rejected', reason }
}

async function leaseOf(
  target: string,
  { repository, configured, lease }: PushRules,
): Promise<{ expected: CID | undefined } | undefined> {
  const named = lease?.refs.find(({ name }) => isNamed(target, name))
  if (named === undefined && lease?.coversAll !== true) return undefined
  if (named !== undefined && named.expected !== 'tracking') return { expected: named.expected }
  const tracking = mapRef(configured, target)
  return { expected: tracking === undefined ? undefined : await repository.refs.read(tracking) }
}

function isNamed(target: string, name: string): boolean {
  return [name, `refs/${name}`, `refs/tags/${name}`, `refs/heads/${name}`].includes(target)
}

/** Why a ref would lose something, or have to be looked at first; undefined where it only moves on. */
async function whyNotForward(
  target: string,
  { before, after }: { before: CID; after: CID },
  { repository: { store }, graph, signal }: PushRules & { graph: CommitGraph },
): Promise<string | undefined> {
  if (target.startsWith(TAGS)) return 'already exists'
  if (!(await store.has(before, { signal }))) return 'fetch first'
  try {
    const [current, next] = [
      await peelToCommit(store, before, { signal }),
      await peelToCommit(store, after, { signal }),
    ]
    if (current === undefined || next === undefined) return 'needs force'
    return (await isAncestor(graph, current, next, { signal })) ? undefined : 'non-fast-forward'
  } catch (error) {
    // Of what an interrupted fetch left, the history is not here whole.
    if (error instanceof NotFoundError && error.code === 'block-missing') return 'fetch first'
    throw error
  }
}
