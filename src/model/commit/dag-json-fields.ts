import type { CID } from 'multiformats/cid'

import { parseLinkText } from '../cid-text.ts'
import { SHA2_256 } from '../cid.ts'
import { MAX_CID_LENGTH, MAX_SIGNER_LENGTH } from '../limits.ts'
import { FieldProblem } from './field-problem.ts'

/** A map of a parsed node whose fields are still to be looked at. */
export type Fields = Record<string, unknown>

/** Takes a parsed value for a map that has all `required` fields, perhaps the `optional` ones, and no other. */
export function readMap(
  at: string,
  value: unknown,
  required: readonly string[],
  optional: readonly string[] = [],
): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FieldProblem(at, 'must be a map')
  const prefix = at === '' ? '' : `${at}.`
  for (const key of Object.keys(value)) {
    if (!required.includes(key) && !optional.includes(key)) throw new FieldProblem(prefix + key, 'is not a known field')
  }
  for (const key of required) {
    if (!Object.hasOwn(value, key)) throw new FieldProblem(prefix + key, 'is missing')
  }
  return value as Fields
}

/** Takes a parsed value for a string. */
export function readText(at: string, value: unknown): string {
  if (typeof value !== 'string') throw new FieldProblem(at, 'must be a string')
  return value
}

/** Takes a parsed value for a list. */
export function readList(at: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new FieldProblem(at, 'must be a list')
  return value as unknown[]
}

/** Takes a parsed value for a link, `{"/":"<cid>"}`. */
export function readLink(at: string, value: unknown): CID {
  const text = readMap(at, value, ['/'])['/']
  if (typeof text !== 'string' || text.length > MAX_CID_LENGTH) throw new FieldProblem(at, 'must be a link')
  try {
    return parseLinkText(text)
  } catch {
    throw new FieldProblem(at, 'must be a link to a valid CID')
  }
}

/** Takes a parsed value for bytes, `{"/":{"bytes":"<base64>"}}`. */
export function readBytes(at: string, value: unknown): Uint8Array {
  const text = readMap(at, readMap(at, value, ['/'])['/'], ['bytes'])['bytes']
  if (typeof text !== 'string') throw new FieldProblem(at, 'must be bytes')
  return Buffer.from(text, 'base64')
}

/** Checks a text of ours or of others: well-formed Unicode, at most `maxBytes` of UTF-8, no NUL. */
export function checkText(at: string, text: string, maxBytes: number): void {
  if (!text.isWellFormed()) throw new FieldProblem(at, 'has half a surrogate pair, which is not Unicode text')
  if (text.includes('\0')) throw new FieldProblem(at, 'has a NUL character')
  if (Buffer.byteLength(text) > maxBytes) throw new FieldProblem(at, `is longer than ${maxBytes} bytes`)
}

/** Checks the text of a public key as an IPNS name: a CIDv1 of codec libp2p-key in base36. */
export function checkKeyName(at: string, key: string): void {
  if (!/^k[0-9a-z]+$/.test(key) || key.length > MAX_SIGNER_LENGTH) {
    throw new FieldProblem(at, 'must be a public key as an IPNS name in base36 (k…)')
  }
}

/** Checks that a link is by sha2-256 (32 bytes) and of one of the codecs allowed; CIDv0 passes where dag-pb does. */
export function checkLink(at: string, cid: CID, codecs: readonly number[], what: string): void {
  if (cid.multihash.code !== SHA2_256 || cid.multihash.digest.length !== 32) {
    throw new FieldProblem(at, 'must be a sha2-256 CID')
  }
  if (!codecs.includes(cid.code)) throw new FieldProblem(at, `must link ${what}`)
}
