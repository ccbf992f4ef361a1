import type { CID } from 'multiformats/cid'

import { linkJson } from '../../../model/commit/dag-json.ts'
import { MAX_REF_NAME_BYTES } from '../../../model/limits.ts'
import type { ByteReader } from '../byte-reader.ts'
import {
  MAX_IPNS_NAME,
  MAX_MANIFEST_BYTES,
  MAX_OFFERED_HEADS,
  MAX_RECORD_BYTES,
  MAX_REFS_BYTES,
  MAX_REPOSITORY_NAME,
  MAX_STATEMENT_BYTES,
} from '../sync-limits.ts'
import { WireProblem } from '../wire-problem.ts'
import {
  bytesJson,
  readFlag,
  readMaps,
  readOptionalBytes,
  readOptionalLink,
  readOptionalText,
  readText,
} from './message-fields.ts'
import { encodeMessage, type Fields, readMessage } from './message-frame.ts'
import { REFS_REQUEST, REFS_RESPONSE } from './message-types.ts'
import { openResponse } from './refusal.ts'

/** What is asked of a repository's refs: `type` is `jzfs/refs-request/1`. */
export interface RefsRequest {
  /** The repository's name; left out where the node has one only. */
  repository?: string | undefined
  /** The manifest that the asker has: it is not sent again. */
  known?: CID | undefined
}

/** A repository's refs as they were sent: nothing of it is verified. `type` is `jzfs/refs-response/1`. */
export interface RefsAnswer {
  repository: string
  /** The IPNS name that signs (`k51…`) and its record, marshalled; left out where nothing is signed. */
  name: string | undefined
  record: Uint8Array | undefined
  /** The bytes of the manifest; left out where it is the one that the asker has. */
  manifest: Uint8Array | undefined
  heads: AnsweredHead[]
  /** Whether the asker may push. */
  writable: boolean
}

/** A head beside the manifest, as it was sent. */
export interface AnsweredHead {
  ref: string
  /** The branch's IPNS name, its record, marshalled, and the repository's signature that it is the branch's. */
  name: string
  record: Uint8Array
  statement: Uint8Array
}

/** The bytes of a request, its length before it. */
export function encodeRefsRequest({ repository, known }: RefsRequest): Uint8Array {
  return encodeMessage(REFS_REQUEST, { known: known === undefined ? undefined : linkJson(known), repository })
}

/** Reads the fields of a request. Throws WireProblem. */
export function decodeRefsRequest(fields: Fields): RefsRequest {
  return {
    repository: readOptionalText(fields, 'repository', MAX_REPOSITORY_NAME),
    known: readOptionalLink(fields, 'known'),
  }
}

/** The bytes of an answer, its length before it. */
export function encodeRefsAnswer({ repository, name, record, manifest, heads, writable }: RefsAnswer): Uint8Array {
  return encodeMessage(REFS_RESPONSE, {
    heads: heads.map(({ ref, name: ipns, record: own, statement }) => ({
      ipns,
      record: bytesJson(own),
      ref,
      statement: bytesJson(statement),
    })),
    manifest: manifest && bytesJson(manifest),
    name,
    record: record && bytesJson(record),
    repository,
    status: 'ok',
    writable,
  })
}

/** Reads an answer. Throws RefusedRequest, WireProblem, and what the reader throws. */
export async function readRefsAnswer(reader: ByteReader): Promise<RefsAnswer> {
  const opened = openResponse(await readMessage(reader, MAX_REFS_BYTES), REFS_RESPONSE)
  const record = readOptionalBytes(opened, 'record', MAX_RECORD_BYTES)
  const name = readOptionalText(opened, 'name', MAX_IPNS_NAME)
  if ((name === undefined) !== (record === undefined)) throw new WireProblem('one of name and record is missing')
  return {
    repository: readText(opened, 'repository', MAX_REPOSITORY_NAME),
    name,
    record,
    manifest: readOptionalBytes(opened, 'manifest', MAX_MANIFEST_BYTES),
    heads: readMaps(opened, 'heads', MAX_OFFERED_HEADS).map(readHead),
    writable: readFlag(opened, 'writable'),
  }
}

function readHead(fields: Fields): AnsweredHead {
  const record = readOptionalBytes(fields, 'record', MAX_RECORD_BYTES)
  if (record === undefined) throw new WireProblem('a head has no record')
  const statement = readOptionalBytes(fields, 'statement', MAX_STATEMENT_BYTES)
  if (statement === undefined) throw new WireProblem('a head has no statement')
  const [ref, name] = [readText(fields, 'ref', MAX_REF_NAME_BYTES), readText(fields, 'ipns', MAX_IPNS_NAME)]
  return { ref, name, record, statement }
}
