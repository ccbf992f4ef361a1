import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import { readNode, type TreeNode } from '../../model/unixfs/node.ts'

const LOST = new Set(['block-missing', 'block-corrupt', 'pack-corrupt'])

/**
 * What is recorded of a path; undefined where its block is missing or corrupt. Then there is nothing that a file could be
 * compared with, and it counts as changed: adding it again brings the block back.
 */
export async function readRecordedNode(
  source: BlockSource,
  entry: { cid: CID; tsize?: number },
  options: AbortOptions,
): Promise<TreeNode | undefined> {
  try {
    return await readNode(source, entry, options)
  } catch (error) {
    if (error instanceof JzfsError && LOST.has(error.code)) return undefined
    throw error
  }
}
