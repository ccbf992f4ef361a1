import type { CID } from 'multiformats/cid'

import { InvalidError } from '../../model/errors.ts'
import { walkHistory } from '../../repo/history.ts'
import { createCommitGraph } from '../../repo/history/commit-graph.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveRevisions, splitRange } from '../../repo/revision-range.ts'
import type { RevisionOptions } from '../../repo/revision/revision-source.ts'
import type { ReplayOptions, ReplaySequence } from '../../repo/sequence/replay-sequence.ts'
import { refuseSequence } from '../../repo/sequence/sequence.ts'
import { openIndex } from '../index/open-index.ts'
import { refuseUnmerged, writeTree } from '../index/write-tree.ts'
import { worktreeOf } from '../working-tree.ts'
import { type ReplayReport, type ReplayRunOptions, runReplay, treeOfCommit } from './run-replay.ts'

export interface PickOptions extends ReplayRunOptions, RevisionOptions, ReplayOptions {}

/**
 * Makes the changes of commits again on HEAD (`cherry-pick`), or takes them back (`revert`): commits (`-` is the branch before),
 * and ranges, as `git rev-list` takes them. It is one operation, up to the end or to the first commit that cannot be made: there it waits.
 *
 * Throws, with nothing changed, ConflictError `sequence-in-progress`, `index-unmerged`, `staged-changes` and `would-overwrite`,
 * InvalidError `no-commits` where the revisions mean none, `mainline-needed`, `mainline-missing`, `nothing-to-revert` on a
 * branch without commits; and what `resolveRevisions` throws.
 */
export async function pickCommits(
  repository: Repository,
  kind: 'cherry-pick' | 'revert',
  revisions: readonly string[],
  options: PickOptions,
): Promise<ReplayReport> {
  worktreeOf(repository)
  using lock = await repository.lock(options.command, options)
  refuseSequence(repository, kind)
  const todo = await findCommits(repository, kind, revisions, options)
  const before = await repository.refs.headCommit()
  if (before === undefined && kind === 'revert') throw nothingToRevert()
  const { mainline, noCommit, recordsOrigin, empty, redundant, favour } = options
  const sequence: ReplaySequence = {
    kind,
    head: await repository.refs.head(),
    before,
    at: before,
    onto: undefined,
    done: [],
    todo,
    stopped: undefined,
    options: { mainline, noCommit, recordsOrigin, empty, redundant, favour },
  }
  const pack = await repository.store.createPack(options)
  try {
    const index = await openIndex(repository, options)
    refuseUnmerged(index)
    const headTree = await treeOfCommit(repository, before)
    // What is not to be committed goes on from what is staged.
    const staged =
      noCommit && index.count > 0
        ? await writeTree(index, (block) => void pack.add(block), repository.store)
        : undefined
    const tree = noCommit ? staged : headTree
    const on = { commit: before, tree }
    return await runReplay(
      repository,
      lock,
      pack,
      { before: undefined, sequence, on, indexTree: tree, message: kind },
      options,
    )
  } finally {
    pack.abort()
  }
}

/** The commits that are meant, in the order in which they are to be made: single ones as they were given, as git does. */
async function findCommits(
  repository: Repository,
  kind: 'cherry-pick' | 'revert',
  given: readonly string[],
  options: PickOptions,
): Promise<CID[]> {
  const revisions = given.map((text) => (text === '-' ? '@{-1}' : text))
  const graph = options.graph ?? createCommitGraph(repository.store)
  const { include, exclude } = await resolveRevisions(repository, revisions, { ...options, graph })
  const isList = revisions.every((text) => splitRange(text) === undefined && !/^\^|\^[@!]$|\^-\d*$/.test(text))
  if (isList) return include
  const walk = walkHistory(graph, { include, exclude, signal: options.signal })
  const commits = (await Array.fromAsync(walk)).map(({ cid }) => cid)
  if (commits.length === 0) {
    throw new InvalidError('no-commits', `there is no commit in ${revisions.join(' ')}`, {
      hint: 'look with `jzfs log`: `a..b` is what b has and a has not',
    })
  }
  return kind === 'revert' ? commits : commits.toReversed()
}

function nothingToRevert(): InvalidError {
  return new InvalidError('nothing-to-revert', 'there is no commit yet on this branch', {
    hint: 'switch to the branch that has it',
  })
}
