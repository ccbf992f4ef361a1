import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../../src/model/block.ts'
import { encodeManifest } from '../../src/model/manifest/manifest.ts'
import { createReachedCommits } from '../../src/repo/history/reached-commits.ts'
import { BRANCHES } from '../../src/repo/refs/branch.ts'
import type { Repository } from '../../src/repo/repository.ts'
import { createLocalPeer } from '../../src/sync/local-peer.ts'
import type { Peer } from '../../src/sync/peer.ts'
import { type Offer, type PushReceiver, repositoryUnknown } from '../../src/sync/protocol/offer.ts'
import { pushTo, type PushToOptions } from '../../src/sync/push/push-to.ts'
import { ANN } from './repository.ts'

/** What may be said otherwise of an offer. */
export interface OfferedOtherwise {
  receiver?: Partial<PushReceiver> | undefined
  /** Whether the asker may push (default true). */
  writable?: boolean
  mayServe?: Offer['mayServe']
}

/** An offer of one repository called `data`: its branches, and to push to it. */
export function offerRepository(repository: Repository, otherwise: OfferedOtherwise = {}): Offer {
  const { writable = true } = otherwise
  const receiver: PushReceiver = {
    repository,
    check: async () => {},
    moved: async () => {},
    person: ANN,
    command: 'jzfs daemon',
    ...otherwise.receiver,
  }
  const branches = () => repository.refs.list(BRANCHES)
  return {
    source: repository.store,
    mayServe: async (cid) =>
      createReachedCommits(
        repository.store,
        (await branches()).map((ref) => ref.cid),
      ).has(cid),
    openRepository: async (name) => {
      if (name !== undefined && name !== 'data') throw repositoryUnknown(name)
      const listed = (await branches()).map((ref) => ({ name: ref.name.slice(BRANCHES.length), head: ref.cid }))
      const block = encodeManifest({ name: 'data', description: '', branches: listed, tags: [] })
      return {
        name: 'data',
        refs: async () => ({ manifest: { name: undefined, record: undefined, block }, heads: [] }),
        receiver: writable ? receiver : undefined,
        close: async () => {},
      }
    },
    ...(otherwise.mayServe === undefined ? {} : { mayServe: otherwise.mayServe }),
  }
}

/** An offer whose pushes are taken otherwise: told of the receiver that it would have. */
export function offerReceiving(offer: Offer, change: (receiver: PushReceiver) => Partial<PushReceiver>): Offer {
  return {
    ...offer,
    openRepository: async (name) => {
      const { receiver, ...offered } = await offer.openRepository(name)
      return { ...offered, receiver: receiver && { ...receiver, ...change(receiver) } }
    },
  }
}

/** A peer in this process with one repository. */
export function repositoryPeer(repository: Repository, otherwise?: OfferedOtherwise): Peer {
  return createLocalPeer({
    label: 'peer X',
    record: async () => undefined,
    offer: () => offerRepository(repository, otherwise),
  })
}

/** Pushes `main`, made where it was not. */
export function pushMain(
  peer: Peer,
  source: BlockSource,
  { before, after, ...options }: { before?: CID; after: CID } & Partial<PushToOptions>,
) {
  const updates = [{ name: 'refs/heads/main', before, after }]
  return pushTo(peer, { repository: 'data', updates, haves: before === undefined ? [] : [before], source, ...options })
}
