import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { CID } from 'multiformats/cid'

import { parseCidText } from '../../model/cid-text.ts'
import { JzfsError } from '../../model/errors.ts'
import { parseIpnsName } from '../../sync/names/ipns-name.ts'
import { openRecord } from '../../sync/names/ipns-record.ts'
import type { KnownNames } from '../../sync/names/known-names.ts'
import { messageForOthers } from '../error-body.ts'
import { RECORD_TYPE } from './router.ts'

/** What a router of ours knows. */
export interface Routed {
  /** The newest record (marshalled) of a name that this node publishes or follows, undefined for any other. */
  record(name: string): Promise<Uint8Array | undefined>
  /** Where records are remembered that are put. */
  names: Pick<KnownNames, 'accept'>
  now(): Date
  /** Who this node is. */
  peerId: string
  /** The addresses it listens on, each with `/p2p/` and the peer id. */
  addresses(): string[]
  /** Whether everybody may have the block of that CID from this node. */
  mayServe(cid: CID): boolean | Promise<boolean>
}

/** Bytes of a record that is put. */
const MAX_RECORD_BYTES = 10_240

/** How long the sender of a record may pause, in milliseconds. */
const BODY_TIMEOUT_MS = 10_000

/** How long an answer may be used by others where the record says nothing, in seconds (from the specification). */
const DEFAULT_MAX_AGE_S = 60

/**
 * Delegated routing over HTTP (https://specs.ipfs.tech/routing/http-routing-v1/), for who has nothing else: `GET` and `PUT`
 * of `/routing/v1/ipns/NAME`, and `GET` of `/routing/v1/providers/CID` and `/routing/v1/peers/PEER`, where this node answers
 * for itself alone. A record is taken only for a name that this node publishes or follows, verified, and never an older one.
 *
 * Answers requests below `/routing/v1/` and says so; any other is left to the caller: false.
 */
export function createRoutingServer(
  routed: Routed,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  return async (request, response) => {
    const [pathname = ''] = (request.url ?? '').split('?')
    const [, kind = '', text = ''] = /^\/routing\/v1\/([^/]*)\/?([^/]*)$/.exec(pathname) ?? []
    if (!pathname.startsWith('/routing/v1/')) return false
    const answer = await answerTo(routed, request, kind, text).catch((error: unknown): Answer => {
      if (error instanceof JzfsError) return problem(statusOf(error), messageForOthers(error))
      throw error
    })
    response.writeHead(answer.status, {
      ...CORS,
      'content-type': answer.type ?? 'text/plain; charset=utf-8',
      ...answer.headers,
    })
    response.end(answer.body)
    return true
  }
}

interface Answer {
  status: number
  type?: string
  headers?: Record<string, string>
  body: string | Uint8Array
}

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, PUT, OPTIONS',
  'access-control-allow-headers': 'Content-Type',
}

async function answerTo(routed: Routed, request: IncomingMessage, kind: string, text: string): Promise<Answer> {
  const { method = 'GET' } = request
  if (!['ipns', 'providers', 'peers'].includes(kind)) return problem(400, 'there is no such path')
  if (method === 'OPTIONS') return { status: 204, body: '' }
  if (kind === 'ipns' && method === 'GET') return giveRecord(routed, request, text)
  if (kind === 'ipns' && method === 'PUT') return takeRecord(routed, request, text)
  if (method !== 'GET') return problem(501, `${method} is not done here`)
  return kind === 'providers' ? giveProviders(routed, request, text) : givePeer(routed, request, text)
}

