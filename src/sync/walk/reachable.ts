import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { createDagWalk } from './dag-walk.ts'
import { passHaves } from './walk-source.ts'

/** What a walk of our own blocks leaves out. */
export interface ReachableOptions extends AbortOptions {
  /** Roots whose blocks are left out, with all they reach. */
  haves?: readonly CID[]
  /** Blocks that are left out, with all they reach: asked for each node and leaf once. */
  isKnown?: (cid: CID, isLeaf: boolean) => boolean
}

/**
 * All blocks that roots reach, each once, in the order of `/jzfs/sync/1`. Only nodes are read: leaves may be missing.
 * Throws what `source` throws for a node that is missing, and IntegrityError for one that cannot be read.
 */
export async function* reachable(
  source: BlockSource,
  roots: readonly CID[],
  { haves = [], isKnown, signal }: ReachableOptions = {},
): AsyncGenerator<CID> {
  const walk = createDagWalk()
  await passHaves(walk, haves, source, { signal })
  walk.begin(roots, { isStrict: false, role: 'any' })
  for (let block = walk.next(); block !== undefined; block = walk.next()) {
    const isLeftOut = isKnown?.(block.cid, block.isLeaf) ?? false
    if (block.isLeaf || isLeftOut) walk.pass()
    else walk.accept(await source.get(block.cid, { signal }))
    if (!isLeftOut) yield block.cid
  }
}
