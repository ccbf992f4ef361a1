import type { CID } from 'multiformats/cid'

import type { Block, BlockSource } from '../../model/block.ts'
import type { Person } from '../../model/commit/person.ts'
import { NotFoundError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'

/** What one asker is offered: made anew for each stream, so that it is true at that moment. */
export interface Offer {
  source: BlockSource
  /**
   * Whether the asker may have the block and all it reaches: that is, whether a head published to it reaches it. Asked
   * for roots only: wants, haves, and commits that are asked about.
   */
  mayServe(cid: CID): boolean | Promise<boolean>
  /** Whether what the asker may have is there for some only: said with a want (default: nothing is). */
  isRestricted?: ((cid: CID) => boolean) | undefined
  /** How many blocks a want reaches, where that is known without a walk: the asker shows how far it is. */
  countBlocks?: ((want: CID) => number | undefined) | undefined
  /**
   * A repository by its name; undefined: the node's only one. NotFoundError `repository-unknown` where there is none,
   * and alike where there is none for this asker.
   */
  openRepository(name: string | undefined): Promise<OfferedRepository>
  /** The newest record of an IPNS name (`k51…`), marshalled, that is there for this asker (default: none is). */
  record?: ((name: string) => Promise<Uint8Array | undefined>) | undefined
}

/** A repository that one asker may see. */
export interface OfferedRepository {
  name: string
  refs(): Promise<OfferedRefs>
  /** Left out: this asker may not push. */
  receiver?: PushReceiver | undefined
  close(): Promise<void>
}

/** The refs that one asker may see. */
export interface OfferedRefs {
  /**
   * What is signed: the record of the repository's own IPNS name (`k51…`), marshalled, and the manifest block that it
   * names. Without name and record it is a folder of this machine's user, and nothing is signed.
   */
  manifest: { name: string | undefined; record: Uint8Array | undefined; block: Block }
  /** Heads that are published to this asker and not to everybody, each with its own name and record. */
  heads: OfferedHead[]
}

/** A head beside the manifest. */
export interface OfferedHead {
  /** `refs/heads/main`. */
  ref: string
  cid: CID
  /** The IPNS name of the branch (`k51…`), and its record, marshalled. */
  name: string
  record: Uint8Array
  /** The repository's signature that this name is the branch's: see `signHeadStatement`. */
  statement: Uint8Array
}

/** What takes a push. */
export interface PushReceiver {
  /** Blocks go to its store, refs move by one operation. */
  repository: Repository
  /**
   * Throws what refuses an update before anything is sent (a branch that is checked out, a ref that may not be written).
   * The pusher is told the code and the message.
   */
  check(updates: readonly RefUpdate[]): Promise<void>
  /**
   * Told, under the repository's lock, what the operation of that number is about to do: so that `moved` can be made up for
   * where it is never called.
   */
  moving?(updates: readonly RefUpdate[], operation: number): Promise<void>
  /** Publishes the refs that moved. */
  moved(updates: readonly RefUpdate[]): Promise<void>
  /** Who moves the refs, and when: for the logs. */
  person: Person
  /** The command line, for lock and operation. */
  command: string
}

/** One ref that a push moves, makes (`before` is undefined) or deletes (`after` is undefined). */
export interface RefUpdate {
  /** `refs/heads/main`. */
  name: string
  before: CID | undefined
  after: CID | undefined
}

/** Offers blocks without a repository: nothing can be listed or pushed to. */
export function offerBlocks(blocks: Pick<Offer, 'source' | 'mayServe' | 'countBlocks'>): Offer {
  return { ...blocks, openRepository: async (name) => Promise.reject(repositoryUnknown(name)) }
}

/** NotFoundError `repository-unknown`, in the same words for one that is not there and one that is not for the asker. */
export function repositoryUnknown(name: string | undefined): NotFoundError {
  const which = name === undefined ? 'no repository' : `no repository ${JSON.stringify(name)}`
  return new NotFoundError('repository-unknown', `${which} is offered here`, {
    hint: 'check the name; its owner may not have published it, or to others only',
    details: { repository: name },
  })
}
