import { CID } from 'multiformats/cid'

import { SHA2_256 } from '../../../model/cid.ts'
import { MAX_CID_LENGTH } from '../../../model/limits.ts'
import { WireProblem } from '../wire-problem.ts'
import { type Fields, isMap } from './message-frame.ts'

/** A list of up to `limit` links. Throws WireProblem, as all below. */
export function readLinks(fields: Fields, name: string, limit: number): CID[] {
  const list = fields[name]
  if (!Array.isArray(list) || list.length > limit) throw new WireProblem(`${name} is no list of up to ${limit} links`)
  return list.map((item: unknown) => parseLink(name, item))
}

/** A link, or null. */
export function readLinkOrNull(fields: Fields, name: string): CID | undefined {
  return fields[name] === null ? undefined : parseLink(name, fields[name])
}

/** A link that may be left out. */
export function readOptionalLink(fields: Fields, name: string): CID | undefined {
  return fields[name] === undefined ? undefined : parseLink(name, fields[name])
}

/** A list of up to `limit` maps. */
export function readMaps(fields: Fields, name: string, limit: number): Fields[] {
  const list = fields[name]
  if (!Array.isArray(list) || list.length > limit) throw new WireProblem(`${name} is no list of up to ${limit}`)
  return list.map((item: unknown) => {
    if (!isMap(item)) throw new WireProblem(`${name} holds what is no map`)
    return item
  })
}

/** An integer from 0. */
export function readCount(fields: Fields, name: string): number {
  const value = fields[name]
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new WireProblem(`${name} is no count`)
  return value as number
}

/** A count that may be left out. */
export function readOptionalCount(fields: Fields, name: string): number | undefined {
  return fields[name] === undefined ? undefined : readCount(fields, name)
}

/** Text of at most `limit` UTF-16 units. */
export function readText(fields: Fields, name: string, limit: number): string {
  const value = fields[name]
  if (typeof value !== 'string' || value.length > limit) throw new WireProblem(`${name} is no text of up to ${limit}`)
  return value
}

/** Text that may be left out. */
export function readOptionalText(fields: Fields, name: string, limit: number): string | undefined {
  return fields[name] === undefined ? undefined : readText(fields, name, limit)
}

/** True or false; left out it is false. */
export function readFlag(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false
  if (typeof value !== 'boolean') throw new WireProblem(`${name} is neither true nor false`)
  return value
}

/** Bytes in base64, at most `limit` of them; undefined where they are left out. */
export function readOptionalBytes(fields: Fields, name: string, limit: number): Uint8Array | undefined {
  if (fields[name] === undefined) return undefined
  const text = readText(fields, name, Math.ceil(limit / 3) * 4)
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text || bytes.length > limit) throw new WireProblem(`${name} is no base64`)
  return new Uint8Array(bytes)
}

/** Bytes as they stand in a message. */
export function bytesJson(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function parseLink(name: string, item: unknown): CID {
  const text = isMap(item) ? item['/'] : undefined
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
