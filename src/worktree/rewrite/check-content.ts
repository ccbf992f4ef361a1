import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { RAW } from '../../model/cid.ts'
import { NotFoundError } from '../../model/errors.ts'
import type { NodeEntry, TreeChange } from '../../model/tree/tree-diff.ts'
import { fileLeaves } from '../../model/unixfs/file-content.ts'
import type { Store } from '../../store/store.ts'

/**
 * Makes sure that what is to be written is here, block by block, before anything is changed. Nothing is read but the inner
 * nodes of large files. Throws NotFoundError `content-missing` (details: `path`, `cid`), and what the store throws for
 * nodes that are missing or corrupt.
 */
export async function checkContentIsHere(
  store: Store,
  changes: AsyncIterable<TreeChange>,
  options: AbortOptions = {},
): Promise<void> {
  for await (const { path, after } of changes) {
    const missing = after === undefined ? undefined : await firstMissing(store, after, options)
    if (missing === undefined) continue
    throw new NotFoundError('content-missing', `a part of the content of ${path} is not here: ${missing.toString()}`, {
      hint: '`jzfs verify` names all that is missing; fetch it from whoever has it',
      details: { path, cid: missing.toString() },
    })
  }
}

async function firstMissing(store: Store, { cid, node }: NodeEntry, options: AbortOptions): Promise<CID | undefined> {
  if (node.kind === 'directory' || node.kind === 'symlink') return undefined
  if (cid.code === RAW) return (await store.has(cid, options)) ? undefined : cid
  for await (const leaf of fileLeaves(store, cid, options)) {
    if (!(await store.has(leaf.cid, options))) return leaf.cid
  }
  return undefined
}
