import type { CID } from 'multiformats/cid'

import { DAG_JSON, DAG_PB, RAW } from '../cid.ts'
import { decodeCommit } from '../commit/commit.ts'
import { nodeType } from '../commit/dag-json-node.ts'
import { decodeTag } from '../commit/tag.ts'
import { toCid } from '../directory/directory-read.ts'
import { IntegrityError } from '../errors.ts'
import { decodeManifest } from '../manifest/manifest.ts'
import { linkCid, scanNode } from '../unixfs/dag-pb.ts'

/**
 * The links of a block that clone, verify, gc and pin follow: the one answer to what belongs to what.
 *
 * Of a commit its tree and its parents, of a tag its object, of a manifest its branches' heads and its tags' targets, of
 * a dag-pb node all its links in their order and with repetitions, of a raw block none. Whoever follows them keeps a set of what was seen, so a DAG that repeats itself
 * costs no more than its blocks.
 *
 * IntegrityError `tree-invalid`, `commit-invalid`, `tag-invalid` or `manifest-invalid` for bytes that are not what they must be, and
 * `node-unknown` (details: `cid`) for a DAG-JSON node of another type or another codec.
 */
export function linksOf(cid: CID, bytes: Uint8Array): CID[] {
  switch (cid.code) {
    case RAW:
      return []
    case DAG_PB: {
      const node = scanNode(cid, bytes)
      return Array.from({ length: node.count }, (_, index) => toCid(linkCid(node, index)))
    }
    case DAG_JSON:
      return linksOfDagJson(cid, bytes)
    default:
      throw unknownNode(cid)
  }
}

function linksOfDagJson(cid: CID, bytes: Uint8Array): CID[] {
  const type = nodeType(cid, bytes)
  if (type === 'jzfs/commit/1') {
    const { tree, parents } = decodeCommit(cid, bytes)
    return [tree, ...parents]
  }
  if (type === 'jzfs/tag/1') {
    return [decodeTag(cid, bytes).object]
  }
  if (type === 'jzfs/manifest/1') {
    const { branches, tags } = decodeManifest(cid, bytes)
    return [...branches.map(({ head }) => head), ...tags.map(({ target }) => target)]
  }
  throw unknownNode(cid)
}

function unknownNode(cid: CID): IntegrityError {
  return new IntegrityError('node-unknown', `${cid.toString()} is no node of a dataset that this version knows`, {
    hint: 'look whether a newer jzfs knows it, or name another one',
    details: { cid: cid.toString() },
  })
}
