import { base16, base16upper } from 'multiformats/bases/base16'
import { base32, base32upper } from 'multiformats/bases/base32'
import { base36, base36upper } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { base64, base64url } from 'multiformats/bases/base64'
import { CID } from 'multiformats/cid'
import { Digest } from 'multiformats/hashes/digest'

import { DAG_JSON, DAG_PB, RAW, SHA2_256 } from './cid.ts'
import { InvalidError } from './errors.ts'
import { MAX_CID_LENGTH } from './limits.ts'

/**
 * Reads the text of a CID in any of the common bases (base32, base36, base58btc, base16, base64; version 0 too).
 *
 * Undefined for what is no CID. Throws InvalidError `cid-unsupported` (details: `cid`) for one of another hash than
 * sha2-256, or of a codec that no dataset has: it could never be found here.
 */
export function parseCidText(text: string): CID | undefined {
  // The shortest text of such a CID has 46 characters; a name of a branch that is a CID by accident is shorter.
  if (text.length < 40 || text.length > MAX_CID_LENGTH) return undefined
  const cid = tryParse(text)
  if (cid === undefined) return undefined
  const { code, digest } = cid.multihash
  if (code !== SHA2_256 || digest.length !== 32) throw unsupported(text, `hash 0x${code.toString(16)}`)
  if (cid.code !== RAW && cid.code !== DAG_PB && cid.code !== DAG_JSON)
    throw unsupported(text, `codec 0x${cid.code.toString(16)}`)
  return cid
}

/**
 * Reads the text of a CID as links of DAG-JSON have it. That of a commit or a directory is read several times as fast as by
 * `CID.parse`, which all others are left to; it throws where the text is no CID.
 */
export function parseLinkText(text: string): CID {
  const codec = text.length === COMMIT_LENGTH ? DAG_JSON : text.length === DIRECTORY_LENGTH ? DAG_PB : undefined
  const head = codec === undefined ? undefined : HEADS[codec]
  const bytes = head && decodeBase32(text, head.length + 32)
  if (bytes === undefined || !head?.every((byte, at) => bytes[at] === byte)) return CID.parse(text)
  const multihash = new Digest(SHA2_256, 32, bytes.subarray(head.length), bytes.subarray(head.length - 2))
  return new CID(1, codec as number, multihash, bytes)
}

/** The length of the base32 text of a CID of a commit, and of a directory. */
const COMMIT_LENGTH = 61
const DIRECTORY_LENGTH = 59

/** What stands before the digest in a CID: version, codec, hash function, and size of the digest. */
const HEADS: Readonly<Record<number, readonly number[]>> = {
  [DAG_JSON]: [1, 0xa9, 0x02, SHA2_256, 32],
  [DAG_PB]: [1, DAG_PB, SHA2_256, 32],
}

/** The bytes of a text in base32 behind its multibase letter; undefined where it is no such text of so many bytes. */
function decodeBase32(text: string, size: number): Uint8Array | undefined {
  const bytes = new Uint8Array(size)
  let [bits, pending, filled] = [0, 0, 0]
  for (let at = 1; at < text.length; at++) {
    const value = BASE32_VALUES[text.charCodeAt(at)] ?? 255
    if (value === 255) return undefined
    pending = (pending << 5) | value
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[filled++] = pending >> bits
    pending &= (1 << bits) - 1
  }
  return pending === 0 && filled === size && text.startsWith('b') ? bytes : undefined
}

const BASE32_VALUES = new Uint8Array(128).fill(255)
for (const [value, character] of Array.from('abcdefghijklmnopqrstuvwxyz234567').entries()) {
  BASE32_VALUES[character.charCodeAt(0)] = value
}

/** The characters that all texts of one codec begin with, before the first that differs. */
const PREFIXES: ReadonlyMap<number, string> = new Map([
  [DAG_JSON, 'baguqeera'],
  [DAG_PB, 'bafybei'],
  [RAW, 'bafkrei'],
])

/** Characters of a short form beyond the prefix: 40 bits, as many as ten hexadecimal digits in git. */
const SHORT_LENGTH = 8

/** Characters beyond the prefix that a short form must have to be looked up. */
const SHORTEST_LENGTH = 4

/**
 * The short form in which commits are shown: the beginning of the CID's base32 text, up to eight characters beyond what all
 * CIDs of its kind begin with (`baguqeera` and eight more for a commit). CIDs of version 0 are shown whole.
 */
export function shortenCid(cid: CID): string {
  return shortenCidTo(cid, SHORT_LENGTH)
}

/** The same with another number of characters beyond the prefix: at least so many that it can be looked up. */
export function shortenCidTo(cid: CID, length: number): string {
  const prefix = cid.version === 0 ? undefined : PREFIXES.get(cid.code)
  if (prefix === undefined) return cid.toString()
  return cid.toString().slice(0, prefix.length + Math.max(length, SHORTEST_LENGTH))
}

/** The short form of a CID that is given as its text, as links of commits are: as `shortenCid`, without making a CID. */
export function shortenLinkText(text: string): string {
  for (const prefix of PREFIXES.values())
    if (text.startsWith(prefix)) return text.slice(0, prefix.length + SHORT_LENGTH)
  return text
}

/** The codec of the CIDs that a short form may mean; undefined where the text is none: too short, or of other letters. */
export function shortFormCodec(text: string): number | undefined {
  if (!/^b[a-z2-7]+$/.test(text)) return undefined
  for (const [codec, prefix] of PREFIXES) {
    if (text.startsWith(prefix) && text.length >= prefix.length + SHORTEST_LENGTH) return codec
  }
  return undefined
}

const DECODERS = [base32, base32upper, base36, base36upper, base58btc, base16, base16upper, base64, base64url]
const BY_PREFIX = new Map(DECODERS.map((base) => [base.prefix as string, base.decoder]))

function tryParse(text: string): CID | undefined {
  const decoder = text.startsWith('Qm') ? base58btc.decoder : BY_PREFIX.get(text.charAt(0))
  if (decoder === undefined) return undefined
  try {
    return CID.parse(text, decoder)
  } catch {
    return undefined
  }
}

function unsupported(text: string, what: string): InvalidError {
  return new InvalidError('cid-unsupported', `${text} is a CID of ${what}, which no dataset of jzfs has`, {
    hint: 'name files and directories by sha2-256 CIDs of raw or dag-pb, commits and tags by those of dag-json',
    details: { cid: text },
  })
}
