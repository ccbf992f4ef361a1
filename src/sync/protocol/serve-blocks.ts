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
  checkResume(wants, response.resume, offer)
  await send(encodeResponse(response))
  const sent = only
    ? await sendBlocks(send, offer.source, wants, { signal })
    : await sendCar(send, { ...response, wants, nodes, source: offer.source, readAhead, signal })
  return { kind: 'sync', refused: undefined, wants, ...sent }
}

/**
 * Refuses to leave out more blocks than there are, where that is known: all of them would be walked, to send nothing. A
 * digest is counted once that may be passed twice: as the leaf of a file and as the node that the file is a copy of.
 */
function checkResume(wants: readonly CID[], resume: number, { countBlocks }: Offer): void {
  const count = wants.reduce((sum, want) => sum + (countBlocks?.(want) ?? Number.POSITIVE_INFINITY), 0)
  if (resume <= count * 2) return
  throw new RefusedRequest({ code: 'request-invalid', message: `there are no ${resume} blocks to go on after` })
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
  const restricted = request.wants.some((each) => offer.isRestricted?.(each) === true)
  return { haves, resume: haves.length === request.haves.length ? request.resume : 0, blocks, restricted }
}
