import { generateKeyPairSync } from 'node:crypto'

import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { describe, expect, it } from 'vitest'

import { generateEd25519Key } from '../../../src/node/home/ed25519-key.ts'
import { decodeKey, encodeKey, KEY_FORMATS } from '../../../src/node/home/key-format.ts'

const [PROTOBUF, PEM] = KEY_FORMATS
const key = generateEd25519Key()

/** A new private key of another type, as openssl writes it. */
function pemOf(type: 'rsa' | 'secp256k1' | 'ed448'): Uint8Array {
  const pair =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : type === 'secp256k1'
        ? generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
        : generateKeyPairSync('ed448')
  return Buffer.from(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
}

describe('a key in a file', () => {
  it.each(KEY_FORMATS)('is read as it was written: %s', (format) => {
    const bytes = encodeKey(key, format)
    expect(decodeKey(bytes, format)).toEqual(key)
    expect(decodeKey(bytes)).toEqual(key)
  })

  it('is PKCS #8 as node:crypto and openssl write it', () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const pem = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }))
    expect(Buffer.from(encodeKey(decodeKey(pem, PEM), PEM)).toString()).toBe(pem.toString())
  })

  it('is read in libp2p’s older form, where the public key stands twice', () => {
    const twice = Buffer.concat([Uint8Array.of(8, 1, 0x12, 0x60), key.protobuf.subarray(4), key.protobuf.subarray(36)])
    expect(decodeKey(twice)).toEqual(key)
    twice[99]! ^= 1
    expect(() => decodeKey(twice)).toThrow(expect.objectContaining({ code: 'key-invalid' }))
  })

  it.each([
    ['RSA in PEM', () => pemOf('rsa'), 'RSA'],
    ['secp256k1 in PEM', () => pemOf('secp256k1'), 'secp256k1'],
    ['Ed448 in PEM', () => pemOf('ed448'), 'ed448'],
    ['secp256k1 in protobuf', async () => privateKeyToProtobuf(await generateKeyPair('secp256k1')), 'secp256k1'],
    ['RSA in protobuf', async () => privateKeyToProtobuf(await generateKeyPair('RSA', 2048)), 'RSA'],
    ['ECDSA in protobuf', async () => privateKeyToProtobuf(await generateKeyPair('ECDSA')), 'ECDSA'],
  ])('is refused by its type: %s', async (_what, make, type) => {
    const bytes = await make()
    expect(() => decodeKey(bytes)).toThrow(expect.objectContaining({ code: 'key-type-unsupported', details: { type } }))
  })

  it.each([
    ['nothing', Buffer.alloc(0), undefined],
    ['a text', Buffer.from('-----BEGIN NOTHING-----\n'), undefined],
    ['cut short', key.protobuf.subarray(0, 60), PROTOBUF],
    ['of the other format', encodeKey(key, PEM), PROTOBUF],
    ['of the other format too', key.protobuf, PEM],
    [
      'of halves that do not belong together',
      Buffer.concat([key.protobuf.subarray(0, 67), Buffer.of(key.protobuf[67]! ^ 1)]),
      PROTOBUF,
    ],
  ])('is refused where it is %s', (_what, bytes, format) => {
    expect(() => decodeKey(bytes, format)).toThrow(expect.objectContaining({ code: 'key-invalid' }))
  })
})
