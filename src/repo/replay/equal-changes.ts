import { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { CommitGraph, GraphCommit } from '../history/commit-graph.ts'
import { changeId, changeKey, type TreePair } from './change-id.ts'

/** Commits of two lines of history; none of them a merge. */
export interface TwoLines {
  own: readonly GraphCommit[]
  other: readonly GraphCommit[]
}

/**
 * Which of `own` make a change that one of `other` makes, too, by the texts of their CIDs. What changes nothing is no change
 * that could be there already. Files are only read where both change the same paths.
 */
export async function equalChanges(
  source: BlockSource,
  graph: CommitGraph,
  { own, other }: TwoLines,
  options: AbortOptions = {},
): Promise<Set<string>> {
  const equal = new Set<string>()
  if (other.length === 0 || own.length === 0) return equal
  const byKey = new Map<string, GraphCommit[]>()
  for (const commit of other) {
    const key = await changeKey(source, await treesOf(graph, commit, options), options)
    byKey.set(key, [...(byKey.get(key) ?? []), commit])
  }
  const ids = new Map<string, Promise<string>>()
  const idOf = async (commit: GraphCommit): Promise<string> => {
    const known =
      ids.get(commit.id) ?? treesOf(graph, commit, options).then((trees) => changeId(source, trees, options))
    ids.set(commit.id, known)
    return known
  }
  for (const commit of own) {
    const trees = await treesOf(graph, commit, options)
    if (trees.after?.equals(trees.before) === true) continue
    for (const candidate of byKey.get(await changeKey(source, trees, options)) ?? []) {
      if ((await idOf(commit)) === (await idOf(candidate))) equal.add(commit.id)
    }
  }
  return equal
}

async function treesOf(graph: CommitGraph, { tree, parents }: GraphCommit, options: AbortOptions): Promise<TreePair> {
  const [parent] = parents
  const before = parent === undefined ? undefined : (await graph.load(parent, options)).tree
  return { before: before === undefined ? undefined : CID.parse(before), after: CID.parse(tree) }
}
