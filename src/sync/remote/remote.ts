import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { JzfsError } from '../../model/errors.ts'
import type { Peer } from '../peer.ts'
import type { RefUpdate } from '../protocol/offer.ts'
import type { SyncProgress } from '../protocol/receive-blocks.ts'

/**
 * Another repository, however it is reached: what fetch, clone and push work with. A folder of this machine, a peer and a
 * bundle are each one; `open-remote.ts` opens them by URL.
 */
export interface Remote {
  /** As the user wrote it. */
  readonly url: string
  /** From whom what was listed is fetched. Nothing that they send is believed: blocks are checked against their CIDs. */
  readonly peers: readonly Peer[]
  /**
   * The refs as they are now, in one round trip, verified: a record against its name and against what was seen of it, the
   * list against the record. Throws what the carrier throws, and the codes of `KnownNames.accept` and `resolveName`.
   */
  list(options?: AbortOptions): Promise<RemoteRefs>
  /** Moves refs there; left out where nobody can push (a bundle, a commit, a name of one branch). */
  push?(request: PushRequest, options?: PushOptions): Promise<PushResult>
  close(): Promise<void>
}

/** A ref of a remote. */
export interface RemoteRef {
  /** In full: `refs/heads/main`. */
  name: string
  cid: CID
}

/** What a remote has. */
export interface RemoteRefs {
  /** Branches and tags, sorted by the bytes of their names. */
  refs: RemoteRef[]
  /** The branch that HEAD stands on there, in full; it may be unborn. */
  head: string | undefined
  /** The IPNS name that signed this; undefined where nothing is signed. */
  name: string | undefined
  /** The sequence of the name's record, where one was given. */
  sequence?: bigint
  /** What the repository is called, where it says so: one name, as in a directory. */
  called?: string
  /** Whether this asker may push. */
  writable: boolean
  /** Whether it is one branch, or one commit, without a repository: the branch's name is ours. */
  isOneBranch?: boolean
  /** What was wrong with peers, each named in its `details.peer`, where the answer of another one is good; default nothing. */
  refused?: readonly JzfsError[]
  /** Commits that the remote counts on being here with all they reach (a thin bundle); default none. */
  prerequisites?: readonly CID[]
}

/** Refs to move on a remote, all or none. */
export interface PushRequest {
  /** Each moves only where it still is `before` (undefined: not there). `after` undefined deletes it. */
  updates: readonly RefUpdate[]
  /** Commits that may be there with all they reach. */
  haves: readonly CID[]
  /** Where the blocks are that are sent. */
  source: BlockSource
}

export interface PushOptions extends AbortOptions {
  /** The receiver may take so long for each answer and piece, in milliseconds. */
  idleTimeoutMs?: number | undefined
  onProgress?: ((progress: SyncProgress) => void) | undefined
}

/** What went over. */
export interface PushResult {
  blocks: number
  bytes: number
}
