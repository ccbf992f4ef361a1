import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'

import { base58btc } from 'multiformats/bases/base58'

/** The bytes of an Ed25519 peer id before its public key: identity multihash, and the key's protobuf. */
const PEER_ID_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)

const KEY_BYTES = 32
const SIGNATURE_BYTES = 64

/** Signs bytes by a private key in libp2p's protobuf (`Ed25519Key.protobuf`): the 64 bytes of RFC 8032. */
export function signBytes(protobuf: Uint8Array, bytes: Uint8Array): Uint8Array {
  const [d, x] = [protobuf.subarray(4, 4 + KEY_BYTES), protobuf.subarray(4 + KEY_BYTES)].map(base64url)
  const key = createPrivateKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', d: d!, x: x! } })
  return new Uint8Array(sign(undefined, bytes, key))
}

/** Whether a signature of bytes is by the key that a peer id (`12D3Koo…`) holds; false too for what is no such id. */
export function isSignedBy(peerId: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  const publicKey = publicKeyOf(peerId)
  if (publicKey === undefined || signature.length !== SIGNATURE_BYTES) return false
  const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: base64url(publicKey) } })
  return verify(undefined, bytes, key, signature)
}

function publicKeyOf(peerId: string): Uint8Array | undefined {
  if (peerId.length > 64) return undefined
  try {
    const bytes = base58btc.baseDecode(peerId)
    const isEd25519 = PEER_ID_PREFIX.every((byte, at) => bytes[at] === byte)
    return isEd25519 && bytes.length === PEER_ID_PREFIX.length + KEY_BYTES
      ? bytes.subarray(PEER_ID_PREFIX.length)
      : undefined
  } catch {
    return undefined
  }
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
