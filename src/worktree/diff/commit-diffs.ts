import { CID } from 'multiformats/cid'

import type { CommitGraph } from '../../repo/history/commit-graph.ts'
import type { Repository } from '../../repo/repository.ts'
import type { CombinedDiff } from './combined/render-combined.ts'
import type { FileDiff } from './file-diff.ts'
import { type DiffOptions, diffRevisions } from './find-diffs.ts'

/** A commit, as far as its changes are concerned; links are CID texts. */
interface CommitTrees {
  tree: string
  parents: readonly string[]
}

/** How a commit differs from its first parent, or its `nth` one (from 0); the first of a history, from nothing. */
export async function commitDiffs(
  repository: Pick<Repository, 'store'>,
  graph: CommitGraph,
  commit: CommitTrees,
  options: DiffOptions,
  nth = 0,
): Promise<FileDiff[]> {
  const parent = commit.parents[nth]
  const before = parent === undefined ? undefined : (await graph.load(parent, options)).tree
  if (before === commit.tree) return []
  return diffRevisions(
    repository,
    { before: before === undefined ? undefined : CID.parse(before), after: CID.parse(commit.tree) },
    options,
  )
}

/** The paths at which a merge differs from every parent, or to which a parent's file was renamed. */
export async function combinedDiffs(
  repository: Pick<Repository, 'store'>,
  graph: CommitGraph,
  commit: CommitTrees,
  options: DiffOptions,
): Promise<CombinedDiff[]> {
  const byParent: Map<string, FileDiff>[] = []
  for (const nth of commit.parents.keys()) {
    const diffs = await commitDiffs(repository, graph, commit, options, nth)
    byParent.push(new Map(diffs.map((diff) => [diff.path, diff])))
  }
  const [first, ...others] = byParent
  const combined: CombinedDiff[] = []
  for (const [path, diff] of first ?? []) {
    const all = [diff, ...others.flatMap((diffs) => diffs.get(path) ?? [])]
    if (all.length !== byParent.length) continue
    const isRenamed = all.map(({ from }) => from !== undefined)
    combined.push({ path, before: all.map(({ before }) => before), isRenamed, after: diff.after })
  }
  return combined
}
