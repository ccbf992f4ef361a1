import { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { DAG_JSON } from '../../model/cid.ts'
import { decodeCommit } from '../../model/commit/commit.ts'
import { nodeType } from '../../model/commit/dag-json-node.ts'
import { decodeTag } from '../../model/commit/tag.ts'
import { NotFoundError } from '../../model/errors.ts'
import { resolvePath } from '../../model/tree/tree-walk.ts'

/**
 * Follows a path from node to node as a gateway does: `tree/a.txt` and `parents/0/tree` from a commit, `object` from a tag,
 * names from a directory. Throws NotFoundError `path-not-found` (details: `cid`, `path`).
 */
export async function walkIpldPath(
  store: BlockSource,
  start: CID,
  segments: readonly string[],
  options?: AbortOptions,
): Promise<CID> {
  let cid = start
  for (let at = 0; at < segments.length;) {
    if (cid.code !== DAG_JSON) {
      const rest = segments.slice(at).join('/')
      return (await resolvePath(store, cid, rest, options))?.cid ?? notFound(start, segments)
    }
    const step = followNode(cid, await store.get(cid, options), segments, at)
    if (step === undefined) return notFound(start, segments)
    cid = step.cid
    at = step.at
  }
  return cid
}

function followNode(cid: CID, bytes: Uint8Array, segments: readonly string[], at: number) {
  const field = segments[at]
  if (nodeType(cid, bytes) === 'jzfs/tag/1') {
    return field === 'object' ? { cid: decodeTag(cid, bytes).object, at: at + 1 } : undefined
  }
  const { tree, parents, run } = decodeCommit(cid, bytes)
  if (field === 'tree') return { cid: tree, at: at + 1 }
  if (field === 'run') return run && { cid: run, at: at + 1 }
  const nth = segments[at + 1]
  if (field !== 'parents' || nth === undefined || !/^(?:0|[1-9]\d*)$/.test(nth)) return undefined
  const parent = parents[Number(nth)]
  return parent && { cid: parent, at: at + 2 }
}

function notFound(start: CID, segments: readonly string[]): never {
  const path = segments.join('/')
  throw new NotFoundError('path-not-found', `there is no ${path} in ${start.toString()}`, {
    hint: "write tree or parents/0 below a commit, object below a tag, an entry's name below a directory",
    details: { cid: start.toString(), path },
  })
}
