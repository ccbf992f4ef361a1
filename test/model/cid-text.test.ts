import { base10 } from 'multiformats/bases/base10'
import { base16upper } from 'multiformats/bases/base16'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { base64, base64url } from 'multiformats/bases/base64'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { expect, test } from 'vitest'

import { parseCidText, parseLinkText, shortenCid, shortFormCodec } from '../../src/model/cid-text.ts'
import { cidOf, DAG_JSON, DAG_PB, RAW } from '../../src/model/cid.ts'

const commit = cidOf(DAG_JSON, Buffer.of(1))
const tree = cidOf(DAG_PB, Buffer.of(2))

test('a CID is read in every common base', () => {
  for (const base of [base58btc, base36, base16upper, base64, base64url]) {
    expect(parseCidText(commit.toString(base))?.toString()).toBe(commit.toString())
  }
  expect(parseCidText(commit.toString().toUpperCase())?.toString()).toBe(commit.toString())
  expect(parseCidText(tree.toV0().toString())?.toString()).toBe(tree.toV0().toString())
})

test('what is no CID is no error', () => {
  for (const text of [
    '',
    'main',
    'b',
    'bafy',
    'v1.0',
    'feature/baguqeera',
    'Qm',
    'x'.repeat(60),
    `${commit.toString()}x`,
    commit.toString().slice(0, -1),
    commit.toString(base10),
    'b'.repeat(500),
  ]) {
    expect(parseCidText(text)).toBe(undefined)
  }
})

test('a CID that no dataset can have is refused by name', () => {
  const blake = CID.createV1(RAW, Digest.create(0x1e, new Uint8Array(32))).toString()
  const cbor = CID.createV1(0x71, commit.multihash).toString()
  expect(() => parseCidText(blake)).toThrow(
    expect.objectContaining({ code: 'cid-unsupported', details: { cid: blake } }),
  )
  expect(() => parseCidText(cbor)).toThrow('codec 0x71')
})

test('short forms', () => {
  expect(shortenCid(commit)).toBe(commit.toString().slice(0, 17))
  expect(shortenCid(tree)).toBe(tree.toString().slice(0, 15))
  expect(shortenCid(tree.toV0())).toBe(tree.toV0().toString())
  for (const cid of [commit, tree, cidOf(RAW, Buffer.of())]) expect(shortFormCodec(shortenCid(cid))).toBe(cid.code)
  expect(shortFormCodec('baguqeerabcde'.slice(0, 13))).toBe(DAG_JSON)
  for (const text of ['baguqeera', 'baguqeeraabc', 'bafybei', 'main', 'BAGUQEERAABCDE', 'baguqeera1111']) {
    expect(shortFormCodec(text)).toBe(undefined)
  }
})

test('all CIDs of one kind begin with the prefix that short forms leave out', () => {
  for (const digest of [new Uint8Array(32), new Uint8Array(32).fill(255)]) {
    for (const codec of [RAW, DAG_PB, DAG_JSON]) {
      const text = CID.createV1(codec, Digest.create(0x12, digest)).toString()
      expect(shortFormCodec(text)).toBe(codec)
    }
  }
})

test('the text of a link is read as CID.parse reads it', () => {
  for (let number = 0; number < 300; number++) {
    for (const codec of [DAG_JSON, DAG_PB, RAW]) {
      const cid = cidOf(codec, Buffer.of(number, number >> 8))
      expect(parseLinkText(cid.toString()).bytes).toEqual(CID.parse(cid.toString()).bytes)
    }
  }
  expect(parseLinkText(tree.toV0().toString()).toString()).toBe(tree.toV0().toString())
  const text = commit.toString()
  for (const bad of [
    '',
    text.slice(1),
    `${text}a`,
    `${text.slice(0, -1)}1`,
    `${text.slice(0, 20)}é${text.slice(21)}`,
    `${text.slice(0, -1)}h`,
  ]) {
    const library = () => CID.parse(bad).toString()
    expect(textOrNothing(() => parseLinkText(bad).toString())).toBe(textOrNothing(library))
  }
})

function textOrNothing(read: () => string): string | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
