import { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { shortFormCodec } from '../../model/cid-text.ts'
import { DAG_JSON } from '../../model/cid.ts'
import { nodeType } from '../../model/commit/dag-json-node.ts'
import { NotFoundError } from '../../model/errors.ts'
import { linksOf } from '../../model/tree/reachability.ts'
import type { CommitGraph } from '../history/commit-graph.ts'
import type { RevisionSource } from './revision-source.ts'

/**
 * The CIDs that a short form can mean, sorted by text: of commits, annotated tags and root directories that refs, HEAD
 * and their logs reach. Empty where the text is no short form, or nothing has it.
 */
export async function findShortCid(
  source: RevisionSource,
  graph: CommitGraph,
  text: string,
  options: AbortOptions = {},
): Promise<CID[]> {
  if (shortFormCodec(text) === undefined) return []
  const found = new Set<string>()
  const seen = new Set<string>()
  const pending = await startingPoints(source)
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    options.signal?.throwIfAborted()
    const next = await linksOfNode(source.store, graph, id, options)
    for (const each of [id, ...next.leaves]) if (each.startsWith(text)) found.add(each)
    pending.push(...next.nodes)
  }
  return [...found].sort().map((id) => CID.parse(id))
}

async function startingPoints({ refs }: RevisionSource): Promise<string[]> {
  const points = new Set<string>()
  const head = await refs.headCommit()
  if (head !== undefined) points.add(head.toString())
  const listed = await refs.list()
  for (const { cid } of listed) points.add(cid.toString())
  for (const name of ['HEAD', ...listed.map((ref) => ref.name)]) {
    for await (const { before, after } of refs.log(name)) {
      for (const cid of [before, after]) if (cid !== undefined) points.add(cid.toString())
    }
  }
  return [...points]
}

interface NodeLinks {
  /** To commits and tags, which are gone on from, also from a manifest. */
  nodes: readonly string[]
  leaves: readonly string[]
}

const NOTHING: NodeLinks = { nodes: [], leaves: [] }

async function linksOfNode(
  store: BlockSource,
  graph: CommitGraph,
  id: string,
  options: AbortOptions,
): Promise<NodeLinks> {
  const known = graph.loaded(id)
  if (known !== undefined) return { nodes: known.parents, leaves: [known.tree] }
  const cid = CID.parse(id)
  if (cid.code !== DAG_JSON) return NOTHING
  try {
    const bytes = await store.get(cid, options)
    const type = nodeType(cid, bytes)
    if (type === 'jzfs/tag/1' || type === 'jzfs/manifest/1')
      return { nodes: linksOf(cid, bytes).map(String), leaves: [] }
    const commit = await graph.load(id, options)
    return { nodes: commit.parents, leaves: [commit.tree] }
  } catch (error) {
    // A log may remember what is long gone; that must not stop the search for what is here.
    if (error instanceof NotFoundError) return NOTHING
    throw error
  }
}