async function giveRecord(routed: Routed, { headers }: IncomingMessage, text: string): Promise<Answer> {
  if (!accepts(headers.accept, RECORD_TYPE)) return problem(406, `retry with Accept: ${RECORD_TYPE}`)
  const name = parseIpnsName(text)
  const bytes = await routed.record(name)
  if (bytes === undefined) return { ...problem(404, 'no record here'), headers: cacheFor(DEFAULT_MAX_AGE_S) }
  const { ttlNs, expires } = await openRecord(name, bytes)
  const leftS = Math.max(0, Math.floor((expires.getTime() - routed.now().getTime()) / 1000))
  const ttlS = ttlNs === 0n ? DEFAULT_MAX_AGE_S : Number(ttlNs / 1_000_000_000n)
  const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`
  if (headers['if-none-match'] === etag) return { status: 304, headers: { etag }, body: '' }
  return {
    status: 200,
    type: RECORD_TYPE,
    headers: { ...cacheFor(Math.min(ttlS, leftS)), etag, expires: expires.toUTCString() },
    body: bytes,
  }
}

async function takeRecord(routed: Routed, request: IncomingMessage, text: string): Promise<Answer> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';')
  if (type.trim().toLowerCase() !== RECORD_TYPE) return problem(406, `retry with Content-Type: ${RECORD_TYPE}`)
  const name = parseIpnsName(text)
  // Whoever sends it drop by drop holds a connection for nothing.
  request.setTimeout(BODY_TIMEOUT_MS, () => void request.destroy())
  const bytes = await readBody(request)
  if (bytes === undefined) return { ...problem(400, `a record has at most ${MAX_RECORD_BYTES} bytes`), headers: CLOSE }
  // First whether it is one at all: a name's own record says nothing of who asks for it.
  await openRecord(name, bytes)
  if ((await routed.record(name)) === undefined)
    return problem(403, 'this node takes records only of names that it publishes or follows')
  await routed.names.accept(name, bytes, { now: routed.now(), from: 'a request to the router' })
  return { status: 200, body: '' }
}

async function giveProviders(routed: Routed, request: IncomingMessage, text: string): Promise<Answer> {
  const cid = parseCidText(text)
  if (cid === undefined) return problem(422, 'this is no CID')
  const isServed = await routed.mayServe(cid)
  return listing(request, 'Providers', isServed ? [peerOf(routed)] : [])
}

async function givePeer(routed: Routed, request: IncomingMessage, text: string): Promise<Answer> {
  const isSelf = parseIpnsName(text) === parseIpnsName(routed.peerId)
  return listing(request, 'Peers', isSelf ? [peerOf(routed)] : [])
}

function peerOf({ peerId, addresses }: Routed): object {
  const Addrs = addresses().map((address) => address.replace(/\/p2p\/[^/]+$/, ''))
  return { Schema: 'peer', ID: peerId, Addrs, Protocols: ['transport-bitswap'] }
}

/** One JSON document, or, where it is asked for, a line for each. */
function listing({ headers }: IncomingMessage, field: string, items: object[]): Answer {
  const status = items.length === 0 ? 404 : 200
  if (headers.accept?.includes('application/x-ndjson')) {
    return { status, type: 'application/x-ndjson', body: items.map((item) => `${JSON.stringify(item)}\n`).join('') }
  }
  return { status, type: 'application/json', body: JSON.stringify({ [field]: items }) }
}

/** The body, or undefined where it is more than a record can be: the rest is not read. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const pieces: Buffer[] = []
  let size = 0
  // Whoever stops reading still has to answer.
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > MAX_RECORD_BYTES) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

const CLOSE = { connection: 'close' }

function accepts(accept: string | undefined, type: string): boolean {
  const ranges = (accept ?? '').split(',').map((range) => range.split(';')[0]?.trim().toLowerCase())
  return ranges.some((range) => range === type || range === '*/*' || range === 'application/*')
}

function cacheFor(seconds: number): Record<string, string> {
  return { 'cache-control': `public, max-age=${seconds}` }
}

function problem(status: number, message: string): Answer {
  return { status, body: `${message}\n` }
}

/** 409 for a record that would take the name back, or to a second value; 400 for what is no good name or record. */
function statusOf({ code, family }: JzfsError): number {
  if (family === 'conflict' || code === 'record-older-than-seen' || code === 'record-set-aside') return 409
  return family === 'unavailable' ? 503 : 400
}
