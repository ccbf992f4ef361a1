import { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { DAG_JSON } from '../../model/cid.ts'
import { decodeCommit } from '../../model/commit/commit.ts'
import { nodeType } from '../../model/commit/dag-json-node.ts'
import { decodeTag } from '../../model/commit/tag.ts'
import { NotFoundError } from '../../model/errors.ts'
import { decodeManifest } from '../../model/manifest/manifest.ts'
import { resolvePath } from '../../model/tree/tree-walk.ts'

/**
 * Follows a path from node to node as a gateway does: `tree/a.txt` and `parents/0/tree` from a commit, `object` from a tag,
 * `branches/0/head` and `tags/0/target` from a manifest, names from a directory. Throws NotFoundError `path-not-found` (details: `cid`, `path`).
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
  const nth = indexOf(segments[at + 1])
  if (nodeType(cid, bytes) === 'jzfs/manifest/1') {
    const { branches, tags } = decodeManifest(cid, bytes)
    const link = segments[at + 2]
    const head = field === 'branches' && link === 'head' ? branches[nth]?.head : undefined
    const target = field === 'tags' && link === 'target' ? tags[nth]?.target : undefined
    const found = head ?? target
    return found && { cid: found, at: at + 3 }
  }
  const { tree, parents, run } = decodeCommit(cid, bytes)
  if (field === 'tree') return { cid: tree, at: at + 1 }
  if (field === 'run') return run && { cid: run, at: at + 1 }
  const parent = field === 'parents' ? parents[nth] : undefined
  return parent && { cid: parent, at: at + 2 }
}

/** A place in a list; -1 for what is none. */
function indexOf(segment = ''): number {
  return /^(?:0|[1-9]\d*)$/.test(segment) ? Number(segment) : -1
}

function notFound(start: CID, segments: readonly string[]): never {
  const path = segments.join('/')
  throw new NotFoundError('path-not-found', `there is no ${path} in ${start.toString()}`, {
    hint: "write tree or parents/0 below a commit, object below a tag, branches/0/head below a manifest, an entry's name below a directory",
    details: { cid: start.toString(), path },
  })
}
