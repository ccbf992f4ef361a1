import { CID } from 'multiformats/cid'

import { SHA2_256 } from '../../model/cid.ts'
import { linkJson } from '../../model/commit/dag-json.ts'
import { MAX_CID_LENGTH } from '../../model/limits.ts'
import type { ByteReader } from './byte-reader.ts'
import { readWithLength, withLength } from './length-prefix.ts'
import { MAX_HAVES, MAX_HEADER_BYTES, MAX_WANTS } from './sync-limits.ts'
import { WireProblem } from './wire-problem.ts'

/** What one side asks of the other: `type` is `jzfs/sync-request/1`. */
export interface SyncRequest {
  /** The roots to send, with everything that they reach: 1 to MAX_WANTS. */
  wants: CID[]
  /** Roots that the asker holds with everything that they reach: none of that is sent. */
  haves: CID[]
  /** How many blocks, in the order of the stream, the asker holds already: they are left out. */
  resume: number
}

/** What the other side answers before the blocks: `type` is `jzfs/sync-response/1`. */
export type SyncResponse = SyncAccepted | SyncRefused

/** A CAR with the blocks follows. */
export interface SyncAccepted {
  status: 'ok'
  /** Those of the request's haves that are left out with all they reach; the others are unknown here. */
  haves: CID[]
  /** The request's `resume`, or 0 where some of its haves are unknown here, which changes the order. */
  resume: number
  /** How many blocks the wants reach, where that is known. */
  blocks?: number | undefined
}

/** Nothing follows. */
interface SyncRefused {
  status: 'refused'
  /** `not-served`, `request-invalid`, or one that a later version has. */
  code: string
  message: string
}

const REQUEST = 'jzfs/sync-request/1'
const RESPONSE = 'jzfs/sync-response/1'
const MAX_REFUSAL_TEXT = 1024

/** The bytes of a request, its length before it. */
export function encodeRequest({ wants, haves, resume }: SyncRequest): Uint8Array {
  return frame({ haves: haves.map(linkJson), resume, type: REQUEST, wants: wants.map(linkJson) })
}

/** The bytes of a response, its length before it. */
export function encodeResponse(response: SyncResponse): Uint8Array {
  if (response.status === 'refused') {
    const { code, message, status } = response
    return frame({ code, message, status, type: RESPONSE })
  }
  const { blocks, haves, resume, status } = response
  return frame({ blocks, haves: haves.map(linkJson), resume, status, type: RESPONSE })
}

/** Reads a request. Throws WireProblem, and what the reader throws. */
export async function readRequest(reader: ByteReader): Promise<SyncRequest> {
  const fields = await readFrame(reader, REQUEST)
  const wants = readCids(fields, 'wants', MAX_WANTS)
  if (wants.length === 0) throw new WireProblem('wants is empty')
  return { wants, haves: readCids(fields, 'haves', MAX_HAVES), resume: readCount(fields, 'resume') }
}

/** Reads a response. Throws WireProblem, and what the reader throws. */
export async function readResponse(reader: ByteReader): Promise<SyncResponse> {
  const fields = await readFrame(reader, RESPONSE)
  if (fields['status'] === 'refused') {
    return { status: 'refused', code: readText(fields, 'code'), message: readText(fields, 'message') }
  }
  if (fields['status'] !== 'ok') throw new WireProblem('status is neither ok nor refused')
  const blocks = fields['blocks'] === undefined ? undefined : readCount(fields, 'blocks')
  const haves = readCids(fields, 'haves', MAX_HAVES)
  return { status: 'ok', haves, resume: readCount(fields, 'resume'), blocks }
}

type Fields = Record<string, unknown>

function frame(fields: Fields): Uint8Array {
  return withLength(Buffer.from(JSON.stringify(fields)))
}

async function readFrame(reader: ByteReader, type: string): Promise<Fields> {
  const bytes = await readWithLength(reader, MAX_HEADER_BYTES, 'the header')
  let fields: unknown
  try {
    fields = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new WireProblem('the header is no DAG-JSON')
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new WireProblem('the header is no map')
  }
  if ((fields as Fields)['type'] !== type) throw new WireProblem(`the header's type is not ${type}`)
  return fields as Fields
}

function readCids(fields: Fields, name: string, limit: number): CID[] {
  const list = fields[name]
  if (!Array.isArray(list) || list.length > limit) throw new WireProblem(`${name} is no list of up to ${limit} links`)
  return list.map((item: unknown) => readCid(name, item))
}

function readCid(name: string, item: unknown): CID {
  const text = typeof item === 'object' && item !== null ? (item as Fields)['/'] : undefined
  if (typeof text !== 'string' || text.length > MAX_CID_LENGTH) throw new WireProblem(`${name} holds what is no link`)
  let cid: CID
  try {
    cid = CID.parse(text)
  } catch {
    throw new WireProblem(`${name} holds a link that is no CID`)
  }
  if (cid.multihash.code !== SHA2_256 || cid.multihash.digest.length !== 32) {
    throw new WireProblem(`${name} holds a CID that is not by sha2-256`)
  }
  return cid
}

function readCount(fields: Fields, name: string): number {
  const value = fields[name]
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new WireProblem(`${name} is no count`)
  return value as number
}

function readText(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw new WireProblem(`${name} is no text`)
  return value.slice(0, MAX_REFUSAL_TEXT)
}
