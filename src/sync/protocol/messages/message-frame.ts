import type { ByteReader } from '../byte-reader.ts'
import { readWithLength, withLength } from '../length-prefix.ts'
import { WireProblem } from '../wire-problem.ts'

/** The fields of a message, as they came: nothing of them is checked. */
export type Fields = Readonly<Record<string, unknown>>

/** A message as it came. */
export interface Message {
  /** `jzfs/sync-request/1`. */
  type: string
  fields: Fields
}

/** The bytes of a message, its length before it. Fields that are undefined are left out. */
export function encodeMessage(type: string, fields: Fields): Uint8Array {
  return withLength(Buffer.from(JSON.stringify({ ...fields, type })))
}

/** Reads a message of at most `limit` bytes. Throws WireProblem, and what the reader throws. */
export async function readMessage(reader: ByteReader, limit: number): Promise<Message> {
  const bytes = await readWithLength(reader, limit, 'the header')
  let fields: unknown
  try {
    fields = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new WireProblem('the header is no DAG-JSON')
  }
  if (!isMap(fields)) throw new WireProblem('the header is no map')
  if (typeof fields['type'] !== 'string') throw new WireProblem('the header has no type')
  return { type: fields['type'], fields }
}

/** Whether a value of JSON is a map. */
export function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
