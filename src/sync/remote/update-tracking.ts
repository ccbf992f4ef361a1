import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { ConflictError, InvalidError } from '../../model/errors.ts'
import { createCommitGraph } from '../../repo/history/commit-graph.ts'
import { isAncestor } from '../../repo/merge-base.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { isSameCid } from '../../repo/refs/refs.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import type { Repository } from '../../repo/repository.ts'
import { peelToCommit } from './peel-to-commit.ts'

/** A ref here that a remote has another value for. */
export interface TrackingUpdate {
  /** What the remote calls it; undefined where the remote has it no longer. */
  source: string | undefined
  /** The ref here. */
  target: string
  after: CID | undefined
  /** Whether `after` need not contain what the ref is. */
  force: boolean
}

/** What becomes of a ref. git's words, except for `deleted`. */
export type UpdateVerdict = 'new' | 'up-to-date' | 'fast-forward' | 'forced' | 'tag-update' | 'deleted' | 'rejected'

/** A ref here, and what becomes of it. */
export interface JudgedUpdate extends Omit<TrackingUpdate, 'force'> {
  before: CID | undefined
  verdict: UpdateVerdict
  /** Why it was rejected. */
  reason?: 'non-fast-forward' | 'would clobber existing tag'
}

/**
 * Decides about each update by git's rules, all commits being here: a tag that is there stays unless forced, any other
 * ref moves on, or anywhere where it is forced. Throws InvalidError `branch-not-a-commit` for a branch of something else.
 */
export async function judgeUpdates(
  repository: Repository,
  updates: readonly TrackingUpdate[],
  options: AbortOptions = {},
): Promise<JudgedUpdate[]> {
  const { store, refs } = repository
  const graph = createCommitGraph(store)
  const judge = async ({ force, ...update }: TrackingUpdate): Promise<JudgedUpdate> => {
    const { target, after } = update
    const before = await refs.read(target)
    if (isSameCid(before, after)) return { ...update, before, verdict: 'up-to-date' }
    if (after === undefined) return { ...update, before, verdict: 'deleted' }
    const commit = await peelToCommit(store, after, options)
    checkBranch(target, after, commit)
    if (before === undefined) return { ...update, before, verdict: 'new' }
    if (target.startsWith(TAGS)) {
      if (force) return { ...update, before, verdict: 'tag-update' }
      return { ...update, before, verdict: 'rejected', reason: 'would clobber existing tag' }
    }
    const current = await peelToCommit(store, before, options)
    if (current === undefined || commit === undefined) return { ...update, before, verdict: 'new' }
    if (await isAncestor(graph, current, commit, options)) return { ...update, before, verdict: 'fast-forward' }
    if (force) return { ...update, before, verdict: 'forced' }
    return { ...update, before, verdict: 'rejected', reason: 'non-fast-forward' }
  }
  const judged: JudgedUpdate[] = []
  for (const update of updates) judged.push(await judge(update))
  return judged
}

/**
 * Refuses to move the branch that somebody works on: its files would not follow. ConflictError `branch-checked-out`
 * (details: `branch`).
 */
export async function refuseCurrentBranch({ refs, bare }: Repository, targets: Iterable<string>): Promise<void> {
  const head = await refs.head()
  if (bare || 'detached' in head) return
  for (const target of targets) {
    if (target !== head.branch) continue
    throw new ConflictError('branch-checked-out', `refusing to fetch into the branch that is checked out: ${target}`, {
      hint: 'fetch it to another ref and merge that, or use `jzfs pull`',
      details: { branch: target },
    })
  }
}

function checkBranch(target: string, after: CID, commit: CID | undefined): void {
  if (!target.startsWith(BRANCHES) || (commit !== undefined && commit.equals(after))) return
  throw new InvalidError('branch-not-a-commit', `${target} can name a commit only, and ${after.toString()} is none`, {
    hint: 'fetch it to a tag: SOURCE:refs/tags/NAME',
    details: { ref: target, cid: after.toString() },
  })
}
