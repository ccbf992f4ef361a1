import { hash } from 'node:crypto'

import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'

/** The IPLD codecs of the model (multicodec table). */
export const RAW = 0x55
export const DAG_PB = 0x70
export const DAG_JSON = 0x0129

/** The one hash function that we write: sha2-256 (multicodec table). */
export const SHA2_256 = 0x12

/** The sha2-256 digest of `bytes`: 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer')
}

/** Whether `digest` is the sha2-256 digest of `bytes`. Cheaper than to make the digest: no object of 32 bytes is made. */
export function isSha256Of(digest: Uint8Array, bytes: Uint8Array): boolean {
  const found = hash('sha256', bytes, 'binary')
  if (found.length !== digest.length) return false
  for (let at = 0; at < found.length; at++) if (found.charCodeAt(at) !== digest[at]) return false
  return true
}

/**
 * The CID with these bytes, which are copied. Throws as `CID.decode`, which it spares those of the usual form: version 1, a
 * codec of one byte, sha2-256.
 */
export function copyCid(bytes: Uint8Array): CID {
  const isUsual =
    bytes.length === USUAL_SIZE && bytes[0] === 1 && bytes[1]! < 0x80 && bytes[2] === SHA2_256 && bytes[3] === 32
  if (!isUsual) return CID.decode(new Uint8Array(bytes))
  if (slabUsed === SLAB_SIZE) {
    slab = new Uint8Array(SLAB_SIZE)
    slabUsed = 0
  }
  const start = slabUsed
  const { buffer } = slab
  for (let at = 0; at < USUAL_SIZE; at++) slab[start + at] = bytes[at]!
  slabUsed += USUAL_SIZE
  const digest = new Uint8Array(buffer, start + 4, 32)
  const multihash = new Digest.Digest(SHA2_256, 32, digest, new Uint8Array(buffer, start + 2, 34))
  return new CID(1, bytes[1]!, multihash, new Uint8Array(buffer, start, USUAL_SIZE))
}

/** Bytes of a CIDv1 with a codec of one byte and a sha2-256 digest. */
const USUAL_SIZE = 36

/** Such CIDs share memory: a buffer for each takes longer to make and to free than all the rest of it. */
const SLAB_SIZE = 112 * USUAL_SIZE
let slab = new Uint8Array(SLAB_SIZE)
let slabUsed = 0

/** The CIDv1 of a sha2-256 digest under a codec. */
export function cidOfDigest(codec: number, digest: Uint8Array): CID {
  return CID.createV1(codec, Digest.create(SHA2_256, digest))
}

/** The CIDv1 of `bytes` under a codec, by sha2-256. */
export function cidOf(codec: number, bytes: Uint8Array): CID {
  return cidOfDigest(codec, sha256(bytes))
}
