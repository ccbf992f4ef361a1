import { readFile } from 'node:fs/promises'

import { CID } from 'multiformats/cid'

import { JzfsError, UnavailableError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import { fsErrorCode } from '../../store/fs-errors.ts'
import { signHeadStatement } from '../../sync/names/head-statement.ts'
import type { IpnsRecord } from '../../sync/names/ipns-record.ts'
import { type KnownNames, openKnownNames } from '../../sync/names/known-names.ts'
import {
  type Offer,
  type OfferedHead,
  type OfferedRefs,
  type OfferedRepository,
  repositoryUnknown,
} from '../../sync/protocol/offer.ts'
import type { Home } from '../home/home.ts'
import { publishedRefsOf, type RegisteredRepository } from '../home/repository-registry.ts'
import { manifestPath } from '../publish/published-files.ts'
import { publishLate } from '../pushed/publish-late.ts'
import { createHomeReceiver, type HomeReceiverOptions } from './home-receiver.ts'
import type { ServedBlocks } from './served-blocks.ts'
import { type Asker, isRepositoryVisible, isVisible, mayPush } from './visibility.ts'

/** What offers of one home share. */
export interface HomeOfferOptions extends Omit<HomeReceiverOptions, 'pusher'> {
  /** The open files of the home. */
  served: ServedBlocks
}

/**
 * What a home offers to one asker, made anew for each stream: the blocks that are published to it, and the repositories that
 * exist for it, with the refs that it may see. Who is in a repository's list of writers may push.
 */
export function createHomeOffer(home: Home, asker: Asker, options: HomeOfferOptions): Offer {
  const { served } = options
  const view = served.view(asker)
  return {
    source: view,
    mayServe: view.mayServe,
    isRestricted: view.isRestricted,
    countBlocks: view.countBlocks,
    openRepository: async (name) => {
      const registered = findRepository(home, asker, name)
      const { name: opened } = registered
      const offered: OfferedRepository = {
        name: opened,
        refs: () => offeredRefs(home, registered.id, asker),
        // What is open is kept for other streams.
        close: async () => undefined,
      }
      if (!mayPush(registered, asker)) return offered
      const pusher = asker === 'self' || asker === 'everybody' ? undefined : asker.peerId
      const repository = await openIfThere(served, registered)
      if (repository === undefined) return offered
      // Else who pushes next would be told of refs that are not there any more. A problem is the owner's to know, as in a push.
      await publishLate({ command: 'push', ...options, home, repositories: [registered] })
      return { ...offered, receiver: createHomeReceiver(home, repository, { ...options, asker, pusher }) }
    },
  }
}

/** What was moved away is reported to its owner by others: it cannot be pushed to. */
async function openIfThere(served: ServedBlocks, registered: RegisteredRepository): Promise<Repository | undefined> {
  try {
    return await served.repository(registered)
  } catch (error) {
    if (error instanceof JzfsError) return undefined
    throw error
  }
}

function findRepository(home: Home, asker: Asker, name: string | undefined): RegisteredRepository {
  const visible = home.repositories.list().filter((registered) => isRepositoryVisible(registered, asker))
  const found = visible.filter(
    // By what it is called here, or by the IPNS name that signs for it.
    (registered) => name === undefined || registered.name === name || registered.manifest?.name === name,
  )
  const [only] = found
  if (only === undefined || found.length > 1) throw repositoryUnknown(name)
  return only
}

async function offeredRefs(home: Home, id: string, asker: Asker): Promise<OfferedRefs> {
  const names = openKnownNames(home.layout.names)
  // It may be published anew while it is read: then it is read again.
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const registered = home.repositories.list().find((each) => each.id === id)
    const name = registered?.manifest?.name
    const record = name === undefined ? undefined : await names.record(name)
    if (registered === undefined || name === undefined || record === undefined) break
    const bytes = await readManifest(home, name, record)
    if (bytes === undefined) continue
    const manifest = { name, record: record.bytes, block: { cid: record.cid, bytes } }
    return { manifest, heads: await privateHeads(home, registered, names, asker) }
  }
  throw new UnavailableError('repository-unsigned', 'the repository has no manifest that can be read', {
    hint: 'its owner has to publish it again',
    details: { id },
  })
}

const MAX_ATTEMPTS = 3

async function readManifest(home: Home, name: string, { cid }: IpnsRecord): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(manifestPath(home.layout, name, cid.toString())))
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** What is published to the asker and not to everybody; nothing where the repository's key was removed. */
async function privateHeads(
  home: Home,
  registered: RegisteredRepository,
  names: KnownNames,
  asker: Asker,
): Promise<OfferedHead[]> {
  const { key = '', name: repository = '' } = registered.manifest ?? {}
  const signer = home.keys.read(key)
  if (signer?.name !== repository) return []
  const heads: OfferedHead[] = []
  for (const { ref, audience, name } of publishedRefsOf(registered)) {
    if (audience === 'public' || name === undefined || !isVisible(audience, asker)) continue
    const record = await names.record(name)
    if (record === undefined) continue
    const statement = await signHeadStatement(signer.protobuf, { repository, ref, name })
    heads.push({ ref, cid: CID.parse(record.cid.toString()), name, record: record.bytes, statement })
  }
  return heads
}
