import { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { DAG_JSON, RAW } from '../../model/cid.ts'
import { type NodeType, nodeType } from '../../model/commit/dag-json-node.ts'
import { decodeTag, type TaggedType } from '../../model/commit/tag.ts'
import { InvalidError } from '../../model/errors.ts'
import { readNode } from '../../model/unixfs/node.ts'
import type { CommitGraph } from '../history/commit-graph.ts'
import type { PeelTarget } from './revision-syntax.ts'

/** What a CID names; `unknown` is a DAG-JSON node that this version does not know. `file` is also an executable or a symlink. */
export type ObjectType = TaggedType | 'manifest' | 'unknown'

/** Says what a CID names, from its one block. Throws what the source throws, and IntegrityError `tree-invalid`. */
export async function readObjectType(store: BlockSource, cid: CID, options?: AbortOptions): Promise<ObjectType> {
  if (cid.code === RAW) return 'file'
  if (cid.code !== DAG_JSON) return (await readNode(store, { cid }, options)).kind === 'directory' ? 'tree' : 'file'
  const type = nodeType(cid, await store.get(cid, options))
  if (type === undefined) return 'unknown'
  return TYPES[type]
}

const TYPES: Record<NodeType, ObjectType> = {
  'jzfs/commit/1': 'commit',
  'jzfs/tag/1': 'tag',
  'jzfs/manifest/1': 'manifest',
  'jzfs/bundle/1': 'unknown',
}

/**
 * Follows tags, and a commit to its tree, until what is wanted is reached. Throws InvalidError `revision-wrong-type`
 * (details: `cid`, `is`, `wanted`) where it cannot be.
 */
export async function peel(
  store: BlockSource,
  graph: CommitGraph,
  start: CID,
  to: PeelTarget,
  options: AbortOptions = {},
): Promise<CID> {
  if (to === 'object') return start
  let cid = start
  for (;;) {
    const type = graph.loaded(cid.toString()) === undefined ? await readObjectType(store, cid, options) : 'commit'
    if (type === to || (to === 'no-tag' && type !== 'tag')) return cid
    if (type === 'tag') {
      cid = decodeTag(cid, await store.get(cid, options)).object
    } else if (type === 'commit' && to === 'tree') {
      // Not read here: whoever goes on reads it, and refuses what is no directory.
      return CID.parse((await graph.load(cid.toString(), options)).tree)
    } else {
      throw wrongType(cid, type, to)
    }
  }
}

const NAMES: Record<ObjectType, string> = {
  commit: 'a commit',
  tag: 'an annotated tag',
  tree: 'a directory',
  file: 'a file',
  manifest: 'a repository manifest',
  unknown: 'a node that this version does not know',
}

function wrongType(cid: CID, is: ObjectType, wanted: Exclude<PeelTarget, 'object'>): InvalidError {
  const wantedName = wanted === 'no-tag' ? 'an object' : NAMES[wanted]
  return new InvalidError('revision-wrong-type', `${cid.toString()} is ${NAMES[is]}, not ${wantedName}`, {
    hint: `name ${wantedName}`,
    details: { cid: cid.toString(), is, wanted },
  })
}
