import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../../model/block.ts'
import { ConflictError, IntegrityError, JzfsError } from '../../model/errors.ts'
import { createReachedCommits } from '../../repo/history/reached-commits.ts'
import { nextNumber } from '../../repo/operation/operation-log.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import type { Repository } from '../../repo/repository.ts'
import type { KnownBlocks } from '../../store/known-blocks.ts'
import { createTransferPack } from '../clone/transfer-pack.ts'
import { readCarStart } from '../protocol/car-stream.ts'
import type { Exchange, ServedSync } from '../protocol/exchange.ts'
import type { Fields } from '../protocol/messages/message-frame.ts'
import {
  decodePush,
  decodePushOffer,
  encodePushAgreement,
  encodePushed,
  type PushOffer,
  type PushRequest,
} from '../protocol/messages/push-message.ts'
import { RefusedRequest, refusalOf } from '../protocol/messages/refusal.ts'
import type { Offer, PushReceiver } from '../protocol/offer.ts'
import { explainWireProblem } from '../protocol/peer-errors.ts'
import {
  beginWalk,
  passKept,
  putAside,
  receiveBlocks,
  type ReceivedSync,
  type StartedWalk,
} from '../protocol/receive-blocks.ts'
import { openOffered } from '../protocol/serve-refs.ts'
import { checkPush, pushedRoots, refChanged } from './check-push.ts'
import { openQuarantine, type PushQuarantine } from './push-quarantine.ts'

/** Answers whether a push would be taken, and from which block on it is to be sent. */
export async function receivePushOffer(exchange: Exchange, fields: Fields): Promise<ServedSync> {
  const { label, offer, send } = exchange
  const push = decodePushOffer(fields)
  return withReceiver(offer, push, async ({ repository }) => {
    const haves = await heldCommits(offer, repository, push.haves)
    const quarantine = await openQuarantine(repository, label)
    if (quarantine === undefined) throw new RefusedRequest(BUSY)
    try {
      const resume = await countKept(quarantine, repository, { ...push, haves }, exchange)
      await send(encodePushAgreement({ haves, resume }))
      return { kind: 'push-offer', refused: undefined, wants: [], blocks: 0, bytes: 0 }
    } finally {
      await quarantine.close()
    }
  })
}

/**
 * Takes a push: verifies each block as `receiveSync` does, and moves the refs by one operation, all or none, when all
 * that they reach is there. Until then nothing of it is in the repository: what came of a push that is interrupted waits
 * in a quarantine for the next try of the same pusher.
 *
 * Refused are: `repository-unknown`, `push-forbidden`, `ref-not-pushable`, `ref-kind-invalid`, `ref-changed`, what the
 * receiver's `check` throws, `push-busy`, `push-changed` (offer it again), `transfer-too-large`, `disk-full`, and content that nobody
 * should have, by the codes of `receiveSync`. Throws `peer-closed-early`, `peer-too-slow`, and what goes wrong here.
 */
export async function receivePush(exchange: Exchange, fields: Fields): Promise<ServedSync> {
  const { label, offer, send } = exchange
  const push = decodePush(fields)
  return withReceiver(offer, push, async (receiver) => {
    const { repository } = receiver
    const quarantine = await openQuarantine(repository, label)
    if (quarantine === undefined) throw new RefusedRequest(BUSY)
    try {
      await checkHeld(offer, repository, push.haves)
      const received = await receive(quarantine, repository, push, exchange)
      await moveRefs(receiver, push, quarantine, exchange)
      await receiver.moved(push.updates)
      await send(encodePushed(push.updates))
      const { blocks, bytes } = received
      return { kind: 'push', refused: undefined, wants: pushedRoots(push.updates).wants, blocks, bytes }
    } finally {
      await quarantine.close()
    }
  })
}

const BUSY = {
  code: 'push-busy',
  family: 'conflict',
  message: 'another push or command is at work there',
} as const
const FULL = { code: 'disk-full', family: 'unavailable', message: 'there is no room left there' } as const
const CHANGED = { code: 'push-changed', message: 'it is not any more as it was agreed on' } as const
const FORBIDDEN = { code: 'push-forbidden', family: 'unavailable', message: 'you may not push here' } as const

async function withReceiver(
  offer: Offer,
  { repository: name, updates }: PushOffer,
  work: (receiver: PushReceiver) => Promise<ServedSync>,
): Promise<ServedSync> {
  const repository = await openOffered(offer, name)
  try {
    if (repository.receiver === undefined) throw new RefusedRequest(FORBIDDEN)
    await checkPush(repository.receiver, updates)
    return await work(repository.receiver)
  } finally {
    await repository.close()
  }
}

/**
 * Those of the commits that are there with all they reach, since a ref of this repository leads to them; and that the
 * pusher may see, so that it learns of no others.
 */
