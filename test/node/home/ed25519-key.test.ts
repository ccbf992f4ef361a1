import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { base36 } from 'multiformats/bases/base36'
import { describe, expect, it } from 'vitest'

import { generateEd25519Key, parseEd25519Key, peerIdOfName } from '../../../src/node/home/ed25519-key.ts'

describe('Ed25519 keys', () => {
  it('are those of libp2p: same bytes, same peer id, same name', async () => {
    const ours = generateEd25519Key()
    const theirs = privateKeyFromProtobuf(ours.protobuf)
    expect(privateKeyToProtobuf(theirs)).toEqual(new Uint8Array(ours.protobuf))
    expect(ours.peerId).toBe(peerIdFromPrivateKey(theirs).toString())
    expect(ours.name).toBe(theirs.publicKey.toCID().toString(base36))
    const message = new TextEncoder().encode('signed')
    expect(await theirs.publicKey.verify(message, await theirs.sign(message))).toBe(true)
  })

  it('are read from what libp2p writes', async () => {
    const theirs = await generateKeyPair('Ed25519')
    const ours = parseEd25519Key(privateKeyToProtobuf(theirs))
    expect(ours?.peerId).toBe(peerIdFromPrivateKey(theirs).toString())
    expect(peerIdOfName(ours?.name ?? '')).toBe(ours?.peerId)
  })

  it('are refused when they are of another type, cut short, or their halves do not belong together', async () => {
    const { protobuf } = generateEd25519Key()
    const mixed = Uint8Array.from(protobuf)
    mixed.set(generateEd25519Key().protobuf.subarray(36), 36)
    expect(parseEd25519Key(mixed)).toBeUndefined()
    expect(parseEd25519Key(protobuf.subarray(0, 67))).toBeUndefined()
    expect(parseEd25519Key(privateKeyToProtobuf(await generateKeyPair('secp256k1')))).toBeUndefined()
  })

  it('have names that other CIDs are not taken for', () => {
    expect(peerIdOfName('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')).toBeUndefined()
    expect(peerIdOfName('k51')).toBeUndefined()
  })
})
