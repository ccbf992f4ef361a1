import { hash } from 'node:crypto'

import type { CID } from 'multiformats/cid'

import { isSha256Of, SHA2_256 } from '../model/cid.ts'
import { InvalidError } from '../model/errors.ts'

/** Multihash code of "the digest is the content itself". */
export const IDENTITY = 0x00

/** Other hash functions that blocks of others may be named by (multicodec table), as node:crypto calls them. */
const HASH_NAMES = new Map([
  [0x13, 'sha512'],
  [0x14, 'sha3-512'],
  [0x15, 'sha3-384'],
  [0x16, 'sha3-256'],
  [0x20, 'sha384'],
  [0xb240, 'blake2b512'],
  [0xb260, 'blake2s256'],
])

/**
 * Whether `bytes` are the block that `cid` names. Throws InvalidError `hash-unsupported` (details: `cid`, `hashCode`)
 * for a hash function that we cannot compute or that proves nothing, like sha1.
 */
export function matchesCid(cid: CID, bytes: Uint8Array): boolean {
  const { code, digest } = cid.multihash
  if (code === SHA2_256) return isSha256Of(digest, bytes)
  if (code === IDENTITY) return Buffer.compare(bytes, digest) === 0
  const name = HASH_NAMES.get(code)
  if (name === undefined) {
    throw new InvalidError(
      'hash-unsupported',
      `no way to verify ${cid.toString()}: unsupported hash function 0x${code.toString(16)}`,
      {
        hint: 'add the data again under sha2-256, the usual hash function of IPFS',
        details: { cid: cid.toString(), hashCode: code },
      },
    )
  }
  return Buffer.compare(hash(name, bytes, 'buffer'), digest) === 0
}
