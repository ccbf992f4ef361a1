import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'

import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'

/** A private key of a node or of a name, and what follows from it. Only Ed25519 keys are used. */
export interface Ed25519Key {
  /** The private key as libp2p's protobuf (68 bytes): what `ipfs key export` writes and `ipfs key import` reads. */
  protobuf: Uint8Array
  /** Its IPNS name: `k51…`, a CIDv1 (libp2p-key, identity) in base36. */
  name: string
  /** Its peer id: `12D3Koo…`. */
  peerId: string
}

/** Multicodec `libp2p-key`. */
const LIBP2P_KEY = 0x72

/** The protobuf of a key of type Ed25519 before its bytes: 64 (seed and public key), or 32 (public key). */
const PRIVATE_PREFIX = Uint8Array.of(0x08, 0x01, 0x12, 0x40)
const PUBLIC_PREFIX = Uint8Array.of(0x08, 0x01, 0x12, 0x20)

/** Makes a new random key. */
export function generateEd25519Key(): Ed25519Key {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  return keyOf(Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url'))
}

/**
 * Reads a private key from libp2p's protobuf. Returns undefined where it is of another type, cut short, or its halves do
 * not belong together.
 */
export function parseEd25519Key(protobuf: Uint8Array): Ed25519Key | undefined {
  if (protobuf.length !== 68 || PRIVATE_PREFIX.some((byte, at) => protobuf[at] !== byte)) return undefined
  const seed = protobuf.slice(4, 36)
  const publicKey = protobuf.slice(36)
  return Buffer.compare(publicKeyOf(seed, publicKey), publicKey) === 0 ? keyOf(seed, publicKey) : undefined
}

/** The peer id (`12D3Koo…`) whose key has this IPNS name (`k51…`), undefined for what is no name of an Ed25519 key. */
export function peerIdOfName(name: string): string | undefined {
  try {
    const { code, multihash } = CID.parse(name, base36)
    return code === LIBP2P_KEY && multihash.code === identity.code ? peerIdText(multihash.bytes) : undefined
  } catch {
    return undefined
  }
}

function keyOf(seed: Uint8Array, publicKey: Uint8Array): Ed25519Key {
  const multihash = identity.digest(Buffer.concat([PUBLIC_PREFIX, publicKey]))
  return {
    protobuf: Buffer.concat([PRIVATE_PREFIX, seed, publicKey]),
    name: CID.createV1(LIBP2P_KEY, multihash).toString(base36),
    peerId: peerIdText(multihash.bytes),
  }
}

/** A peer id as text is the bare multihash in base58, without multibase prefix (libp2p's peer id specification). */
function peerIdText(multihash: Uint8Array): string {
  return base58btc.baseEncode(multihash)
}

function publicKeyOf(seed: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: base64url(seed), x: base64url(publicKey) }
  const key = createPublicKey(createPrivateKey({ format: 'jwk', key: jwk }))
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
