import type { CID } from 'multiformats/cid'

import type { Peer } from '../peer.ts'
import { oneBranch } from './named-remote.ts'
import type { Remote } from './remote.ts'

/** One commit as a remote: it never changes, and nothing has to be asked. `branch` is what it is called here. */
export function createCommitRemote(options: {
  url: string
  cid: CID
  branch: string
  peers: readonly Peer[]
  close?(): Promise<void>
}): Remote {
  const { url, cid, branch, peers, close = async () => {} } = options
  return { url, peers, list: async () => oneBranch(branch, cid, undefined), close }
}
