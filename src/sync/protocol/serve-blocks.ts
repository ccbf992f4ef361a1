import type { CID } from 'multiformats/cid'

import type { Exchange, ServedSync } from './exchange.ts'
import type { Fields } from './messages/message-frame.ts'
import { RefusedRequest } from './messages/refusal.ts'
import { decodeRequest, encodeResponse, type SyncRequest, type SyncResponse } from './messages/sync-message.ts'
import type { Offer } from './offer.ts'
import { sendBlocks, sendCar } from './send-car.ts'

/**
 * Answers a request for blocks. A want that may not be served is refused in the same words as one that is not there; a
 * have that may not is unknown.
 */
export async function serveBlocks(exchange: Exchange, fields: Fields): Promise<ServedSync> {
  const { offer, send, readAhead, signal } = exchange
  const request = decodeRequest(fields)
  const { wants, nodes, only = false } = request
  const response = await answerTo(request, offer)
  await send(encodeResponse(response))
  const sent = only
    ? await sendBlocks(send, offer.source, wants, { signal })
    : await sendCar(send, { ...response, wants, nodes, source: offer.source, readAhead, signal })
  return { kind: 'sync', refused: undefined, wants, ...sent }
}

async function answerTo(request: SyncRequest, offer: Offer): Promise<SyncResponse> {
  for (const want of request.wants) {
    if (!(await offer.mayServe(want))) {
      throw new RefusedRequest({ code: 'not-served', message: `${want.toString()} is not served here` })
    }
  }
  const haves: CID[] = []
  for (const have of request.haves) {
    if (await offer.mayServe(have)) haves.push(have)
  }
  const [want, ...others] = request.wants
  const isWhole = request.only !== true && request.nodes !== true
  const isCounted = want !== undefined && others.length === 0 && isWhole
  const blocks = isCounted ? offer.countBlocks?.(want) : undefined
  return { haves, resume: haves.length === request.haves.length ? request.resume : 0, blocks }
}
