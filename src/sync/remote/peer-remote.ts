import type { AbortOptions } from '../../model/block.ts'
import { JzfsError, UnavailableError } from '../../model/errors.ts'
import type { Peer } from '../peer.ts'
import { listRefs } from '../protocol/ask-peer.ts'
import { pushTo } from '../push/push-to.ts'
import { isWrong } from './refused-peers.ts'
import type { Remote, RemoteRefs } from './remote.ts'
import { type KnownManifest, type RefsTrust, trustRefs } from './trusted-refs.ts'

export interface PeerRemoteOptions extends RefsTrust {
  url: string
  /** Nodes that have the repository, asked in this order. Not empty. */
  peers: readonly Peer[]
  /** What it is called there; left out where each node has one only. */
  repository: string | undefined
  idleTimeoutMs?: number | undefined
  /** Ends what was opened for the peers. */
  close?(): Promise<void>
}

/**
 * A repository of a node, over any carrier, as a remote: its manifest and the heads beside it are signed, and what was
 * seen of their names does not go back. What one peer does not answer well is asked of the next.
 */
export function createPeerRemote(options: PeerRemoteOptions): Remote {
  const { url, peers, repository, idleTimeoutMs, close = async () => {} } = options
  let known: KnownManifest
  const ask = async (peer: Peer, { signal }: AbortOptions): Promise<RemoteRefs> => {
    const listed = await listRefs(peer, { repository, known: known?.cid }, { signal, idleTimeoutMs })
    const manifest = listed.manifest ?? known
    const refs = await trustRefs(peer.label, { ...listed, manifest }, options)
    known = manifest
    return refs
  }
  return {
    url,
    peers,
    async list(each = {}) {
      const failures: JzfsError[] = []
      const refs = await firstAnswer(peers, (peer) => ask(peer, each), { ...each, failures })
      return { ...refs, refused: failures.filter(isWrong) }
    },
    push: (request, each = {}) => pushTo(peers[0]!, { ...request, ...each, repository }),
    close,
  }
}

/**
 * What the first peer says that says something sound; `failures` gets what was wrong with those before it. Throws what was wrong
 * with one that lied, else with the first.
 */
export async function firstAnswer<T>(
  peers: readonly Peer[],
  ask: (peer: Peer) => Promise<T>,
  { signal, failures = [] }: AbortOptions & { failures?: JzfsError[] },
): Promise<T> {
  for (const peer of peers) {
    try {
      return await ask(peer)
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof JzfsError)) throw error
      failures.push(error)
    }
  }
  throw failures.find(isWrong) ?? failures[0] ?? noPeer()
}

/** UnavailableError `no-peer`: there is nobody to ask. */
export function noPeer(): UnavailableError {
  return new UnavailableError('no-peer', 'there is no peer to fetch from', {
    hint: 'name one with --peer ADDR, or start the daemon and connect it',
  })
}
