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

/** The CIDv1 of a sha2-256 digest under a codec. */
export function cidOfDigest(codec: number, digest: Uint8Array): CID {
  return CID.createV1(codec, Digest.create(SHA2_256, digest))
}

/** The CIDv1 of `bytes` under a codec, by sha2-256. */
export function cidOf(codec: number, bytes: Uint8Array): CID {
  return cidOfDigest(codec, sha256(bytes))
}