async function heldCommits(offer: Offer, { refs, store }: Repository, commits: readonly CID[]): Promise<CID[]> {
  const tips = [...(await refs.list(BRANCHES)), ...(await refs.list(TAGS))].map(({ cid }) => cid)
  const reached = createReachedCommits(store, tips)
  const held: CID[] = []
  for (const commit of commits) {
    if ((await offer.mayServe(commit)) && (await reached.has(commit))) held.push(commit)
  }
  return held
}

async function checkHeld(offer: Offer, repository: Repository, haves: readonly CID[]): Promise<void> {
  const held = await heldCommits(offer, repository, haves)
  if (held.length < haves.length) throw new RefusedRequest(CHANGED)
}

/** How many blocks at the start of the order are kept. What is kept of another push is removed. */
async function countKept(
  quarantine: PushQuarantine,
  repository: Repository,
  push: PushOffer,
  { signal }: Exchange,
): Promise<number> {
  if (quarantine.sizeBytes() === 0) return 0
  const local = quarantined(quarantine, repository)
  const { wants, roles: role } = pushedRoots(push.updates)
  const started = await beginWalk({ wants, haves: push.haves, role, local, signal })
  await passKept(started, local, { signal })
  if (started.kept === 0) await quarantine.clear()
  return started.kept
}

async function receive(
  quarantine: PushQuarantine,
  repository: Repository,
  push: PushRequest,
  exchange: Exchange,
): Promise<ReceivedSync> {
  const { label, signal, reader } = exchange
  const { wants, roles: role } = pushedRoots(push.updates)
  const local = quarantined(quarantine, repository)
  const started = await beginPushed({ wants, haves: push.haves, role, local, signal })
  await passKept(started, local, { signal, limit: push.resume })
  if (started.kept !== push.resume) throw new RefusedRequest(CHANGED)
  if (push.resume === 0) await quarantine.clear()
  const maxBytes = exchange.maxPushBytes - quarantine.sizeBytes()
  const pack = await createTransferPack(quarantine.store)
  try {
    await readCarStart(reader, wants)
    const received = await receiveBlocks(reader, started, { label, pack, signal, maxBytes })
    await pack.finish()
    return received
  } catch (caught) {
    const error = explainWireProblem(caught, label)
    await putAside(error, { pack, keepPartial: true, signal })
    throw toRefusal(error)
  }
}

/** The walk of what is pushed; what cannot be there by its CID alone is refused. */
async function beginPushed(options: Parameters<typeof beginWalk>[0]): Promise<StartedWalk> {
  try {
    return await beginWalk(options)
  } catch (error) {
    throw toRefusal(error)
  }
}

/** What was sent is the pusher's: it is told what is wrong with that. What happened to the stream it knows. */
function toRefusal(error: unknown): unknown {
  if (error instanceof IntegrityError) return new RefusedRequest(refusalOf(error))
  const code = error instanceof JzfsError ? error.code : undefined
  if (code === 'transfer-too-large') return new RefusedRequest(refusalOf(error as JzfsError))
  return code === 'disk-full' ? new RefusedRequest(FULL) : error
}

/** What is kept counts as there; the repository is read where what the pusher may see leads. */
function quarantined({ store }: PushQuarantine, repository: Repository): BlockSource & KnownBlocks {
  return {
    hasDigest: (digest) => store.hasDigest(digest),
    get: (cid, options) => (store.hasDigest(cid.multihash.digest) ? store : repository.store).get(cid, options),
  }
}

async function moveRefs(
  receiver: PushReceiver,
  { updates, haves }: PushRequest,
  quarantine: PushQuarantine,
  { offer, signal }: Exchange,
): Promise<void> {
  const { repository, person, command } = receiver
  using _lease = await repository.store.lease({ signal })
  // What a ref led to when the push began may have been swept: from here on it is not.
  await checkHeld(offer, repository, haves)
  try {
    using lock = await repository.lock(command, { signal })
    // Whoever was quicker has moved them: then nothing of this push comes into the repository.
    await checkPush(receiver, updates)
    await quarantine.adopt()
    await receiver.moving?.(updates, nextNumber(repository.layout))
    const refs = updates.map((update) => ({ ...update, message: 'push' }))
    await runOperation(repository, lock, { command, person, refs })
    // They have moved: whatever happens to the stream now, they are published.
    await repository.store.consolidate(lock)
  } catch (error) {
    throw toldConflict(error)
  }
}

/** Messages of this machine name its paths and programs: the pusher is told in other words. */
function toldConflict(error: unknown): unknown {
  if (!(error instanceof ConflictError)) return error
  return new RefusedRequest(error.code === 'ref-changed' ? refChanged(error.details['ref']) : BUSY)
}
