import type { CID } from 'multiformats/cid'

import { decodeCommit } from '../../model/commit/commit.ts'
import type { Person } from '../../model/commit/person.ts'
import { ConflictError } from '../../model/errors.ts'
import type { OperationPlan } from '../../repo/operation/operation-plan.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import { updateOrigHead } from '../../repo/refs/pseudo-ref.ts'
import { isSameCid } from '../../repo/refs/refs.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveCommit } from '../../repo/revision.ts'
import type { RevisionOptions } from '../../repo/revision/revision-source.ts'
import { replayAfterSkip } from '../../repo/sequence/replay-sequence.ts'
import { readSequence, type Sequence } from '../../repo/sequence/sequence.ts'
import type { Lock } from '../../store/lock/lock.ts'
import { indexAtTree } from '../index/index-at-tree.ts'
import { writeIndexFile } from '../index/index-file.ts'
import { openIndex, type OpenIndexOptions } from '../index/open-index.ts'
import { recordIndex } from '../index/record-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { refuseNameCollisions } from '../rewrite/name-collisions.ts'
import { rewriteFiles, type RewriteOptions, type RewrittenFiles } from '../rewrite/rewrite-files.ts'
import { discardLocalChanges } from '../switch/switch-discarding.ts'
import { worktreeOf } from '../working-tree.ts'

/** What a reset takes along: nothing but the branch, the index too, or the index and the files. */
export type ResetMode = 'soft' | 'mixed' | 'hard'

export interface ResetOptions extends OpenIndexOptions, RewriteOptions, RevisionOptions {
  /** The command line and who runs it, for the logs. */
  command: string
  person: Person
  /** Where to go to. Default: HEAD, and on a branch without commits nothing. */
  revision?: string | undefined
  mode: ResetMode
  /** Discard also what is too much to be kept. */
  force?: boolean
}

/** A reset that was made. */
export interface Reset extends RewrittenFiles {
  before: CID | undefined
  after: CID | undefined
  /** Paths whose local content was thrown away, and kept in the store. */
  discarded: string[]
}

/**
 * Moves the branch of HEAD (or a detached HEAD) to a commit, with the index (`mixed`), or with index and tracked files
 * (`hard`): in one operation, which remembers as `ORIG_HEAD` where HEAD was. What tracked files hold beyond the index, and
 * untracked files that are in the way, is first kept in the store; other untracked files stay.
 *
 * A merge in progress ends, and of a cherry-pick, revert or rebase the commit at which it waits is left out. Throws
 * ConflictError `reset-in-the-middle` for a soft reset during one, or while paths are in conflict; InvalidError
 * `cannot-be-undone`, ConflictError `would-overwrite` and `names-collide`, and what `resolveCommit` throws. Then nothing was
 * changed.
 */
export async function resetTo(repository: Repository, options: ResetOptions): Promise<Reset> {
  if (options.mode !== 'soft') worktreeOf(repository)
  using lock = await repository.lock(options.command, options)
  const before = await repository.refs.headCommit()
  const { revision } = options
  const after = before === undefined && revision === undefined ? undefined : await findGoal(repository, options)
  const moves = await movesOf(repository, before, after, options)
  const done = await changeIndexAndFiles(repository, lock, after, moves, options)
  return { before, after, ...done }
}

function findGoal(repository: Repository, options: ResetOptions): Promise<CID> {
  return resolveCommit(repository, options.revision ?? 'HEAD', options)
}

type Moves = Pick<OperationPlan, 'command' | 'person' | 'refs' | 'head' | 'sequence'>

/** How HEAD's branch, `ORIG_HEAD` and what is in progress change; a reset to where HEAD is has its line in HEAD's log, too. */
async function movesOf(
  repository: Repository,
  before: CID | undefined,
  after: CID | undefined,
  { command, person, mode, revision = 'HEAD' }: ResetOptions,
): Promise<Moves> {
  const head = await repository.refs.head()
  const message = `reset: moving to ${revision}`
  const refs = [updateOrigHead(before)]
  const sequence = readSequence(repository)
  if (sequence !== undefined && mode === 'soft') throw inTheMiddle(`of a ${sequence.kind}`)
  const moves = {
    command,
    person,
    refs,
    ...(sequence === undefined ? {} : { sequence: { before: sequence, after: sequenceAfter(sequence) } }),
  }
  if (after === undefined) return moves
  if ('detached' in head) return { ...moves, head: { before: head, after: { detached: after }, message } }
  if (isSameCid(before, after)) return { ...moves, head: { before: head, after: head, message } }
  return { ...moves, refs: [...refs, { name: head.branch, before, after, message }] }
}

/** A merge ends; of other things that wait the commit at which they do is left out, and the rest can be gone on with. */
function sequenceAfter(sequence: Sequence): Sequence | undefined {
  return sequence.kind === 'merge' ? undefined : replayAfterSkip(sequence)
}

async function changeIndexAndFiles(
  repository: Repository,
  lock: Lock,
  after: CID | undefined,
  moves: Moves,
  options: ResetOptions,
): Promise<RewrittenFiles & { discarded: string[] }> {
  const nothing = { left: [], failed: [], discarded: [] }
  if (repository.worktree === undefined) {
    await runOperation(repository, lock, moves)
    return nothing
  }
  const index = await openIndex(repository, options)
  if (options.mode === 'soft') {
    if (index.isUnmerged()) throw inTheMiddle('of conflicts')
    await runOperation(repository, lock, moves)
    return nothing
  }
  const tree = after && decodeCommit(after, await repository.store.get(after)).tree
  if (options.mode === 'hard') return resetFiles(repository, lock, { index, tree, moves }, options)
  const pack = await repository.store.createPack(options)
  try {
    const next = await indexAtTree(repository.store, index, pack, tree, options)
    const before = await recordIndex(index, pack, repository.store)
    await pack.finish()
    await runOperation(repository, lock, {
      ...moves,
      index: { next: writeIndexFile(repository.layout.tmp, next, tree), before },
    })
    return nothing
  } finally {
    pack.abort()
  }
}

async function resetFiles(
  repository: Repository,
  lock: Lock,
  { index, tree, moves }: { index: StagingIndex; tree: CID | undefined; moves: Moves },
  options: ResetOptions,
): Promise<RewrittenFiles & { discarded: string[] }> {
  if (tree !== undefined) await refuseNameCollisions(repository, tree, options)
  const pack = await repository.store.createPack(options)
  try {
    const change = await discardLocalChanges(repository, { index, after: tree }, pack, options)
    const report = await rewriteFiles(
      repository,
      lock,
      pack,
      { ...moves, ...change, indexBefore: index, tree },
      options,
    )
    await repository.store.consolidate(lock, { signal: options.signal })
    return { ...report, discarded: change.discarded.map(({ path }) => path) }
  } finally {
    pack.abort()
  }
}

function inTheMiddle(where: string): ConflictError {
  return new ConflictError('reset-in-the-middle', `a soft reset is not possible in the middle ${where}`, {
    hint: 'a mixed one (`jzfs reset`) takes the index along, `jzfs reset --hard` the files too',
  })
}
