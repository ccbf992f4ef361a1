import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { DAG_JSON } from '../../model/cid.ts'
import { NotFoundError } from '../../model/errors.ts'
import type { CommitGraph } from '../history/commit-graph.ts'
import { mergeBasesWithAny } from '../merge-base.ts'
import type { Refs } from '../refs/refs.ts'

/**
 * The commit at which a history left a ref: a value that the ref once had, also where it was moved elsewhere since. Found
 * in its log; undefined where no value of it, or no single one, is the merge base. As `git merge-base --fork-point`.
 *
 * Values that are no longer here are passed over.
 */
export async function forkPoint(
  graph: CommitGraph,
  refs: Pick<Refs, 'log'>,
  ref: { name: string; cid: CID },
  commit: CID,
  options: AbortOptions = {},
): Promise<CID | undefined> {
  const values = new Map([[ref.cid.toString(), ref.cid]])
  for await (const { before, after } of refs.log(ref.name)) {
    for (const cid of [before, after]) if (cid?.code === DAG_JSON) values.set(cid.toString(), cid)
  }
  const here: CID[] = []
  for (const cid of values.values()) if (await isHere(graph, cid, options)) here.push(cid)
  const [base, ...more] = await mergeBasesWithAny(graph, commit, here, options)
  return base !== undefined && more.length === 0 && values.has(base.toString()) ? base : undefined
}

async function isHere(graph: CommitGraph, cid: CID, options: AbortOptions): Promise<boolean> {
  try {
    await graph.load(cid.toString(), options)
    return true
  } catch (error) {
    if (error instanceof NotFoundError) return false
    throw error
  }
}
