import { setTimeout as sleep } from 'node:timers/promises'

import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../../model/block.ts'
import { InvalidError, JzfsError } from '../../model/errors.ts'
import type { ByteDuplex } from '../duplex.ts'
import type { Peer } from '../peer.ts'
import { type AskOptions, askPeer, openSyncStream } from '../protocol/ask-peer.ts'
import { createByteReader } from '../protocol/byte-reader.ts'
import { withIdleTimeout } from '../protocol/idle-timeout.ts'
import {
  encodePush,
  encodePushOffer,
  type PushAgreement,
  type PushOffer,
  type PushRequest,
  readPushAgreement,
  readPushed,
} from '../protocol/messages/push-message.ts'
import { explainRefusal, RefusedRequest } from '../protocol/messages/refusal.ts'
import type { RefUpdate } from '../protocol/offer.ts'
import { closedEarly, explainWireProblem, malformed, tooSlow } from '../protocol/peer-errors.ts'
import type { SyncProgress } from '../protocol/receive-blocks.ts'
import { READ_AHEAD, sendCar, type SentCar } from '../protocol/send-car.ts'
import { IDLE_TIMEOUT_MS, MAX_HAVES, MAX_REQUEST_BYTES, MAX_UPDATES } from '../protocol/sync-limits.ts'
import { timedSend } from '../protocol/timed-send.ts'
import type { ReadAhead } from '../walk/walk-source.ts'
import { pushedRoots } from './check-push.ts'

/** What is pushed, and from where. */
export interface PushToOptions extends AskOptions {
  /** The repository's name there; left out where the node has one only. */
  repository?: string | undefined
  /** All move or none. At most 4096. */
  updates: readonly RefUpdate[]
  /** Commits that may be there with all they reach: see `negotiateHaves`. At most 4096. */
  haves: readonly CID[]
  source: BlockSource
  readAhead?: ReadAhead
  /** How long the receiver may take, when all is sent, to make it durable and to publish it (default 5 minutes). */
  answerTimeoutMs?: number | undefined
  onProgress?: ((progress: SyncProgress) => void) | undefined
}

/** What went over. */
export interface Pushed {
  /** Blocks sent. */
  blocks: number
  /** Bytes of the CAR's sections. */
  bytes: number
  /** Blocks that the receiver had kept of an interrupted push. */
  resumed: number
}

/** How often a push is offered anew where the receiver changed in between, or is busy with another one. */
const MAX_OFFERS = 8

/** How long to wait where it is busy, at first; each time twice as long. */
const BUSY_PAUSE_MS = 100

const ANSWER_TIMEOUT_MS = 300_000

/**
 * Pushes to a peer: offers the updates, sends what is missing there, and waits until the refs have moved, all or none.
 *
 * Throws what the receiver refuses, by its code and family (details: `peer`, `ref`): NotFoundError `repository-unknown`,
 * UnavailableError `push-forbidden`, `transfer-too-large`, ConflictError `ref-changed`, `branch-checked-out`, `push-busy`,
 * InvalidError `ref-not-pushable`, `ref-kind-invalid` …; InvalidError `push-too-large` for more refs than one push can
 * move; and as `listRefs`. A push that is interrupted goes on when it is tried again.
 */
export async function pushTo(peer: Peer, options: PushToOptions): Promise<Pushed> {
  const offer = offerOf(options)
  for (let offers = 1; ; offers++) {
    try {
      return await sendPush(peer, { ...offer, ...(await agree(peer, offer, options)) }, options)
    } catch (error) {
      const refusal = error instanceof JzfsError ? error.details['refusal'] : undefined
      if ((refusal !== 'push-changed' && refusal !== 'push-busy') || offers === MAX_OFFERS) throw error
      // Another push of ours, perhaps one that was interrupted just now.
      if (refusal === 'push-busy') await pause(BUSY_PAUSE_MS * 2 ** (offers - 1), options)
    }
  }
}

async function agree(peer: Peer, offer: PushOffer, options: PushToOptions): Promise<PushAgreement> {
  const agreed = await askPeer(peer, encodePushOffer(offer), readPushAgreement, options)
  const offered = new Set(offer.haves.map(String))
  if (agreed.haves.every((have) => offered.has(have.toString()))) return agreed
  throw malformed(peer.label, 'it answers another request')
}

async function pause(timeMs: number, { signal }: PushToOptions): Promise<void> {
  await sleep(timeMs, undefined, signal === undefined ? {} : { signal })
}

