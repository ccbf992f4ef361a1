import type { CID } from 'multiformats/cid'

import { decodeCommit } from '../../model/commit/commit.ts'
import type { Person } from '../../model/commit/person.ts'
import type { OperationPlan, RefUpdate } from '../../repo/operation/operation-plan.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import { isSameHead, type Head } from '../../repo/refs/head.ts'
import { isSameCid } from '../../repo/refs/refs.ts'
import { planUpstream } from '../../repo/remote/plan-upstream.ts'
import type { Repository } from '../../repo/repository.ts'
import type { RevisionOptions } from '../../repo/revision/revision-source.ts'
import { readSequence, refuseSequence } from '../../repo/sequence/sequence.ts'
import type { Lock } from '../../store/lock/lock.ts'
import { asWritten } from '../index/index-file.ts'
import { openIndex, type OpenIndexOptions } from '../index/open-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { refuseUnmerged } from '../index/write-tree.ts'
import { refuseNameCollisions } from '../rewrite/name-collisions.ts'
import { rewriteFiles, type RewriteOptions, type RewrittenFiles } from '../rewrite/rewrite-files.ts'
import { type LookAhead, lookAhead } from '../scan/look-ahead.ts'
import { seenEntries } from '../scan/seen-entries.ts'
import type { KnownIndex } from '../status/status.ts'
import { keepsOf, worktreeOf } from '../working-tree.ts'
import { carryLocalChanges } from './switch-carrying.ts'
import { discardLocalChanges } from './switch-discarding.ts'
import { findSwitchGoal, type SwitchGoal, type SwitchRequest } from './switch-goal.ts'

export interface SwitchOptions extends OpenIndexOptions, RewriteOptions, RevisionOptions {
  /** The command line and who runs it, for the logs. */
  command: string
  person: Person
  /** Throw away local changes (`--discard-changes`): they are kept for undo. */
  discardChanges?: boolean
  /** Discard also what is too much to be kept. */
  force?: boolean
  /** Give up a merge, cherry-pick or revert that is in progress (git's `checkout --force`), rather than refuse to switch. */
  endSequence?: boolean
  /** Other refs that change in the same operation. */
  refs?: RefUpdate[]
  /** Look at all tracked files meanwhile, for a status that follows (`Switched.known`). */
  looksAhead?: boolean
}

/** A switch that was made. */
export interface Switched extends RewrittenFiles {
  before: { head: Head; commit: CID | undefined }
  after: { head: Head; commit: CID | undefined }
  /** Whether a branch was made or moved. */
  branch: SwitchGoal['branch']
  /** What it follows from now on, where that was said now. */
  followed: SwitchGoal['followed']
  /** Paths whose local content was thrown away, and kept in the store. */
  discarded: string[]
  /** The index as it is now, where that was asked for; `stop` ends the looking at files. */
  known?: (KnownIndex & { stop: () => void }) | undefined
}

/** The trees of a switch, and the index it starts from. */
export interface SwitchTrees {
  before: CID | undefined
  after: CID | undefined
  index: StagingIndex
}

/**
 * Goes to another branch or commit: HEAD, index and files, in one operation.
 *
 * Local changes are carried along as git does: they stay where both commits have the same, and where the index has already
 * what the goal has. Throws ConflictError `would-overwrite` (details: `paths`) where local changes or untracked files are in
 * the way, `sequence-in-progress`, `names-collide`, and `index-unmerged` unless local changes are thrown away; InvalidError
 * `cannot-be-undone`; and what `findSwitchGoal` throws. Then nothing was changed.
 */
