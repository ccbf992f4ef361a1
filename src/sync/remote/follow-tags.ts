import type { CID } from 'multiformats/cid'

import type { AbortOptions, Block, BlockSource } from '../../model/block.ts'
import { DAG_JSON } from '../../model/cid.ts'
import { JzfsError, NotFoundError } from '../../model/errors.ts'
import { createReachedCommits } from '../../repo/history/reached-commits.ts'
import type { Ref } from '../../repo/refs/ref-files.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Peer } from '../peer.ts'
import { askBlocks } from '../protocol/ask-blocks.ts'
import { MAX_WANTS } from '../protocol/sync-limits.ts'
import { peelToCommit } from './peel-to-commit.ts'
import type { Remote, RemoteRef, RemoteRefs } from './remote.ts'
import type { SelectedRef } from './select-refs.ts'

/** What is there, what was fetched of it, and what was here before. */
interface FetchedRefs {
  listed: RemoteRefs
  selected: readonly SelectedRef[]
  here: readonly Ref[]
}

/** Tags that come along, and what was wrong with peers that were asked for them. */
export interface FollowedTags {
  tags: SelectedRef[]
  /** What they tag: commits that are here with all they reach. */
  commits: CID[]
  failures: JzfsError[]
}

/**
 * The tags of a remote that are new here and tag a commit of the history that is here by now: they come along with what
 * was fetched. What a tag that is not here names is found out from its one block; where nobody gives it, the tag is left
 * out.
 */
export async function followTags(
  request: AbortOptions & { repository: Repository; remote: Remote },
  { listed, selected, here }: FetchedRefs,
): Promise<FollowedTags> {
  const { repository, remote, signal } = request
  const { store } = repository
  const taken = new Set([...here.map(({ name }) => name), ...selected.map(({ target }) => target)])
  const tags = listed.refs.filter(({ name }) => name.startsWith(TAGS) && !taken.has(name))
  if (tags.length === 0) return { tags: [], commits: [], failures: [] }
  const reached = createReachedCommits(
    store,
    [...here, ...selected].map(({ cid }) => cid),
  )
  const unknown = tags
    .map(({ cid }) => cid)
    .filter(({ code, multihash }) => {
      return code === DAG_JSON && !store.hasDigest(multihash.digest)
    })
  const { blocks, failures } = await askForBlocks(remote.peers, unknown, { signal })
  const followed: RemoteRef[] = []
  const commits: CID[] = []
  for (const tag of tags) {
    const commit = await taggedCommit(withBlocks(store, blocks), tag.cid, { signal })
    if (commit === undefined || !(await reached.has(commit, { signal }))) continue
    followed.push(tag)
    commits.push(commit)
  }
  const follow = ({ name, cid }: RemoteRef) => ({ source: name, cid, target: name, force: false, isForMerge: false })
  return { tags: followed.map(follow), commits, failures }
}

/** The blocks that the first peer gives that can be asked for single ones. */
async function askForBlocks(
  peers: readonly Peer[],
  wants: readonly CID[],
  options: AbortOptions,
): Promise<{ blocks: Block[]; failures: JzfsError[] }> {
  const failures: JzfsError[] = []
  const asked = wants.slice(0, MAX_WANTS)
  for (const peer of asked.length > 0 ? peers : []) {
    try {
      return { blocks: await askBlocks(peer, asked, options), failures }
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!(error instanceof JzfsError)) throw error
      // A peer of another kind cannot be asked so, which is no failure of its.
      if (error.code !== 'peer-unsuitable') failures.push(error)
    }
  }
  return { blocks: [], failures }
}

function withBlocks(store: BlockSource, blocks: readonly Block[]): BlockSource {
  const given = new Map(blocks.map(({ cid, bytes }) => [cid.toString(), bytes]))
  return { get: async (cid, options) => given.get(cid.toString()) ?? store.get(cid, options) }
}

/** The commit that is tagged, as far as its blocks are known. */
async function taggedCommit(source: BlockSource, cid: CID, options: AbortOptions): Promise<CID | undefined> {
  try {
    return await peelToCommit(source, cid, options)
  } catch (error) {
    if (error instanceof NotFoundError && error.code === 'block-missing') return undefined
    throw error
  }
}
