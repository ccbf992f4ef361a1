import { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { CommitGraph } from '../history/commit-graph.ts'
import { diffLines } from '../text/diff-lines.ts'
import type { BlameOrigin, BlameOrigins } from './blame-origins.ts'
import type { FileVersions } from './file-versions.ts'
import { divideSpans, type LineSpan } from './line-spans.ts'
import { findRenameSource } from './rename-source.ts'

/** What a blame works with. */
export interface Blaming extends AbortOptions {
  readonly store: BlockSource
  readonly graph: CommitGraph
  readonly origins: BlameOrigins
  readonly versions: FileVersions
}

/** A version of a file whose lines may come from the parents of its commit. */
export interface PassingVersion {
  readonly path: string
  readonly parents: readonly string[]
  /** Undefined, as the content is, where there is no commit yet. */
  readonly tree: CID | undefined
  readonly contentCid: CID | undefined
  lines(): Promise<Int32Array>
}

/** The lines that no parent had, and the first parent's version that was compared with. */
export interface Passed {
  kept: LineSpan[]
  previous: BlameOrigin | undefined
}

/**
 * Passes lines on to the parents that had them, by git's rules: all to the first parent with the same content, at the path
 * or where the file was before; else to each parent in turn those lines that it had, of several of one content the first.
 */
export async function passToParents(blaming: Blaming, version: PassingVersion, spans: LineSpan[]): Promise<Passed> {
  const found: (BlameOrigin | undefined)[] = []
  for (const find of [findAtPath, findRenamed]) {
    for (const [at, parent] of version.parents.entries()) {
      if (found[at] !== undefined) continue
      const origin = await find(blaming, version, parent)
      if (origin !== undefined && version.contentCid?.equals(origin.version.contentCid) === true) {
        blaming.origins.add(origin, spans)
        return { kept: [], previous: undefined }
      }
      found[at] = origin
    }
  }
  const compared = withoutRepeats(found)
  let kept = spans
  for (const origin of compared) {
    if (kept.length === 0) break
    kept = await passDifferent(blaming, version, origin, kept)
  }
  return { kept, previous: compared[0] }
}

/** Passes on what a parent with another content had. Returns what it did not have. */
async function passDifferent(
  { versions, origins }: Blaming,
  version: PassingVersion,
  origin: BlameOrigin,
  spans: LineSpan[],
): Promise<LineSpan[]> {
  const [before, after] = [await versions.lines(origin.version), await version.lines()]
  const { passed, kept } = divideSpans(spans, diffLines(before, after), before.length - after.length)
  origins.add(origin, passed)
  return kept
}

function withoutRepeats(origins: readonly (BlameOrigin | undefined)[]): BlameOrigin[] {
  const known = new Set<string>()
  return origins.filter((origin): origin is BlameOrigin => {
    const content = origin?.version.contentCid.toString()
    if (content === undefined || known.has(content)) return false
    known.add(content)
    return true
  })
}

async function findAtPath(
  { graph, versions, origins, signal }: Blaming,
  { path }: PassingVersion,
  parent: string,
): Promise<BlameOrigin | undefined> {
  const commit = await graph.load(parent, { signal })
  const version = await versions.find(CID.parse(commit.tree), path)
  return version && origins.get(commit, path, version)
}

async function findRenamed(
  { store, graph, origins, signal }: Blaming,
  { path, tree }: PassingVersion,
  parent: string,
): Promise<BlameOrigin | undefined> {
  if (tree === undefined) return undefined
  const commit = await graph.load(parent, { signal })
  const source = await findRenameSource(store, path, { before: CID.parse(commit.tree), after: tree }, { signal })
  return source && origins.get(commit, source.path, source.version)
}
