import type { CID } from 'multiformats/cid'

import type { CommitGraph, GraphCommit } from '../../repo/history/commit-graph.ts'
import type { Peer } from '../peer.ts'
import { askKnown, type AskOptions } from '../protocol/ask-peer.ts'
import { MAX_HAVES } from '../protocol/sync-limits.ts'
import { createOwnHistory, type OwnHistory } from './own-history.ts'

/** What both sides have is looked for. */
export interface NegotiateOptions extends AskOptions {
  /** Our commits: each is here with all that it reaches. */
  tips: readonly CID[]
  /** The commits that the peer's refs name. */
  listed: readonly CID[]
  peer: Peer
  /** How many of the newest commits are asked about first (default 256). */
  firstCommits?: number
}

const FIRST_COMMITS = 256

/** Round trips at most. On a straight history three find the place among a million commits. */
const MAX_ROUNDS = 4

/**
 * The newest commits that are here, with all that they reach, and that the peer has too: at most 4096, none of which
 * another one reaches as far as was read. By them a fetch or a push sends little more than the difference.
 *
 * What the peer's refs name and we have too is known without a question; where that is all that they name, there is
 * none. Else it is asked about the newest of our commits and, at growing distances, about older ones that were read; then
 * once or twice more, narrowing down. What stays open counts as not there. `graph` reads our own commits.
 *
 * Throws what `askKnown` and `graph` throw.
 */
export async function negotiateHaves(graph: CommitGraph, options: NegotiateOptions): Promise<CID[]> {
  const { tips, listed, firstCommits = FIRST_COMMITS, signal } = options
  const history = createOwnHistory(graph, tips)
  await history.read(tips.length, { signal })
  const isAllHere = await markListed(history, graph, listed, options)
  if (!isAllHere) {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      await history.read(round === 0 ? firstCommits : Number.POSITIVE_INFINITY, { signal })
      const open = history.open()
      if (open.length > 0) await ask(history, round === 0 ? nearest(open, firstCommits) : spread(open), options)
      else if (!history.hasMore) break
    }
  }
  return history
    .known()
    .slice(0, MAX_HAVES)
    .map(({ cid }) => cid)
}

/** Marks what the peer's refs name, and says whether all of that is here. */
async function markListed(
  history: OwnHistory,
  graph: CommitGraph,
  listed: readonly CID[],
  { signal }: NegotiateOptions,
): Promise<boolean> {
  let isAllHere = true
  for (const cid of listed) {
    const id = cid.toString()
    // What is not among our tips may be one of their ancestors, or a piece of what was never fetched whole.
    if (!history.has(id) && (await isStored(graph, id, { signal }))) {
      while (!history.has(id) && history.hasMore) await history.read(READ_AT_ONCE, { signal })
    }
    if (history.has(id)) history.markKnown(id)
    else isAllHere = false
  }
  return isAllHere
}

const READ_AT_ONCE = 256

async function isStored(graph: CommitGraph, id: string, options: AskOptions): Promise<boolean> {
  try {
    await graph.load(id, options)
    return true
  } catch {
    options.signal?.throwIfAborted()
    // Not here, or no commit: what is damaged shows where it is needed.
    return false
  }
}

async function ask(history: OwnHistory, commits: readonly GraphCommit[], options: NegotiateOptions): Promise<void> {
  const known = await askKnown(
    options.peer,
    commits.map(({ cid }) => cid),
    options,
  )
  const ids = new Set(known.map(String))
  for (const { id } of commits) {
    if (ids.has(id)) history.markKnown(id)
    else history.markUnknown(id)
  }
}

/** The newest commits, and older ones each twice as far away as the one before. */
function nearest(open: readonly GraphCommit[], count: number): GraphCommit[] {
  const chosen = open.slice(0, Math.min(count, MAX_HAVES - 64))
  for (let at = chosen.length * 2; at > 0 && at < open.length; at *= 2) chosen.push(open[at]!)
  const oldest = open.at(-1)
  return oldest === undefined || chosen.includes(oldest) ? chosen : [...chosen, oldest]
}

/** All of them, or as many as one question takes, at equal distances. */
function spread(open: readonly GraphCommit[]): GraphCommit[] {
  if (open.length <= MAX_SPREAD) return [...open]
  return Array.from({ length: MAX_SPREAD }, (_, at) => open[Math.floor((at * open.length) / MAX_SPREAD)]!)
}

/** More would cost more than the round trip that they save. */
const MAX_SPREAD = 1024
