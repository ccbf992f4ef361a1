import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import { createCommitGraph } from '../../repo/history/commit-graph.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import type { Ref } from '../../repo/refs/ref-files.ts'
import type { Repository } from '../../repo/repository.ts'
import { negotiateHaves } from '../negotiate/negotiate-haves.ts'
import { peelToCommit } from './peel-to-commit.ts'
import type { Remote, RemoteRefs } from './remote.ts'

/**
 * Commits that are here with all they reach, and that the remote has as well: by them little more travels than the
 * difference. Found out from what it listed where that is enough, else by a few questions; a remote that cannot be asked
 * is told all that refs here name.
 */
export async function sharedCommits(
  { store }: Repository,
  {
    remote,
    listed,
    here,
    signal,
    idleTimeoutMs,
  }: AbortOptions & { remote: Remote; listed: RemoteRefs; here: readonly Ref[]; idleTimeoutMs?: number | undefined },
): Promise<CID[]> {
  const tips = await commitsOf(store, here, { signal })
  const peer = remote.peers.find(({ openSync }) => openSync !== undefined)
  const own = [...(listed.prerequisites ?? [])]
  if (tips.length === 0 || peer === undefined) return [...own, ...tips]
  const branches = listed.refs.filter(({ name }) => name.startsWith(BRANCHES)).map(({ cid }) => cid)
  try {
    const graph = createCommitGraph(store)
    return [...own, ...(await negotiateHaves(graph, { tips, listed: branches, peer, signal, idleTimeoutMs }))]
  } catch (error) {
    signal?.throwIfAborted()
    // Another peer may answer in its place; what this one would have said only saves sending.
    if (!(error instanceof JzfsError) || error.details['peer'] === undefined) throw error
    return [...own, ...tips]
  }
}

async function commitsOf(store: Repository['store'], refs: readonly Ref[], options: AbortOptions): Promise<CID[]> {
  const commits = new Map<string, CID>()
  const seen = new Set<string>()
  for (const { cid } of refs) {
    const id = cid.toString()
    if (seen.has(id)) continue
    seen.add(id)
    const commit = await peelToCommit(store, cid, options)
    if (commit !== undefined) commits.set(commit.toString(), commit)
  }
  return [...commits.values()]
}