function offerOf({ repository, updates, haves }: PushToOptions): PushOffer {
  const offer: PushOffer = { repository, updates: [...updates], haves: haves.slice(0, MAX_HAVES) }
  if (updates.length > MAX_UPDATES || encodePushOffer(offer).length > MAX_REQUEST_BYTES) {
    throw new InvalidError('push-too-large', `one push cannot move ${updates.length} refs`, {
      hint: `push at most ${MAX_UPDATES} of them at a time, fewer where their names are long`,
      details: { refs: updates.length },
    })
  }
  return offer
}

async function sendPush(peer: Peer, push: PushRequest, options: PushToOptions): Promise<Pushed> {
  const { label } = peer
  const { signal, idleTimeoutMs = IDLE_TIMEOUT_MS, answerTimeoutMs = ANSWER_TIMEOUT_MS } = options
  const duplex = await openSyncStream(peer, { signal })
  const stop = new AbortController()
  try {
    // The receiver may refuse at any time: its answer is read while we send.
    const reader = createByteReader(duplex.source, { label, idleTimeoutMs: FOR_EVER_MS, signal })
    const answer = readPushed(reader)
    const sending = send(duplex, push, { ...options, label, idleTimeoutMs, signal: anySignal(signal, stop.signal) })
    const sent = await sentOrRefused(sending, answer)
    const onTimeout = (): Error => tooSlow(label, answerTimeoutMs)
    await withIdleTimeout(answer, { idleTimeoutMs: answerTimeoutMs, onTimeout, signal })
    return { ...sent, resumed: push.resume }
  } catch (error) {
    duplex.abort(error instanceof Error ? error : new Error('the push failed'))
    throw explainRefusal(explainWireProblem(error, label), label)
  } finally {
    stop.abort()
  }
}

function anySignal(signal: AbortSignal | undefined, stop: AbortSignal): AbortSignal {
  return signal === undefined ? stop : AbortSignal.any([signal, stop])
}

/** The longest time that a timer can wait. */
const FOR_EVER_MS = 2_147_483_647

/** How long the answer of a receiver that broke the stream may still be on its way, in milliseconds. */
const LAST_WORD_MS = 1000

/** Waits until all is sent, or the receiver has refused it. Where the stream broke, it may have said why. */
async function sentOrRefused(sending: Promise<SentCar>, answer: Promise<unknown>): Promise<SentCar> {
  sending.catch(() => undefined)
  const refused = answer.then(
    () => sending,
    (error: unknown) => (error instanceof RefusedRequest ? Promise.reject(error) : sending),
  )
  try {
    return await Promise.race([sending, refused])
  } catch (error) {
    if (!(error instanceof JzfsError) || error.code !== 'peer-closed-early') throw error
    const onTimeout = (): Error => new Error('nothing more was said')
    await withIdleTimeout(answer, { idleTimeoutMs: LAST_WORD_MS, onTimeout }).catch((last: unknown) => {
      if (last instanceof RefusedRequest) throw last
    })
    throw error
  }
}

async function send(
  duplex: ByteDuplex,
  push: PushRequest,
  options: PushToOptions & { label: string; idleTimeoutMs: number },
): Promise<SentCar> {
  const { label, source, readAhead = READ_AHEAD, signal, onProgress } = options
  const timed = timedSend(duplex, options)
  await timed(encodePush(push))
  const { wants } = pushedRoots(push.updates)
  const tell = ({ blocks, bytes }: SentCar): void =>
    onProgress?.({ blocks: push.resume + blocks, bytes, totalBlocks: undefined })
  const { haves, resume } = push
  const sent = await sendCar(timed, { source, wants, haves, resume, readAhead, signal, onSent: everySoOften(tell) })
  tell(sent)
  await duplex.closeWrite().catch((error: unknown) => {
    throw closedEarly(label, error)
  })
  return sent
}

const PROGRESS_BLOCKS = 256
const PROGRESS_BYTES = 1_048_576

function everySoOften(tell: (sent: SentCar) => void): (sent: SentCar) => void {
  let told: SentCar = { blocks: 0, bytes: 0 }
  return (sent) => {
    if (sent.blocks - told.blocks < PROGRESS_BLOCKS && sent.bytes - told.bytes < PROGRESS_BYTES) return
    told = { ...sent }
    tell(sent)
  }
}
