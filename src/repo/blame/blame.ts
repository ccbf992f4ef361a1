import { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { NotFoundError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import type { CommitGraph } from '../history/commit-graph.ts'
import { type Lines, splitLines } from '../text/lines.ts'
import { type BlameOrigin, createBlameOrigins } from './blame-origins.ts'
import { createFileVersions } from './file-versions.ts'
import { type LineSpan, orderSpans } from './line-spans.ts'
import { type Blaming, passToParents } from './pass-to-parents.ts'

/** Lines of a text that one commit made, below each other there and here. Lines count from 0. */
export interface BlamedLines {
  start: number
  count: number
  /** Its CID as text; undefined: they are in no commit yet. */
  commit: string | undefined
  /** Where the lines are in that commit: a path, and the first line there. */
  path: string
  line: number
  /** The version before: of a parent that had the file, but not these lines. */
  previous: { commit: string; path: string } | undefined
  /** Whether the commit has no parents: the lines may be older than the history. */
  isBoundary: boolean
}

/** A text, and who made its lines. */
export interface Blame {
  lines: Lines
  /** In the order of the lines; of the ranges asked for. */
  blamed: BlamedLines[]
}

/** What is blamed: a file of a commit, or a text that would be one of a commit with these parents. */
export type BlameStart =
  | { path: string; commit: CID }
  | { path: string; commit: undefined; parents: readonly CID[]; bytes: Uint8Array }

export interface BlameOptions extends AbortOptions {
  /** Chooses lines of the text: from `start` to before `end`, in order. Default: all. */
  ranges?: (lines: Lines) => readonly { start: number; end: number }[]
  /** Whether lines count as the same where only white space differs. */
  ignoresSpace?: boolean | undefined
}

/**
 * Finds for each line of a text the commit that made it, as `git blame` does: lines go back to the parents that had them,
 * through renames of whole files. A version is compared line by line only with parents that have another content.
 *
 * Throws NotFoundError `path-not-found`, InvalidError `blame-too-large`, and what the store throws.
 */
export async function blame(
  { store, graph }: { store: BlockSource; graph: CommitGraph },
  start: BlameStart,
  options: BlameOptions = {},
): Promise<Blame> {
  const { signal } = options
  const versions = createFileVersions(store, options)
  const blaming: Blaming = { store, graph, origins: createBlameOrigins(), versions, signal }
  const blamed: BlamedLines[] = []
  const spansOf = (lines: Lines): LineSpan[] => {
    const ranges = options.ranges?.(lines) ?? [{ start: 0, end: lines.count }]
    return ranges.map((range) => ({ start: range.start, line: range.start, count: range.end - range.start }))
  }
  let lines: Lines
  if (start.commit === undefined) {
    lines = splitLines(start.bytes)
    const numbers = Promise.resolve(versions.linesOf(start.bytes))
    const uncommitted = { path: start.path, tree: undefined, contentCid: undefined, lines: () => numbers }
    const parents = start.parents.map(String)
    const { kept, previous } = await passToParents(blaming, { ...uncommitted, parents }, spansOf(lines))
    if (previous === undefined) throw notFound(start.path, parents[0])
    for (const span of kept) blamed.push(blamedOn(start.path, undefined, previous, span))
  } else {
    const origin = await findStart(blaming, start.commit, start.path)
    lines = splitLines(await versions.read(origin.version))
    blaming.origins.add(origin, spansOf(lines))
  }
  for (let next = blaming.origins.next(); next !== undefined; next = blaming.origins.next()) {
    signal?.throwIfAborted()
    const { origin, spans } = next
    const { kept, previous } = await passToParents(blaming, versionOf(blaming, origin), orderSpans(spans))
    origin.previous ??= previous
    for (const span of kept) blamed.push(blamedOn(origin.path, origin, origin.previous, span))
  }
  return { lines, blamed: joinNeighbours(blamed.sort((a, b) => a.start - b.start)) }
}

async function findStart({ graph, versions, origins, signal }: Blaming, cid: CID, path: string): Promise<BlameOrigin> {
  const commit = await graph.load(cid.toString(), { signal })
  const version = await versions.find(CID.parse(commit.tree), path)
  if (version !== undefined) return origins.get(commit, path, version)
  throw notFound(path, commit.id)
}

function notFound(path: string, commit: string | undefined): NotFoundError {
  return new NotFoundError('path-not-found', `there is no file ${quoteName(path)} in ${commit ?? 'any commit'}`, {
    hint: 'see what is there with `jzfs ls REV`',
    details: { path, commit },
  })
}

function versionOf({ versions }: Blaming, { path, commit, version }: BlameOrigin) {
  return {
    path,
    parents: commit.parents,
    tree: CID.parse(commit.tree),
    contentCid: version.contentCid,
    lines: () => versions.lines(version),
  }
}

function blamedOn(
  path: string,
  origin: BlameOrigin | undefined,
  previous: BlameOrigin | undefined,
  { start, line, count }: LineSpan,
): BlamedLines {
  return {
    start,
    count,
    commit: origin?.commit.id,
    path,
    line,
    previous: previous && { commit: previous.commit.id, path: previous.path },
    isBoundary: origin?.commit.parents.length === 0,
  }
}

function joinNeighbours(blamed: readonly BlamedLines[]): BlamedLines[] {
  const joined: BlamedLines[] = []
  for (const each of blamed) {
    const last = joined.at(-1)
    if (last !== undefined && isBehind(each, last)) last.count += each.count
    else joined.push({ ...each })
  }
  return joined
}

/** Whether lines go on where others end, here and in the commit of both. */
function isBehind(each: BlamedLines, last: BlamedLines): boolean {
  const isSame = each.commit === last.commit && each.path === last.path
  return isSame && each.start === last.start + last.count && each.line === last.line + last.count
}
