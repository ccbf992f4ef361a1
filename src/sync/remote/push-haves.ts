import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { createReachedCommits } from '../../repo/history/reached-commits.ts'
import type { Repository } from '../../repo/repository.ts'
import { MAX_HAVES } from '../protocol/sync-limits.ts'
import type { Remote, RemoteRefs } from './remote.ts'

/**
 * Commits that the remote surely or probably has with all they reach, so that they are not sent: what it listed, as far
 * as that is here, then what was last seen of it.
 */
export async function pushHaves(
  { refs, store }: Repository,
  { listed, signal }: AbortOptions & { remote: Remote; listed: RemoteRefs; roots: readonly CID[] },
): Promise<CID[]> {
  const here = await refs.list()
  const reached = createReachedCommits(
    store,
    here.map(({ cid }) => cid),
  )
  const haves = new Map<string, CID>()
  for (const { cid } of listed.refs) {
    if (await reached.has(cid, { signal })) haves.set(cid.toString(), cid)
  }
  for (const { name, cid } of here) if (name.startsWith('refs/remotes/')) haves.set(cid.toString(), cid)
  return [...haves.values()].slice(0, MAX_HAVES)
}
