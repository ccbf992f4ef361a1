import type { CID } from 'multiformats/cid'

import { linkJson } from '../../../model/commit/dag-json.ts'
import type { ByteReader } from '../byte-reader.ts'
import { MAX_HAVES, MAX_HEADER_BYTES } from '../sync-limits.ts'
import { readLinks } from './message-fields.ts'
import { encodeMessage, type Fields, readMessage } from './message-frame.ts'
import { KNOWN_REQUEST, KNOWN_RESPONSE } from './message-types.ts'
import { openResponse } from './refusal.ts'

/** The bytes of a request, its length before it: `type` is `jzfs/known-request/1`. */
export function encodeKnownRequest(commits: readonly CID[]): Uint8Array {
  return encodeMessage(KNOWN_REQUEST, { commits: commits.map(linkJson) })
}

/** Reads the commits that are asked about. Throws WireProblem. */
export function decodeKnownRequest(fields: Fields): CID[] {
  return readLinks(fields, 'commits', MAX_HAVES)
}

/** The bytes of an answer: those of the commits that the asker may have. `type` is `jzfs/known-response/1`. */
export function encodeKnownAnswer(known: readonly CID[]): Uint8Array {
  return encodeMessage(KNOWN_RESPONSE, { known: known.map(linkJson), status: 'ok' })
}

/** Reads an answer. Throws RefusedRequest, WireProblem, and what the reader throws. */
export async function readKnownAnswer(reader: ByteReader): Promise<CID[]> {
  const opened = openResponse(await readMessage(reader, MAX_HEADER_BYTES), KNOWN_RESPONSE)
  return readLinks(opened, 'known', MAX_HAVES)
}
