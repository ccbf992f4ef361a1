import type { ByteReader } from '../byte-reader.ts'
import { MAX_ASKED_NAMES, MAX_IPNS_NAME, MAX_RECORD_BYTES, MAX_RECORDS_BYTES } from '../sync-limits.ts'
import { WireProblem } from '../wire-problem.ts'
import { bytesJson, readMaps, readOptionalBytes, readText } from './message-fields.ts'
import { encodeMessage, type Fields, readMessage } from './message-frame.ts'
import { RECORDS_REQUEST, RECORDS_RESPONSE } from './message-types.ts'
import { openResponse } from './refusal.ts'

/** The record of a name as it was sent: nothing of it is verified. */
export interface SentRecord {
  /** The IPNS name: `k51…`. */
  name: string
  /** Marshalled. */
  record: Uint8Array
}

/** The bytes of a request, its length before it: `type` is `jzfs/records-request/1`. */
export function encodeRecordsRequest(names: readonly string[]): Uint8Array {
  return encodeMessage(RECORDS_REQUEST, { names })
}

/** Reads the names that are asked about. Throws WireProblem. */
export function decodeRecordsRequest({ names }: Fields): string[] {
  const isName = (name: unknown): name is string => typeof name === 'string' && name.length <= MAX_IPNS_NAME
  if (Array.isArray(names) && names.length <= MAX_ASKED_NAMES && names.every(isName)) return names
  throw new WireProblem(`names is no list of up to ${MAX_ASKED_NAMES} names`)
}

/** The bytes of an answer: `type` is `jzfs/records-response/1`. */
export function encodeRecordsAnswer(records: readonly SentRecord[]): Uint8Array {
  const sent = records.map(({ name, record }) => ({ name, record: bytesJson(record) }))
  return encodeMessage(RECORDS_RESPONSE, { records: sent, status: 'ok' })
}

/** Reads an answer. Throws RefusedRequest, WireProblem, and what the reader throws. */
export async function readRecordsAnswer(reader: ByteReader): Promise<SentRecord[]> {
  const opened = openResponse(await readMessage(reader, MAX_RECORDS_BYTES), RECORDS_RESPONSE)
  return readMaps(opened, 'records', MAX_ASKED_NAMES).map((fields) => {
    const record = readOptionalBytes(fields, 'record', MAX_RECORD_BYTES)
    if (record === undefined) throw new WireProblem('a record is missing')
    return { name: readText(fields, 'name', MAX_IPNS_NAME), record }
  })
}
