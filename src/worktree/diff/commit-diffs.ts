import { CID } from 'multiformats/cid'

import type { Commit } from '../../model/commit/commit.ts'
import type { CommitGraph } from '../../repo/history/commit-graph.ts'
import type { Repository } from '../../repo/repository.ts'
import type { FileDiff } from './file-diff.ts'
import { type DiffOptions, diffRevisions } from './find-diffs.ts'

/** What a merge is compared with: nothing, its first parent, or its first parent where it differs from every parent. */
export type MergeDiffs = 'none' | 'first-parent' | 'own'

/** How a commit differs from its parent; the first of a history, from nothing. */
export async function commitDiffs(
  repository: Pick<Repository, 'store'>,
  graph: CommitGraph,
  { tree, parents }: Pick<Commit, 'tree' | 'parents'>,
  { merges, ...options }: DiffOptions & { merges: MergeDiffs },
): Promise<FileDiff[]> {
  if (parents.length > 1 && merges === 'none') return []
  const before: (CID | undefined)[] = []
  for (const parent of parents) before.push(CID.parse((await graph.load(parent.toString(), options)).tree))
  if (parents.length < 2 || merges === 'first-parent') {
    return diffRevisions(repository, { before: before[0], after: tree }, options)
  }
  const withEach: FileDiff[][] = []
  for (const each of before) {
    withEach.push(await diffRevisions(repository, { before: each, after: tree }, { ...options, renames: false }))
  }
  const [first = [], ...others] = withEach
  const otherPaths = others.map((diffs) => new Set(diffs.map(({ path }) => path)))
  return first.filter(({ path }) => otherPaths.every((paths) => paths.has(path)))
}
