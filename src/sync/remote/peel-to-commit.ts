import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { DAG_JSON } from '../../model/cid.ts'
import { nodeType } from '../../model/commit/dag-json-node.ts'
import { decodeTag } from '../../model/commit/tag.ts'

/** The commit that a CID is, or leads to through tags; undefined where it is something else. */
export async function peelToCommit(
  source: BlockSource,
  start: CID,
  options: AbortOptions = {},
): Promise<CID | undefined> {
  for (let cid = start; cid.code === DAG_JSON;) {
    const bytes = source.getSync?.(cid) ?? (await source.get(cid, options))
    const type = nodeType(cid, bytes)
    if (type !== 'jzfs/tag/1') return type === 'jzfs/commit/1' ? cid : undefined
    cid = decodeTag(cid, bytes).object
  }
  return undefined
}
