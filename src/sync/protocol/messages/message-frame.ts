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
  if (!hasFewValues(bytes)) throw new WireProblem(`the header has more than ${MAX_VALUES} values`)
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

/** Values in one message: those with the most move MAX_UPDATES refs and name MAX_HAVES commits. */
const MAX_VALUES = 65_536

const [QUOTE, COMMA, BRACKET, BACKSLASH, BRACE] = [0x22, 0x2c, 0x5b, 0x5c, 0x7b]

/** Whether JSON has at most MAX_VALUES of them: an empty one of two bytes takes thirty times as much memory once it is read. */
function hasFewValues(json: Uint8Array): boolean {
  let values = 1
  let isText = false
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]
    if (isText && byte === BACKSLASH) at++
    else if (byte === QUOTE) isText = !isText
    else if (!isText && (byte === COMMA || byte === BRACKET || byte === BRACE)) values++
  }
  return values <= MAX_VALUES
}
