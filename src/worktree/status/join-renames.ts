import type { AbortOptions } from '../../model/block.ts'
import { createSimilarity } from '../../repo/merge/similarity.ts'
import { findRenames, type Rename, type RenameSide } from '../../repo/renames/find-renames.ts'
import type { ChangeSide } from './staged-changes.ts'

/** A path that changed; `from` and `similarity` where it is a renamed one. */
export interface JoinedChange<Side extends ChangeSide> {
  path: string
  /** Where the file was. */
  from?: string
  /** How alike it is to what was there, above 0; 1: the content is the same. */
  similarity?: number
  before: Side | undefined
  after: Side | undefined
}

/** How renames are found. */
export interface JoinRenamesOptions<Side extends ChangeSide> extends AbortOptions {
  /** The bytes of a file, in pieces. */
  read(side: Side, options: AbortOptions): AsyncIterable<Uint8Array>
  /** The least similarity of a rename, above 0; 1: only of the same content. Default: 0.5. */
  threshold?: number | undefined
}

/**
 * Joins removed and added paths to renames (`findRenames` says which): `path` is the new one, `from` the old. Other changes
 * stay. `changes` are in the order of the bytes of their paths. A file is read only where its size leaves it a chance.
 */
export async function joinRenames<Side extends ChangeSide, Change extends JoinedChange<Side>>(
  changes: readonly Change[],
  options: JoinRenamesOptions<Side>,
): Promise<Change[]> {
  const removed: Moved<Side>[] = []
  const added: Moved<Side>[] = []
  for (const { path, before, after } of changes) {
    if (before !== undefined && after === undefined) removed.push(moved(path, before))
    if (before === undefined && after !== undefined) added.push(moved(path, after))
  }
  if (removed.length === 0 || added.length === 0) return [...changes]
  const { renames } = await findRenames(removed, added, {
    threshold: options.threshold,
    signal: options.signal,
    estimate: createSimilarity<Moved<Side>>({ ...options, read: ({ side }, reading) => options.read(side, reading) }),
  })
  if (renames.length === 0) return [...changes]
  const bySource = new Set(renames.map(({ before }) => before.path))
  const byPath = new Map<string, Rename<Moved<Side>>>(renames.map((rename) => [rename.after.path, rename]))
  return changes.flatMap((change) => {
    if (change.after === undefined) return bySource.has(change.path) ? [] : [change]
    const rename = change.before === undefined ? byPath.get(change.path) : undefined
    if (rename === undefined) return [change]
    return [{ ...change, from: rename.before.path, similarity: rename.similarity, before: rename.before.side }]
  })
}

interface Moved<Side> extends RenameSide {
  side: Side
}

function moved<Side extends ChangeSide>(path: string, side: Side): Moved<Side> {
  return { path, kind: side.kind, contentCid: side.contentCid, size: side.size, side }
}
