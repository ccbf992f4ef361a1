import { type Clone, type CloneOptions, cloneRepository } from '../../src/sync/clone/clone.ts'
import type { KnownNames } from '../../src/sync/names/known-names.ts'
import { type RemoteSource, resolveSource, sourceText } from '../../src/sync/names/remote-head.ts'
import type { Peer } from '../../src/sync/peer.ts'
import { oneBranch } from '../../src/sync/remote/named-remote.ts'
import type { Remote } from '../../src/sync/remote/remote.ts'

/** A clone of one branch, by its name or by a commit, from peers. */
export interface CloneFromOptions extends Omit<CloneOptions, 'remote' | 'peers' | 'directory'> {
  directory: string
  source: RemoteSource
  peers: readonly Peer[]
  names: KnownNames
  now: Date
  allowExpired?: boolean
}

/** Clones one branch from peers, without asking what kind of thing it is. */
export function cloneFrom({ source, peers, names, now, allowExpired, ...options }: CloneFromOptions): Promise<Clone> {
  let asked = peers
  const remote: Remote = {
    url: sourceText(source),
    get peers() {
      return asked
    },
    async list({ signal } = {}) {
      const head = await resolveSource(source, peers, names, { now, allowExpired, signal })
      asked = head.peers
      return oneBranch(options.branch ?? 'main', head.cid, head.record?.name)
    },
    close: async () => {},
  }
  return cloneRepository({ ...options, remote })
}
