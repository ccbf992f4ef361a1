import type { IncomingMessage } from 'node:http'

import { IntegrityError, InvalidError, UnavailableError } from '../../model/errors.ts'
import { isPeerNamed } from '../../node/home/named-peers.ts'
import type { Asker } from '../../node/offer/visibility.ts'
import type { ByteDuplex } from '../../sync/duplex.ts'
import { createByteReader } from '../../sync/protocol/byte-reader.ts'
import { readWithLength, withLength } from '../../sync/protocol/length-prefix.ts'
import { explainWireProblem } from '../../sync/protocol/peer-errors.ts'
import { IDLE_TIMEOUT_MS, MAX_REQUEST_BYTES } from '../../sync/protocol/sync-limits.ts'
import { type ClaimedAsker, isClaimTrue, parseAuthorization, SYNC_TYPE } from '../asker-signature.ts'
import { streamSink } from '../stream-sink.ts'
import type { HttpExchange } from './http-route.ts'

const SYNC_PATH = /^\/(?:([^/]{1,768})\/)?sync$/

/** Whether a request of this path is an exchange, which takes as long as it takes. */
export function isTransfer(path: string): boolean {
  return SYNC_PATH.test(path)
}

/**
 * `POST /REPOSITORY/sync` (or `/sync`, for what the node serves whatever the repository): one exchange of `/jzfs/sync/1`. The
 * request's body is what the asker sends, the answer's what the server does. See src/sync/README.md.
 */
export async function answerSync(exchange: HttpExchange): Promise<boolean> {
  const { daemon, request, response, path } = exchange
  const match = SYNC_PATH.exec(path)
  if (match === null) return false
  if (request.method !== 'POST' || request.headers['content-type'] !== SYNC_TYPE) {
    throw new InvalidError('request-invalid', `what is asked of ${path} is asked by POST of ${SYNC_TYPE}`)
  }
  const repository = match[1] === undefined ? undefined : decodeName(match[1])
  const label = request.socket.remoteAddress ?? 'an asker'
  const { frame, source } = await splitFrame(request, label)
  const asker = provenAsker(exchange, frame)
  response.writeHead(200, { 'content-type': SYNC_TYPE, 'cache-control': 'no-store' })
  const duplex: ByteDuplex = { ...streamSink(response), source }
  await daemon.exchange(duplex, {
    asker,
    label: asker === 'everybody' ? label : asker.peerId,
    carrier: 'http',
    host: request.socket.remoteAddress,
    repository,
    signal: exchange.signal,
  })
  hangUpUnlessComplete(request)
  return true
}

/** How long the end of a request may be on its way that is answered, in milliseconds. */
const END_MS = 2000

/** A push that is refused and goes on is not read; nor is it waited for. */
function hangUpUnlessComplete(request: IncomingMessage): void {
  const hangUp = (): void => {
    if (!request.complete) request.socket.destroySoon()
  }
  if (!request.complete) setTimeout(hangUp, END_MS).unref()
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new InvalidError('request-invalid', 'the name of the repository is not well encoded')
  }
}

/** The request's header with its length, and the whole body with it. */
async function splitFrame(
  request: IncomingMessage,
  label: string,
): Promise<{ frame: Uint8Array; source: AsyncIterable<Uint8Array> }> {
  const pieces = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>
  const reader = createByteReader(pieces, { label, idleTimeoutMs: IDLE_TIMEOUT_MS })
  let frame: Uint8Array
  try {
    frame = withLength(await readWithLength(reader, MAX_REQUEST_BYTES, 'the header'))
  } catch (error) {
    const explained = explainWireProblem(error, label)
    throw explained instanceof IntegrityError ? new InvalidError('request-invalid', explained.message) : explained
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield frame
    if (reader.available > 0) yield reader.take(reader.available)
    yield* pieces
  }
  return { frame, source: whole() }
}

/** Who asks: whoever has signed, or everybody. A claim that is not true is no asker at all. */
function provenAsker(
  { daemon, challenges, authorities, request }: HttpExchange,
  frame: Uint8Array,
): Exclude<Asker, 'self'> {
  const { authorization } = request.headers
  if (authorization === undefined) return 'everybody'
  const claim = parseAuthorization(authorization)
  if (claim === undefined) throw notSigned('it is not of the form that is asked for')
  const { challenge } = claim
  if (!challenges.isGood(challenge))
    throw notSigned('its challenge is not one of this server, or was used, or is too old')
  if (!authorities.some((authority) => isTrue(claim, { authority, server: daemon.node.peerId }, request, frame)))
    throw notSigned('it is not by that key, or of another request, or for another server')
  const { peerId } = claim
  const isKnown = isPeerNamed(daemon.home.repositories.list(), peerId)
  if (challenges.use(challenge, { peerId, isKnown })) return { peerId }
  throw new UnavailableError('too-many-requests', 'too many signed requests were made in a minute', {
    hint: 'try again in a minute',
  })
}

function isTrue(
  claim: ClaimedAsker,
  here: { authority: string; server: string },
  { method = '', url: path = '' }: IncomingMessage,
  frame: Uint8Array,
): boolean {
  return isClaimTrue(claim, { method, path, ...here, challenge: claim.challenge, frame })
}

function notSigned(problem: string): IntegrityError {
  return new IntegrityError('signature-refused', `the signature of the request is refused: ${problem}`, {
    hint: 'ask again: each request is signed anew; behind a proxy its owner has to say by which host: `jzfs config --user --add http.hosts HOST`',
  })
}