export async function switchTo(
  repository: Repository,
  request: SwitchRequest,
  options: SwitchOptions,
): Promise<Switched> {
  worktreeOf(repository)
  using lock = await repository.lock(options.command, options)
  const sequence = endedSequence(repository, options)
  const before = { head: await repository.refs.head(), commit: await repository.refs.headCommit() }
  const goal = await findSwitchGoal(repository, request, options)
  const after = { head: goal.head, commit: goal.commit }
  const index = await openIndex(repository, options)
  if (options.discardChanges !== true) refuseUnmerged(index)
  const ahead = options.looksAhead ? lookAhead(worktreeOf(repository), index, keepsOf(repository)) : undefined
  const tree = await treeOf(repository, before.commit)
  const trees = { before: tree, after: goal.keepsFiles ? tree : await treeOf(repository, after.commit), index }
  const moves = { ...movesOf(before.head, goal, options), ...sequence, ...configOf(repository, goal) }
  const { index: next, ...done } = await changeFiles(repository, lock, trees, moves, options)
  return {
    before,
    after,
    branch: goal.branch,
    followed: goal.followed,
    ...done,
    known: ahead && knownIndex(repository, next, ahead),
  }
}

function knownIndex({ layout }: Repository, next: StagingIndex, ahead: LookAhead): Switched['known'] {
  const index = asWritten(next, layout.index)
  return { index, hasSeen: seenEntries(ahead, index), stop: ahead.stop }
}

type Moves = Pick<OperationPlan, 'command' | 'person' | 'refs' | 'head' | 'config' | 'sequence'>

/** What is in progress belongs to the branch that is left. A squashed merge does not: it is changes that are staged. */
function endedSequence(repository: Repository, { endSequence }: SwitchOptions): Pick<Moves, 'sequence'> {
  const sequence = readSequence(repository)
  if (sequence === undefined || (sequence.kind === 'merge' && sequence.squash)) return {}
  if (endSequence !== true || sequence.kind === 'rebase') refuseSequence(repository, 'switch branches')
  return { sequence: { before: sequence, after: undefined } }
}

async function changeFiles(
  repository: Repository,
  lock: Lock,
  trees: SwitchTrees,
  moves: Moves,
  options: SwitchOptions,
): Promise<RewrittenFiles & { discarded: string[]; index: StagingIndex }> {
  const nothing = { left: [], failed: [], discarded: [], index: trees.index }
  if (options.discardChanges !== true && isSameCid(trees.before, trees.after)) {
    if (moves.refs !== undefined || moves.head !== undefined || moves.sequence !== undefined)
      await runOperation(repository, lock, moves)
    return nothing
  }
  if (trees.after !== undefined) await refuseNameCollisions(repository, trees.after, options)
  const pack = await repository.store.createPack(options)
  try {
    const change =
      options.discardChanges === true
        ? await discardLocalChanges(repository, trees, pack, options)
        : await carryLocalChanges(repository, trees, pack, { signal: options.signal, hint: HINT })
    const report = await rewriteFiles(
      repository,
      lock,
      pack,
      { ...moves, ...change, indexBefore: trees.index, tree: trees.after },
      options,
    )
    await repository.store.consolidate(lock, { signal: options.signal })
    return { ...report, discarded: change.discarded.map(({ path }) => path), index: change.index }
  } finally {
    pack.abort()
  }
}

const HINT = 'commit them, move untracked files away, or throw them away with --discard-changes'

async function treeOf({ store }: Repository, commit: CID | undefined): Promise<CID | undefined> {
  return commit && decodeCommit(commit, await store.get(commit)).tree
}

/** How refs and HEAD move. Revisions like `@{-1}` read the message. */
function movesOf(before: Head, { head, refs: moved }: SwitchGoal, options: SwitchOptions): Moves {
  const { command, person } = options
  const refs = [...moved, ...(options.refs ?? [])]
  const message = `switch: moving from ${labelOf(before)} to ${labelOf(head)}`
  return {
    command,
    person,
    ...(refs.length === 0 ? {} : { refs }),
    ...(isSameHead(before, head) ? {} : { head: { before, after: head, message } }),
  }
}

function configOf(repository: Repository, { head, followed }: SwitchGoal): Pick<Moves, 'config'> {
  if (followed === undefined || 'detached' in head) return {}
  return { config: planUpstream(repository, head.branch.replace('refs/heads/', ''), followed) }
}

function labelOf(head: Head): string {
  return 'branch' in head ? head.branch.replace('refs/heads/', '') : head.detached.toString()
}
