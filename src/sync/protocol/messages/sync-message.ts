import type { CID } from 'multiformats/cid'

import { linkJson } from '../../../model/commit/dag-json.ts'
import type { ByteReader } from '../byte-reader.ts'
import { MAX_HAVES, MAX_HEADER_BYTES, MAX_WANTS } from '../sync-limits.ts'
import { WireProblem } from '../wire-problem.ts'
import { readCount, readFlag, readLinks, readOptionalCount } from './message-fields.ts'
import { encodeMessage, type Fields, readMessage } from './message-frame.ts'
import { SYNC_REQUEST, SYNC_RESPONSE } from './message-types.ts'
import { openResponse } from './refusal.ts'

/** What one side asks of the other: `type` is `jzfs/sync-request/1`. */
export interface SyncRequest {
  /** The roots to send, with everything that they reach: 1 to MAX_WANTS. */
  wants: CID[]
  /** Roots that the asker holds with everything that they reach: none of that is sent. */
  haves: CID[]
  /** How many blocks, in the order of the stream, the asker holds already: they are left out. */
  resume: number
  /** Raw blocks are left out: neither sent nor counted. */
  nodes?: boolean | undefined
  /** Just the wants in their order, and nothing that they link; no haves, no resume. */
  only?: boolean | undefined
}

/** What the other side answers before the CAR with the blocks: `type` is `jzfs/sync-response/1`. */
export interface SyncResponse {
  /** Those of the request's haves that are left out with all they reach; the others are unknown here. */
  haves: CID[]
  /** The request's `resume`, or 0 where some of its haves are unknown here, which changes the order. */
  resume: number
  /** How many blocks the wants reach, where that is known. */
  blocks?: number | undefined
  /** Whether a want is there for this asker and not for everybody: who keeps it is not to give it on. */
  restricted?: boolean | undefined
}

/** The bytes of a request, its length before it. */
export function encodeRequest({ wants, haves, resume, nodes, only }: SyncRequest): Uint8Array {
  const flags = { nodes: isSet(nodes), only: isSet(only) }
  return encodeMessage(SYNC_REQUEST, { haves: haves.map(linkJson), ...flags, resume, wants: wants.map(linkJson) })
}

/** The bytes of a response, its length before it. */
export function encodeResponse({ blocks, haves, resume, restricted }: SyncResponse): Uint8Array {
  const fields = { restricted: isSet(restricted), resume, status: 'ok' }
  return encodeMessage(SYNC_RESPONSE, { blocks, haves: haves.map(linkJson), ...fields })
}

/** What is false is left out. */
function isSet(flag: boolean | undefined): true | undefined {
  return flag === true ? flag : undefined
}

/** Reads the fields of a request. Throws WireProblem. */
export function decodeRequest(fields: Fields): SyncRequest {
  const only = readFlag(fields, 'only')
  const wants = readLinks(fields, 'wants', MAX_WANTS)
  if (wants.length === 0) throw new WireProblem('wants is empty')
  const haves = readLinks(fields, 'haves', MAX_HAVES)
  const request = { wants, haves, resume: readCount(fields, 'resume'), nodes: readFlag(fields, 'nodes'), only }
  if (only && (haves.length > 0 || request.resume > 0)) throw new WireProblem('just some blocks have no haves')
  return request
}

/** Reads a response. Throws RefusedRequest, WireProblem, and what the reader throws. */
export async function readResponse(reader: ByteReader): Promise<SyncResponse> {
  const opened = openResponse(await readMessage(reader, MAX_HEADER_BYTES), SYNC_RESPONSE)
  const haves = readLinks(opened, 'haves', MAX_HAVES)
  const blocks = readOptionalCount(opened, 'blocks')
  return { haves, resume: readCount(opened, 'resume'), blocks, restricted: readFlag(opened, 'restricted') }
}
