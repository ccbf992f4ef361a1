import { createPrivateKey, type KeyObject } from 'node:crypto'

import { InvalidError } from '../../model/errors.ts'
import { type Ed25519Key, parseEd25519Key } from './ed25519-key.ts'

/** How a private key stands in a file, by Kubo's names: libp2p's protobuf, or PKCS #8 as PEM. Neither is encrypted. */
export const KEY_FORMATS = ['libp2p-protobuf-cleartext', 'pem-pkcs8-cleartext'] as const

export type KeyFormat = (typeof KEY_FORMATS)[number]

/** A key as `ipfs key export` writes it. */
export function encodeKey(key: Ed25519Key, format: KeyFormat): Uint8Array {
  if (format === 'libp2p-protobuf-cleartext') return key.protobuf
  const der = Buffer.concat([PKCS8_PREFIX, key.protobuf.subarray(4, 36)])
  return Buffer.from(`-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`)
}

/**
 * Reads a key as `ipfs key export`, and for PEM `openssl genpkey`, write it; without a format, whichever it is.
 *
 * Throws InvalidError `key-type-unsupported` (details: `type`) for a key of another type than Ed25519, and `key-invalid`
 * for what is no private key.
 */
export function decodeKey(bytes: Uint8Array, format?: KeyFormat): Ed25519Key {
  const isPem = Buffer.from(bytes.subarray(0, 11)).toString('latin1') === '-----BEGIN '
  const protobuf =
    (format ?? (isPem ? 'pem-pkcs8-cleartext' : 'libp2p-protobuf-cleartext')) === 'pem-pkcs8-cleartext'
      ? protobufOfPem(bytes)
      : withoutRepetition(bytes)
  const key = parseEd25519Key(protobuf)
  if (key !== undefined) return key
  const type = protobuf[0] === 0x08 && protobuf[2] === 0x12 ? PROTOBUF_TYPES[protobuf[1] ?? -1] : undefined
  throw type === undefined ? keyInvalid() : typeUnsupported(type)
}

/** PKCS #8 of an Ed25519 key (RFC 8410) up to the 32 bytes of its seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The other key types of libp2p's protobuf. */
const PROTOBUF_TYPES: Record<number, string | undefined> = { 0: 'RSA', 2: 'secp256k1', 3: 'ECDSA' }

const PRIVATE_PREFIX = Uint8Array.of(0x08, 0x01, 0x12, 0x40)

/** libp2p's older form has the public key once more at its end: 96 bytes instead of 64. */
function withoutRepetition(bytes: Uint8Array): Uint8Array {
  const isOlder = bytes.length === 100 && bytes[0] === 0x08 && bytes[1] === 0x01 && bytes[3] === 0x60
  const isTwice = isOlder && Buffer.compare(bytes.subarray(36, 68), bytes.subarray(68)) === 0
  return isTwice ? Buffer.concat([PRIVATE_PREFIX, bytes.subarray(4, 68)]) : bytes
}

function protobufOfPem(bytes: Uint8Array): Uint8Array {
  let key: KeyObject
  try {
    key = createPrivateKey({ key: Buffer.from(bytes), format: 'pem' })
  } catch (error) {
    throw keyInvalid(error)
  }
  if (key.asymmetricKeyType !== 'ed25519') throw typeUnsupported(pemType(key))
  const { d = '', x = '' } = key.export({ format: 'jwk' })
  return Buffer.concat([PRIVATE_PREFIX, Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')])
}

function pemType({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  if (asymmetricKeyType === 'rsa') return 'RSA'
  return asymmetricKeyDetails?.namedCurve ?? String(asymmetricKeyType)
}

function typeUnsupported(type: string): InvalidError {
  return new InvalidError('key-type-unsupported', `this is a key of type ${type}; names are signed with Ed25519 only`, {
    hint: 'make a new one: `jzfs key gen NAME`, or `ipfs key gen --type=ed25519 NAME`',
    details: { type },
  })
}

function keyInvalid(cause?: unknown): InvalidError {
  return new InvalidError('key-invalid', 'this is no private key that can be read', {
    hint: 'give one as `ipfs key export` writes it, or PKCS #8 as PEM without a passphrase (-f pem-pkcs8-cleartext)',
    cause,
  })
}
