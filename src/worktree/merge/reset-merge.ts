import type { CID } from 'multiformats/cid'

import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import type { OperationPlan } from '../../repo/operation/operation-plan.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Lock } from '../../store/lock/lock.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { differingPositions } from '../index/differing-positions.ts'
import { indexAtTree } from '../index/index-at-tree.ts'
import { updateIndex, type IndexChange } from '../index/index-update.ts'
import { openIndex, type OpenIndexOptions } from '../index/open-index.ts'
import { withoutConflicts } from '../index/record-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { filesInPlace } from '../rewrite/files-in-place.ts'
import { findLocalWork } from '../rewrite/find-local-work.ts'
import { keepLocalContent } from '../rewrite/keep-local-content.ts'
import { rewriteFiles, type RewriteOptions, type RewrittenFiles } from '../rewrite/rewrite-files.ts'
import { scanInTheWay } from '../rewrite/scan-in-the-way.ts'
import { wouldOverwrite } from '../rewrite/would-overwrite.ts'
import { unmergedPaths } from './conflict-changes.ts'
import { withArtefacts } from './resolved-artefacts.ts'

/** Where to go back to, and what else happens in the same operation. */
export interface MergeReset extends Pick<OperationPlan, 'command' | 'person' | 'refs' | 'head' | 'sequence'> {
  /** The tree that index and files shall have where the index has something else. Undefined: none. */
  tree: CID | undefined
}

/** What came of it. Artefacts that were changed are among the `left`. */
export interface MergeResetReport extends RewrittenFiles {
  /** Paths in conflict whose content was none of the sides': it is kept in the store. */
  discarded: string[]
}

/**
 * Takes back what a merge did to index and files, as git's `reset --merge`: paths at which the index is not as in `tree`, or in
 * conflict, are as in `tree` again; other local changes stay. Artefacts go if they are unchanged. The caller holds the lock.
 *
 * Throws, before anything is changed, ConflictError `would-overwrite` (details: `paths`) where staged files were changed since,
 * or untracked files are in the way, and InvalidError `cannot-be-undone`.
 */
export async function resetMerge(
  repository: Repository,
  lock: Lock,
  { tree, ...moves }: MergeReset,
  options: OpenIndexOptions & RewriteOptions = {},
): Promise<MergeResetReport> {
  const index = await openIndex(repository, options)
  const pack = await repository.store.createPack(options)
  try {
    const goal = await indexAtTree(repository.store, index, pack, tree, options)
    const change = await planReset(repository, index, goal, pack, options)
    const rewrite = { ...moves, ...change, index: goal, indexBefore: index, tree }
    const report = await rewriteFiles(repository, lock, pack, rewrite, options)
    return { ...report, discarded: change.discarded.map(({ path }) => path) }
  } finally {
    pack.abort()
  }
}

async function planReset(
  repository: Repository,
  index: StagingIndex,
  goal: StagingIndex,
  pack: PackWriter,
  options: RewriteOptions,
) {
  const changes = changesTo(index, goal)
  const conflicts = new Set(changes.map(({ path }) => path).filter((path) => isInConflict(index, path)))
  const found = scanInTheWay(
    repository,
    index,
    changes.map(({ path, entries }) => ({ path, after: entries[0]?.kind })),
  )
  const local = (await findLocalWork(repository, index, found, options)).filter((path) => !conflicts.has(path))
  if (local.length > 0) {
    const hint = 'commit or stage them, or throw them away with the merge: `jzfs reset --hard`'
    throw wouldOverwrite('local changes or untracked files would be overwritten', local, hint)
  }
  const scan = { ...found.scan, untracked: [] }
  const concerns = (path: string): boolean => conflicts.has(path)
  const kept = await keepLocalContent(repository, index, scan, pack, { ...options, force: false, concerns })
  const before = withArtefacts(withoutConflicts(kept.files), index.artefacts())
  const artefacts = index.artefacts().map(({ path }) => ({ path, entries: [] }))
  const back = [...artefacts, ...changes]
  const files = filesInPlace(before, updateIndex(before, back, []), found.untracked, back)
  if (files.before !== before) pack.add(EMPTY_DIRECTORY)
  return { files, discarded: kept.discarded }
}

function isInConflict(index: StagingIndex, path: string): boolean {
  const position = index.lowerBound(path)
  return position < index.count && index.stage(position) !== 0 && index.path(position) === path
}

/** What the goal has otherwise than the index; paths in conflict always. */
function changesTo(index: StagingIndex, goal: StagingIndex): Extract<IndexChange, { entries: unknown }>[] {
  const paths = new Set(unmergedPaths(index, undefined))
  const settled = withoutConflicts(index)
  for (const { from, to } of differingPositions(settled, goal)) {
    paths.add(from === undefined ? goal.path(to as number) : settled.path(from))
  }
  return [...paths].map((path) => {
    const position = goal.find(path)
    return { path, entries: position === -1 ? [] : [goal.entry(position)] }
  })
}
