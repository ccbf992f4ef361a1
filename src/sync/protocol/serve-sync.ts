import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { UnavailableError } from '../../model/errors.ts'
import type { ByteDuplex } from '../duplex.ts'
import { createDagWalk } from '../walk/dag-walk.ts'
import { orderedBlocks, passReachable, type ReadAhead } from '../walk/walk-source.ts'
import { createByteReader } from './byte-reader.ts'
import { carStart } from './car-stream.ts'
import { withIdleTimeout } from './idle-timeout.ts'
import type { Offer } from './offer.ts'
import { closedEarly, malformed } from './peer-errors.ts'
import { createSectionSender } from './section-sender.ts'
import { encodeResponse, readRequest, type SyncRequest, type SyncResponse } from './sync-header.ts'
import { IDLE_TIMEOUT_MS } from './sync-limits.ts'
import { WireProblem } from './wire-problem.ts'

/** To whom it is served, and how. */
export interface ServeSyncOptions extends AbortOptions {
  /** What errors call the peer. */
  label: string
  /** How long the peer may take to send its request, or to take a piece of the answer (default IDLE_TIMEOUT_MS). */
  idleTimeoutMs?: number
  /** Leaves read before they are sent (default 64 blocks, 8 MiB). More helps where the offer's source is a network. */
  readAhead?: ReadAhead
}

/** What was sent to a peer. */
export interface ServedSync {
  /** Why the request was refused; undefined where it was served. */
  refused: string | undefined
  /** None where the peer found that it needs nothing. */
  wants: CID[]
  blocks: number
  /** Bytes of the CAR's sections. */
  bytes: number
}

const READ_AHEAD: ReadAhead = { blocks: 64, bytes: 8_388_608 }

/**
 * Answers one request of `/jzfs/sync/1`, whatever carries it.
 *
 * A want that may not be served is refused in the same words as one that is not there. Memory is bounded by the walk
 * (48 bytes for each block that wants and haves reach) and `readAhead`; a peer that does not read stops the reading
 * here. Resolves when all was handed to the stream.
 *
 * On any failure the stream is aborted: UnavailableError `peer-closed-early`, `peer-too-slow`, IntegrityError
 * `peer-sent-malformed`, the signal's reason, and what the offer throws (a block that is missing here).
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
  const send = sendWithTimeout(duplex, options)
  const request = await readRequestOf(duplex, options, send)
  if (request === undefined) {
    await duplex.closeWrite()
    return { refused: undefined, wants: [], blocks: 0, bytes: 0 }
  }
  const response = await answerTo(request, offer)
  await send(encodeResponse(response))
  const served: ServedSync = { refused: undefined, wants: request.wants, blocks: 0, bytes: 0 }
  if (response.status === 'refused') {
    await duplex.closeWrite()
    return { ...served, refused: response.code }
  }
  const { source } = offer
  const { signal, readAhead = READ_AHEAD } = options
  const walk = createDagWalk()
  await passReachable(walk, response.haves, source, { signal })
  walk.begin(request.wants, { isStrict: false, role: 'any' })
  await send(carStart(request.wants))
  const sender = createSectionSender(send)
  for await (const { cid, bytes } of orderedBlocks(walk, source, { skip: response.resume, readAhead, signal })) {
    await sender.send({ cid, bytes: await bytes })
    served.blocks++
  }
  await sender.flush()
  await duplex.closeWrite()
  return { ...served, bytes: sender.bytes }
}

/** The request; undefined where the peer closed without one, having found that it needs nothing. */
async function readRequestOf(
  duplex: ByteDuplex,
  { label, signal, idleTimeoutMs = IDLE_TIMEOUT_MS }: ServeSyncOptions,
  send: ByteDuplex['send'],
): Promise<SyncRequest | undefined> {
  const reader = createByteReader(duplex.source, { label, idleTimeoutMs, signal })
  try {
    return (await reader.fill(1)) ? await readRequest(reader) : undefined
  } catch (error) {
    if (!(error instanceof WireProblem)) throw error
    if (error.isCutShort) throw closedEarly(label)
    await send(encodeResponse({ status: 'refused', code: 'request-invalid', message: error.message }))
    await duplex.closeWrite()
    throw malformed(label, error.message)
  }
}

async function answerTo(request: SyncRequest, offer: Offer): Promise<SyncResponse> {
  for (const want of request.wants) {
    if (!(await offer.mayServe(want))) {
      return { status: 'refused', code: 'not-served', message: `${want.toString()} is not served here` }
    }
  }
  const haves: CID[] = []
  for (const have of request.haves) {
    if (await offer.mayServe(have)) haves.push(have)
  }
  const [want, ...others] = request.wants
  const blocks = want === undefined || others.length > 0 ? undefined : offer.countBlocks?.(want)
  return { status: 'ok', haves, resume: haves.length === request.haves.length ? request.resume : 0, blocks }
}

function sendWithTimeout(duplex: ByteDuplex, options: ServeSyncOptions): ByteDuplex['send'] {
  const { label, idleTimeoutMs = IDLE_TIMEOUT_MS, signal } = options
  return (bytes) =>
    withIdleTimeout(
      duplex.send(bytes).catch((error: unknown) => {
        throw closedEarly(label, error)
      }),
      {
        signal,
        idleTimeoutMs,
        onTimeout: () =>
          new UnavailableError('peer-too-slow', `${label} took nothing for ${idleTimeoutMs / 1000} s`, {
            hint: 'it may ask again',
            details: { peer: label, idleTimeoutMs },
          }),
      },
    )
}
