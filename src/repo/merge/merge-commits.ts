import { CID } from 'multiformats/cid'

import type { AbortOptions, Block, BlockSource } from '../../model/block.ts'
import { DAG_JSON } from '../../model/cid.ts'
import { linksOf } from '../../model/tree/reachability.ts'
import type { CommitGraph } from '../history/commit-graph.ts'
import { mergeBases, mergeBasesWithAny } from '../merge-base.ts'
import type { BlockReceiver } from './file-mode.ts'
import { mergeTrees } from './merge-trees.ts'
import type { MergeOptions, TreeMerge } from './tree-merge.ts'

/** A merge of commits' trees, and what it started from. */
export interface CommitMerge extends TreeMerge {
  /** The best common ancestors, newest first; none for histories that have nothing in common. */
  bases: CID[]
}

/** Where commits and trees are read: a store, and a graph over it. */
export interface CommitSource {
  store: BlockSource
  graph: CommitGraph
}

/**
 * Merges the trees of two commits from their merge base. Where there are several (after criss-cross merges) they are
 * merged themselves first, from the oldest to the newest and as deep as it takes, into a virtual base, as git's ort does:
 * conflicts in it are left as marked text. Without any the base is an empty tree: whether histories that have nothing in
 * common may be merged is for the caller to decide.
 *
 * `bases` are the merge bases, where they are known. `receive` takes what the merge makes; blocks of a virtual base are among
 * it only where a conflict's base is one. Throws what `mergeTrees` and the graph throw.
 */
export async function mergeCommits(
  { store, graph }: CommitSource,
  receive: BlockReceiver,
  { ours, theirs, bases: known }: { ours: CID; theirs: CID; bases?: CID[] },
  options: MergeOptions = {},
): Promise<CommitMerge> {
  const bases = known ?? (await mergeBases(graph, ours, theirs, options))
  const made = new Map<string, Block>()
  const source: BlockSource = {
    get: async (cid, abort) => (made.size === 0 ? undefined : made.get(cid.toString())?.bytes) ?? store.get(cid, abort),
  }
  const joining: Joining = { source, graph, receive: (block) => void made.set(block.cid.toString(), block), options }
  const base = await joinBases(joining, bases, 1)
  const labels = { ours: 'ours', theirs: 'theirs', ...options.labels, base: options.labels?.base ?? baseLabel(bases) }
  const trees = { base, ours: await treeOf(graph, ours, options), theirs: await treeOf(graph, theirs, options) }
  const merge = await mergeTrees(source, receive, trees, { ...options, labels })
  for (const { stages } of merge.conflicts) if (stages.base !== undefined) hand(made, stages.base.cid, receive)
  return { ...merge, bases }
}

interface Joining extends Omit<CommitSource, 'store'> {
  source: BlockSource
  receive: BlockReceiver
  options: MergeOptions
}

/** The tree of one base, or the virtual one of several, given newest first; undefined where there is none. */
async function joinBases(
  { source, graph, receive, options }: Joining,
  bases: readonly CID[],
  depth: number,
): Promise<CID | undefined> {
  const [oldest, ...newer] = [...bases].reverse()
  if (oldest === undefined) return undefined
  let tree = await treeOf(graph, oldest, options)
  const joined = [oldest]
  for (const next of newer) {
    const below = await mergeBasesWithAny(graph, next, joined, options)
    const base = await joinBases({ source, graph, receive, options }, below, depth + 1)
    const { signal, style, similarity, renames } = options
    const merge = await mergeTrees(
      source,
      receive,
      { base, ours: tree, theirs: await treeOf(graph, next, options) },
      { signal, style, similarity, renames, depth, directoryRenames: 'ignore', labels: virtualLabels(below) },
    )
    tree = merge.tree
    joined.push(next)
  }
  return tree
}

function virtualLabels(bases: readonly CID[]): MergeOptions['labels'] {
  return { base: baseLabel(bases), ours: 'Temporary merge branch 1', theirs: 'Temporary merge branch 2' }
}

/** git's names of what is merged from. */
function baseLabel([base, ...others]: readonly CID[]): string {
  if (base === undefined) return 'empty tree'
  return others.length > 0 ? 'merged common ancestors' : base.toString().slice(0, SHORT_CID)
}

/** Characters of a CID's text that tell commits apart well enough for a reader: `bafy…` takes up the first. */
const SHORT_CID = 16

async function treeOf(graph: CommitGraph, commit: CID, options: AbortOptions): Promise<CID> {
  return CID.parse((await graph.load(commit.toString(), options)).tree)
}

/** Hands on a block that was made for a virtual base, with those below it. */
function hand(made: ReadonlyMap<string, Block>, cid: CID, receive: BlockReceiver): void {
  const block = made.get(cid.toString())
  if (block === undefined || cid.code === DAG_JSON) return
  for (const link of linksOf(cid, block.bytes)) hand(made, link, receive)
  receive(block)
}
