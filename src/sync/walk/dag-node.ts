import type { CID } from 'multiformats/cid'

import { DAG_JSON, DAG_PB } from '../../model/cid.ts'
import { decodeCommit } from '../../model/commit/commit.ts'
import { nodeType } from '../../model/commit/dag-json-node.ts'
import { decodeTag, type TaggedType } from '../../model/commit/tag.ts'
import { IntegrityError } from '../../model/errors.ts'
import { decodeManifest } from '../../model/manifest/manifest.ts'
import { linkCid, scanNode } from '../../model/unixfs/dag-pb.ts'
import type { DagPlace, NodeKind, Role } from './dag-place.ts'

/** The links of one block that are followed, in their order, and what they must lead to. */
export interface DagNode {
  /** What it is; undefined where it was opened without looking. */
  kind: NodeKind | undefined
  /** How many links are followed. */
  count: number
  /** Bytes that it keeps in memory. */
  sizeBytes: number
  /** Bytes of the whole DAG below, by its own links; undefined where they do not say, or it is no part of a tree. */
  tsize: number | undefined
  /** The bytes of a link's CID: version 0 or 1, by sha2-256. */
  link(index: number): Uint8Array
  place(index: number): DagPlace
}

/**
 * Opens a commit, an annotated tag or a manifest, read strictly by the model. Throws IntegrityError `not-a-commit`,
 * `commit-invalid`, `not-a-tag`, `tag-invalid`, `not-a-manifest` or `manifest-invalid`.
 */
export function openDagJson(cid: CID, bytes: Uint8Array, role: Role): DagNode {
  const type = role === 'any' || role === 'target' ? nodeType(cid, bytes) : undefined
  if (role === 'manifest' || (role === 'any' && type === 'jzfs/manifest/1')) return openManifest(cid, bytes)
  return role === 'tag' || type === 'jzfs/tag/1' ? openTag(cid, bytes) : openCommit(cid, bytes)
}

/** Refuses a root whose codec tells that it is no commit, or no manifest, where it must be one: `not-a-commit`, `not-a-manifest`. */
export function checkRoot(root: CID, role: Role): void {
  if (root.code === DAG_JSON) return
  // For any other codec the decoder says what it is, without bytes.
  if (role === 'commit') decodeCommit(root, new Uint8Array(0))
  if (role === 'manifest') decodeManifest(root, new Uint8Array(0))
}

/** Opens a node of our own, or one that was checked before: all its links are followed, nothing else is looked at. */
export function openUnchecked(cid: CID, bytes: Uint8Array): DagNode {
  if (cid.code === DAG_JSON) return { ...openDagJson(cid, bytes, 'any'), kind: undefined }
  if (cid.code !== DAG_PB) throw unknownCodec(cid)
  const node = scanNode(cid, bytes)
  return {
    kind: undefined,
    count: node.count,
    sizeBytes: bytes.length,
    tsize: undefined,
    link: (index) => linkCid(node, index),
    place: (index) => ({ role: 'any', depth: 0, tsize: known(node.tsizes[index]) }),
  }
}

/** IntegrityError `codec-unknown`: a link to what is neither a leaf, nor a part of a tree, nor a commit or tag. */
export function unknownCodec(cid: CID): IntegrityError {
  return new IntegrityError('codec-unknown', `${cid.toString()} has the codec 0x${cid.code.toString(16)}`, {
    hint: 'it was made by a program that keeps other things in it; jzfs follows raw, dag-pb and dag-json',
    details: { cid: cid.toString() },
  })
}

/** A Tsize that a link has; a link that has none is scanned as -1. */
export function known(tsize: number | undefined): number | undefined {
  return tsize === undefined || tsize < 0 ? undefined : tsize
}

function openCommit(cid: CID, bytes: Uint8Array): DagNode {
  const { tree, parents } = decodeCommit(cid, bytes)
  const links = [tree.bytes, ...parents.map((parent) => parent.bytes)]
  return dagJsonNode('commit', links, (index) => ({ role: index === 0 ? 'tree' : 'commit', depth: 0 }))
}

function openTag(cid: CID, bytes: Uint8Array): DagNode {
  const { object, objectType } = decodeTag(cid, bytes)
  return dagJsonNode('tag', [object.bytes], () => ({ role: ROLES[objectType], depth: 0 }))
}

function openManifest(cid: CID, bytes: Uint8Array): DagNode {
  const { branches, tags } = decodeManifest(cid, bytes)
  const links = [...branches.map(({ head }) => head.bytes), ...tags.map(({ target }) => target.bytes)]
  return dagJsonNode('manifest', links, (index) => ({ role: index < branches.length ? 'commit' : 'target', depth: 0 }))
}

const ROLES: Record<TaggedType, Role> = { commit: 'commit', tag: 'tag', tree: 'tree', file: 'entry' }

function dagJsonNode(kind: NodeKind, links: readonly Uint8Array[], place: DagNode['place']): DagNode {
  const link = (index: number): Uint8Array => {
    const bytes = links[index]
    if (bytes === undefined) throw new RangeError(`no link ${index} in ${links.length}`)
    return bytes
  }
  return { kind, count: links.length, sizeBytes: 64 * links.length, tsize: undefined, link, place }
}
