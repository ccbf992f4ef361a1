import { createReachedCommits, type ReachedCommits } from '../../repo/history/reached-commits.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import { openRepository, type OpenRepositoryOptions, type Repository } from '../../repo/repository.ts'
import { createLocalPeer } from '../local-peer.ts'
import type { Remote, RemoteRefs } from './remote.ts'

/**
 * Another repository of this machine, bare or not, as a remote: everything that its refs reach can be fetched.
 *
 * It is a peer in this process and answers by the code that answers peers elsewhere. Throws what `openRepository` throws.
 */
export async function openFolderRemote(
  path: string,
  options: OpenRepositoryOptions & { url?: string } = {},
): Promise<Remote> {
  const { url = path, ...opening } = options
  const repository = await openRepository(path, opening)
  let reached: Promise<ReachedCommits> | undefined
  const peer = createLocalPeer({
    label: url,
    source: repository.store,
    record: async () => undefined,
    mayServe: async (cid) => (await (reached ??= reachedIn(repository))).has(cid),
  })
  return {
    url,
    peers: [peer],
    list: () => listFolder(repository),
    close: () => repository.close(),
  }
}

/** Branches and tags of a repository, and the branch that its HEAD stands on. */
export async function listFolder({ refs }: Repository): Promise<RemoteRefs> {
  const head = await refs.head()
  return {
    refs: [...(await refs.list(BRANCHES)), ...(await refs.list(TAGS))],
    head: 'branch' in head ? head.branch : undefined,
    name: undefined,
    writable: true,
  }
}

async function reachedIn({ refs, store }: Repository): Promise<ReachedCommits> {
  const listed = [...(await refs.list(BRANCHES)), ...(await refs.list(TAGS))]
  return createReachedCommits(
    store,
    listed.map(({ cid }) => cid),
  )
}
