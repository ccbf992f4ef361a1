import { BRANCHES } from '../../repo/refs/branch.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import { openRepository, type OpenRepositoryOptions, type Repository } from '../../repo/repository.ts'
import { createLocalPeer } from '../local-peer.ts'
import { pushTo } from '../push/push-to.ts'
import { createFolderOffer, type FolderPusher } from './folder-offer.ts'
import type { Remote, RemoteRefs } from './remote.ts'

/** How the other repository is opened, and who would push to it. */
export interface FolderRemoteOptions extends OpenRepositoryOptions {
  /** As the user wrote it (default: the path). */
  url?: string
  /** Left out: nobody pushes. */
  pusher?: FolderPusher | undefined
}

/**
 * Another repository of this machine, bare or not, as a remote: everything that its refs reach can be fetched.
 *
 * It is a peer in this process and answers by the code that answers peers elsewhere; only its refs are read as they
 * are, since nothing signs them. Throws what `openRepository` throws.
 */
export async function openFolderRemote(path: string, options: FolderRemoteOptions = {}): Promise<Remote> {
  const { url = path, pusher, ...opening } = options
  const repository = await openRepository(path, opening)
  const peer = createLocalPeer({
    label: url,
    record: async () => undefined,
    offer: () => createFolderOffer(repository, pusher),
  })
  return {
    url,
    peers: [peer],
    list: () => listFolder(repository),
    ...(pusher && { push: (request, each) => pushTo(peer, { ...request, ...each }) }),
    close: () => repository.close(),
  }
}

async function listFolder({ refs }: Repository): Promise<RemoteRefs> {
  const head = await refs.head()
  return {
    refs: [...(await refs.list(BRANCHES)), ...(await refs.list(TAGS))],
    head: 'branch' in head ? head.branch : undefined,
    name: undefined,
    writable: true,
  }
}
