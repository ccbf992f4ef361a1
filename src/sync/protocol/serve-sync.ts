import type { AbortOptions } from '../../model/block.ts'
import type { ByteDuplex } from '../duplex.ts'
import { receivePush, receivePushOffer } from '../push/receive-push.ts'
import type { ReadAhead } from '../walk/walk-source.ts'
import { type ByteReader, createByteReader } from './byte-reader.ts'
import type { Exchange, ServedSync } from './exchange.ts'
import { withIdleTimeout } from './idle-timeout.ts'
import { type Fields, type Message, readMessage } from './messages/message-frame.ts'
import {
  KNOWN_REQUEST,
  KNOWN_RESPONSE,
  PUSH,
  PUSH_OFFER,
  PUSH_OFFER_RESPONSE,
  PUSH_RESPONSE,
  RECORDS_REQUEST,
  RECORDS_RESPONSE,
  REFS_REQUEST,
  REFS_RESPONSE,
  SYNC_REQUEST,
  SYNC_RESPONSE,
} from './messages/message-types.ts'
import { encodeRefusal, RefusedRequest } from './messages/refusal.ts'
import type { Offer } from './offer.ts'
import { closedEarly, malformed, tooSlow } from './peer-errors.ts'
import { READ_AHEAD } from './send-car.ts'
import { serveBlocks } from './serve-blocks.ts'
import { serveRecords } from './serve-records.ts'
import { serveKnown, serveRefs } from './serve-refs.ts'
import { IDLE_TIMEOUT_MS, MAX_REQUEST_BYTES } from './sync-limits.ts'
import { timedSend } from './timed-send.ts'
import { WireProblem } from './wire-problem.ts'

/** To whom it is served, and how. */
export interface ServeSyncOptions extends AbortOptions {
  /** What errors call the peer: its id where that is proven. What it left of an interrupted push is kept by this name. */
  label: string
  /** How long the peer may take to send its request, or to take a piece of the answer (default IDLE_TIMEOUT_MS). */
  idleTimeoutMs?: number
  /** Leaves read before they are sent (default 64 blocks, 8 MiB). More helps where the offer's source is a network. */
  readAhead?: ReadAhead
  /** Bytes that one push may bring (default: no limit). */
  maxPushBytes?: number
}

/** How a type of request is answered, and the type of its response. */
interface Answer {
  kind: ServedSync['kind']
  response: string
  answer: (exchange: Exchange, fields: Fields) => Promise<ServedSync>
}

const ANSWERS: Record<string, Answer> = {
  [SYNC_REQUEST]: { kind: 'sync', response: SYNC_RESPONSE, answer: serveBlocks },
  [REFS_REQUEST]: { kind: 'refs', response: REFS_RESPONSE, answer: serveRefs },
  [KNOWN_REQUEST]: { kind: 'known', response: KNOWN_RESPONSE, answer: serveKnown },
  [RECORDS_REQUEST]: { kind: 'records', response: RECORDS_RESPONSE, answer: serveRecords },
  [PUSH_OFFER]: { kind: 'push-offer', response: PUSH_OFFER_RESPONSE, answer: receivePushOffer },
  [PUSH]: { kind: 'push', response: PUSH_RESPONSE, answer: receivePush },
}

/**
 * Answers one request of `/jzfs/sync/1`, whatever carries it.
 *
 * Memory is bounded by the request, by the walk (48 bytes for each block that is visited) and `readAhead`; a
 * peer that does not read stops the reading here. Resolves when all was handed to the stream; a request that is refused
 * is no failure.
 *
 * On any failure the stream is aborted: UnavailableError `peer-closed-early`, `peer-too-slow`, IntegrityError
 * `peer-sent-malformed` and what `receivePush` throws, the signal's reason, and what the offer throws (a block that is
 * missing here).
 */
export async function serveSync(duplex: ByteDuplex, offer: Offer, options: ServeSyncOptions): Promise<ServedSync> {
  try {
    return await serve(duplex, offer, options)
  } catch (error) {
    duplex.abort(error instanceof Error ? error : new Error('the transfer failed'))
    throw error
  }
}

async function serve(duplex: ByteDuplex, offer: Offer, options: ServeSyncOptions): Promise<ServedSync> {
  const { label, signal, idleTimeoutMs = IDLE_TIMEOUT_MS, readAhead = READ_AHEAD } = options
  const { maxPushBytes = Number.POSITIVE_INFINITY } = options
  const send = timedSend(duplex, { label, idleTimeoutMs, signal })
  const reader = createByteReader(duplex.source, { label, idleTimeoutMs, signal })
  const nothing: ServedSync = { kind: undefined, refused: undefined, wants: [], blocks: 0, bytes: 0 }
  if (!(await reader.fill(1))) {
    await duplex.closeWrite()
    return nothing
  }
  let response = SYNC_RESPONSE
  try {
    const { fields, answer, ...known } = knownMessage(await readMessage(reader, MAX_REQUEST_BYTES))
    response = known.response
    nothing.kind = known.kind
    const served = await answer({ label, offer, reader, send, readAhead, maxPushBytes, signal }, fields)
    await duplex.closeWrite()
    return served
  } catch (error) {
    if (error instanceof RefusedRequest) {
      await send(encodeRefusal(response, error.refusal))
      await duplex.closeWrite()
      await passRest(reader, label, idleTimeoutMs)
      return { ...nothing, refused: error.refusal.code }
    }
    if (!(error instanceof WireProblem)) throw error
    if (error.isCutShort) throw closedEarly(label)
    await send(encodeRefusal(SYNC_RESPONSE, { code: 'request-invalid', message: error.message }))
    await duplex.closeWrite()
    throw malformed(label, error.message)
  }
}

function knownMessage(message: Message): Message & Answer {
  const known = Object.hasOwn(ANSWERS, message.type) ? ANSWERS[message.type] : undefined
  if (known === undefined) throw new WireProblem('the header is of a type that is not known here')
  return { ...message, ...known }
}

/** How much more of a refused push is read, and for how long at most, so that the refusal is not lost in a stream that breaks. */
const MAX_PASSED_BYTES = 1_048_576
const MAX_PASSING_MS = 10_000

/** Reads what a peer still sends that was refused, until it has seen that, or for no longer than it may be silent. */
async function passRest(reader: ByteReader, label: string, silentMs: number): Promise<void> {
  const timeoutMs = Math.min(MAX_PASSING_MS, silentMs)
  const endsAt = performance.now() + timeoutMs
  const onTimeout = (): Error => tooSlow(label, timeoutMs)
  try {
    for (let passed = 0; passed < MAX_PASSED_BYTES;) {
      const filled = reader.fill(1)
      if (!(await withIdleTimeout(filled, { idleTimeoutMs: endsAt - performance.now(), onTimeout }))) return
      passed += reader.take(reader.available).length
    }
  } catch {
    // It hung up, or drips: it could know.
  }
}
