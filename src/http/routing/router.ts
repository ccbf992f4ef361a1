import { InvalidError, UnavailableError } from '../../model/errors.ts'
import { addressOutside, type NetworkProfile, reachesHost } from '../../node/network/network-profile.ts'
import type { RecordCarrier } from '../../sync/names/record-carrier.ts'

/** The media type of a marshalled record. */
export const RECORD_TYPE = 'application/vnd.ipfs.ipns-record'

/** Bytes of an answer that are read: a record has at most 10 KiB. */
const MAX_ANSWER_BYTES = 16_384

/** How long a router may take to answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 10_000

/**
 * A delegated router (https://specs.ipfs.tech/routing/http-routing-v1/) at a base URL, with or without `/routing/v1`, as a
 * source and a carrier of records.
 *
 * Throws InvalidError `router-url-invalid`, and `address-outside-profile` for one that the network profile does not reach
 * (details: `address`). Its methods throw UnavailableError `router-unreachable` and `router-refused` (details: `peer`, `status`).
 */
export function createRouter(url: string, options: { profile?: NetworkProfile } = {}): RecordCarrier {
  const base = readBase(url, options.profile ?? 'loopback')
  const label = base.replace(/\/routing\/v1$/, '')
  return {
    label,
    async resolveName(name, { signal } = {}) {
      const response = await ask(`${base}/ipns/${name}`, label, { headers: { accept: RECORD_TYPE } }, signal)
      // A router says that it has none with 404, or, by a later edition, with another type of answer.
      const isRecord = response.headers.get('content-type')?.split(';')[0]?.trim() === RECORD_TYPE
      if (response.status === 200 && isRecord) return readBody(response, label, signal)
      await response.body?.cancel()
      if (response.status === 200 || response.status === 404) return undefined
      throw refused(label, response.status, 'did not answer for the name')
    },
    async putRecord(name, bytes, { signal } = {}) {
      const init = { method: 'PUT', headers: { 'content-type': RECORD_TYPE }, body: Buffer.from(bytes) }
      const response = await ask(`${base}/ipns/${name}`, label, init, signal)
      await response.body?.cancel()
      if (!response.ok) throw refused(label, response.status, 'did not take the record')
    },
  }
}

function readBase(text: string, profile: NetworkProfile): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new InvalidError('router-url-invalid', `this is no address of a router: ${text}`, {
      hint: 'write its base: https://HOST, without /routing/v1',
      details: { url: text },
    })
  }
  if (!reachesHost(profile, url.hostname)) throw addressOutside(profile, text)
  const path = url.pathname.replace(/\/+$/, '').replace(/\/routing\/v1$/, '')
  return `${url.origin}${path}/routing/v1`
}

async function ask(url: string, label: string, init: RequestInit, signal?: AbortSignal): Promise<Response> {
  try {
    // Whoever answers is who was named: a redirection would lead anywhere.
    return await fetch(url, { ...init, redirect: 'error', signal: inTime(signal) })
  } catch (error) {
    signal?.throwIfAborted()
    throw unreachable(label, error)
  }
}

async function readBody(response: Response, label: string, signal?: AbortSignal): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for await (const piece of response.body ?? []) {
      size += piece.length
      if (size > MAX_ANSWER_BYTES) throw refused(label, response.status, 'sent more than a record can have')
      pieces.push(piece)
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof UnavailableError ? error : unreachable(label, error)
  }
  return Buffer.concat(pieces)
}

function inTime(signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout])
}

function unreachable(label: string, cause: unknown): UnavailableError {
  return new UnavailableError('router-unreachable', `the router does not answer: ${label}`, {
    hint: 'check that it runs, or take it out of the configuration: routing.urls',
    cause,
    details: { peer: label },
  })
}

function refused(label: string, status: number, what: string): UnavailableError {
  return new UnavailableError('router-refused', `the router ${label} ${what} (HTTP ${status})`, {
    hint: 'it may be behind, or not take what it does not know; others may',
    details: { peer: label, status },
  })
}
