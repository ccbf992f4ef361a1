import { type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'

import { UnavailableError } from '../../model/errors.ts'
import type { ByteDuplex } from '../../sync/duplex.ts'
import { SYNC_TYPE } from '../asker-signature.ts'
import { streamSink } from '../stream-sink.ts'

/** How a request is made. */
export interface RequestDuplexOptions {
  url: URL
  /** What errors call the server. */
  label: string
  agent: RequestOptions['agent']
  /** More headers, by the request's own header with its length: what its asker signs. */
  headersFor(frame: Uint8Array): Promise<Record<string, string>>
  onResponse(response: IncomingMessage): void
}

/**
 * One HTTP request with its response as a duplex: what is sent is the request's body, `source` the response's. The
 * request is made when the message at its start has been sent whole; none is made where nothing is sent.
 *
 * `source` throws UnavailableError `peer-refused` (details: `peer`, `status`) where the answer is none of ours, and
 * `peer-unreachable` where there is none.
 */
export function requestDuplex(options: RequestDuplexOptions): ByteDuplex {
  const { promise: begun, resolve: begin } = Promise.withResolvers<OpenRequest | undefined>()
  let start: Uint8Array = new Uint8Array(0)
  let made: Promise<OpenRequest> | undefined
  let aborted: Error | undefined
  const make = async (frame: Uint8Array): Promise<OpenRequest> => {
    const headers = await options.headersFor(frame)
    if (aborted !== undefined) throw aborted
    const opened = openRequest(options, headers)
    begin(opened)
    return opened
  }
  return {
    source: readResponse(begun, options),
    async send(bytes) {
      if (made !== undefined) return sendTo(await made, bytes)
      start = start.length === 0 ? bytes : Buffer.concat([start, bytes])
      const length = frameLength(start)
      if (length === undefined || start.length < length) return
      made = make(start.subarray(0, length))
      made.catch(() => begin(undefined))
      await sendTo(await made, start)
    },
    async closeWrite() {
      if (made === undefined) begin(undefined)
      else await (await made).sink.closeWrite()
    },
    abort(reason) {
      aborted ??= reason
      begin(undefined)
      made?.then(
        ({ sink }) => sink.abort(reason),
        () => undefined,
      )
    },
  }
}

interface OpenRequest {
  sink: ReturnType<typeof streamSink>
  response: Promise<IncomingMessage>
}

function openRequest(
  { url, agent, label, onResponse }: RequestDuplexOptions,
  headers: Record<string, string>,
): OpenRequest {
  const request = requestOf(url)(url, {
    method: 'POST',
    agent,
    headers: { ...headers, 'content-type': SYNC_TYPE, 'transfer-encoding': 'chunked' },
  })
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request
      .once('response', (answered) => {
        // Whoever reads learns of an error there; unheard it would end the process.
        answered.on('error', () => undefined)
        resolve(answered)
      })
      .once('error', (error) => reject(unreachable(label, error)))
  })
  response.then(onResponse, () => undefined)
  return { sink: streamSink(request), response }
}

/** How Node makes a request of a URL. */
export function requestOf({ protocol }: URL): typeof httpRequest {
  return protocol === 'https:' ? httpsRequest : httpRequest
}

/** Sends, or says why there is nobody to send to. */
async function sendTo({ sink, response }: OpenRequest, bytes: Uint8Array): Promise<void> {
  try {
    await sink.send(bytes)
  } catch (error) {
    await Promise.race([response, Promise.reject(error)])
    throw error
  }
}

/** The length of the message at the start with its own length, once that is there: a varint of up to 4 bytes. */
function frameLength(start: Uint8Array): number | undefined {
  let length = 0
  for (let index = 0; index < 4; index++) {
    const byte = start[index]
    if (byte === undefined) return undefined
    length += (byte & 0x7f) * 128 ** index
    if (byte < 0x80) return index + 1 + length
  }
  return start.length
}

async function* readResponse(
  begun: Promise<OpenRequest | undefined>,
  { label }: RequestDuplexOptions,
): AsyncGenerator<Uint8Array> {
  const request = await begun
  if (request === undefined) return
  const response = await request.response
  if (response.statusCode !== 200 || response.headers['content-type'] !== SYNC_TYPE) {
    throw await refused(label, response)
  }
  yield* response as AsyncIterable<Uint8Array>
}

/** Bytes of an answer that is none of ours. */
const MAX_ERROR_BYTES = 16_384

async function refused(peer: string, response: IncomingMessage): Promise<UnavailableError> {
  let text = ''
  for await (const piece of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += piece
    if (text.length > MAX_ERROR_BYTES) break
  }
  const status = response.statusCode ?? 0
  const said = messageIn(text)
  const reason =
    said === undefined ? `HTTP ${status}` : `${JSON.stringify(said.message)} (${JSON.stringify(said.code)})`
  return new UnavailableError('peer-refused', `${peer} refused: ${reason}`, {
    hint: 'check the address: it must be that of a daemon, as `jzfs daemon status` shows it',
    details: { peer, status, refusal: said?.code },
  })
}

function messageIn(text: string): { code: string; message: string } | undefined {
  try {
    const body = JSON.parse(text) as { error?: { code?: unknown; message?: unknown } | null } | null
    const { code, message } = body?.error ?? {}
    return typeof code === 'string' && typeof message === 'string' ? { code, message } : undefined
  } catch {
    return undefined
  }
}

/** UnavailableError `peer-unreachable`: nobody answers at an address. */
export function unreachable(peer: string, cause: unknown): UnavailableError {
  return new UnavailableError('peer-unreachable', `nobody answers at ${peer}`, {
    hint: 'check the address, and that the daemon there runs',
    cause,
    details: { peer },
  })
}
