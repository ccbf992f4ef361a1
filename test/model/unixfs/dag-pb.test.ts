import * as oracle from '@ipld/dag-pb'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'

import { cidOf } from '../../../src/model/cid.ts'
import { compareBytes } from '../../../src/model/compare.ts'
import { IntegrityError } from '../../../src/model/errors.ts'
import { encodeNode, linkCid, linkName, scanNode } from '../../../src/model/unixfs/dag-pb.ts'

const anyCid = fc
  .tuple(fc.constantFrom(0x55, 0x70, 0x0129), fc.uint8Array({ maxLength: 4 }), fc.boolean())
  .map(([codec, content, isOld]) => (isOld ? cidOf(0x70, content).toV0() : cidOf(codec, content)))
const tsize = fc.oneof(
  fc.nat(300),
  fc.nat(2 ** 31 - 1),
  fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 35, Number.MAX_SAFE_INTEGER),
)
const link = fc.record({
  name: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('x'.repeat(63), 'x'.repeat(127), 'é'.repeat(200)),
  ),
  cid: anyCid,
  tsize,
})
const links = fc
  .array(link, { maxLength: 20 })
  .map((all) => all.toSorted((a, b) => compareBytes(Buffer.from(a.name), Buffer.from(b.name))))

test('encodes as the library does, and scans what it wrote', () => {
  fc.assert(
    fc.property(links, fc.uint8Array({ maxLength: 200 }), (links, data) => {
      const bytes = encodeNode(
        links.map(({ name, cid, tsize }) => ({ name, cid: cid.bytes, tsize })),
        data,
      )
      const Links = links.map(({ name, cid, tsize }) => ({ Name: name, Hash: cid, Tsize: tsize }))
      expect(bytes.equals(oracle.encode({ Data: data, Links }))).toBe(true)
      expect(scanned(bytes)).toEqual(decodedByLibrary(bytes))
    }),
  )
})

test('of bytes that were tampered with, what is not refused means what it means to the library', () => {
  const sample = fc.tuple(links, fc.uint8Array({ maxLength: 20 }), fc.nat(), fc.nat(255), fc.boolean())
  let accepted = 0
  let refused = 0
  fc.assert(
    fc.property(sample, ([links, data, at, byte, isCut]) => {
      const whole = encodeNode(
        links.map(({ name, cid, tsize }) => ({ name, cid: cid.bytes, tsize })),
        data,
      )
      const bytes = Uint8Array.from(isCut ? whole.subarray(0, at % whole.length) : whole)
      bytes[at % whole.length] = byte
      const ours = outcome(() => scanned(bytes))
      if (ours instanceof Error) {
        refused++
        expect(ours).toBeInstanceOf(IntegrityError)
        expect(ours).toMatchObject({ code: 'tree-invalid', details: { cid: some.toString() } })
      } else {
        accepted++
        expect(ours).toEqual(decodedByLibrary(bytes))
      }
    }),
    { numRuns: 3000 },
  )
  expect(accepted).toBeGreaterThan(100)
  expect(refused).toBeGreaterThan(100)
})

const leaf = cidOf(0x55, Buffer.from('x'))
const body = (...parts: Uint8Array[]) => Buffer.concat(parts)
const hash = body(Buffer.from([0x0a, 36]), leaf.bytes)
const field = (tag: number, content: Uint8Array) => body(Buffer.from([tag, content.length]), content)
const data = field(0x0a, Buffer.from([8, 1]))

test.each([
  ['a field of another number', body(field(0x1a, Buffer.alloc(1)), data)],
  ['two Data', body(data, data)],
  ['Data between links', body(field(0x12, hash), data, field(0x12, hash))],
  [
    'a CID whose codec is not written in its shortest form',
    body(field(0x12, field(0x0a, body(Buffer.from([1, 0xd5, 0]), leaf.multihash.bytes))), data),
  ],
  ['a link without a CID', body(field(0x12, Buffer.from([0x12, 1, 0x61])), data)],
  ['a link with its name before its CID', body(field(0x12, body(Buffer.from([0x12, 1, 0x61]), hash)), data)],
  ['a link with two names', body(field(0x12, body(hash, Buffer.from([0x12, 1, 0x61, 0x12, 1, 0x61]))), data)],
  ['a link with a cut CID', body(field(0x12, field(0x0a, leaf.bytes.subarray(0, 35))), data)],
  [
    'a link of another hash',
    body(
      field(0x12, field(0x0a, CID.createV1(0x55, { ...leaf.multihash, bytes: Buffer.from([0, 1, 7]) }).bytes)),
      data,
    ),
  ],
  ['a varint not in its shortest form', body(field(0x12, body(hash, Buffer.from([0x18, 0x81, 0]))), data)],
  [
    'a Tsize above 2^53',
    body(field(0x12, body(hash, Buffer.from([0x18, 255, 255, 255, 255, 255, 255, 255, 127]))), data),
  ],
  ['a length behind the end', Buffer.from([0x0a, 9, 8, 1])],
  ['more than 2 MiB', Buffer.alloc(2_097_153)],
])('refuses %s', (_, bytes) => {
  expect(() => scanNode(some, bytes)).toThrow(expect.objectContaining({ code: 'tree-invalid' }))
})

test('reads Data before links, as some writers put it', () => {
  expect(scanned(body(data, field(0x12, hash))).links).toHaveLength(1)
})

test('a name that is not UTF-8 is refused, a replacement character and a byte order mark are kept', () => {
  const named = (name: Uint8Array) => scanNode(some, body(field(0x12, body(hash, field(0x12, name))), data))
  expect(() => linkName(named(Buffer.from([0x61, 0xff])), 0)).toThrow(expect.objectContaining({ code: 'tree-invalid' }))
  expect(linkName(named(Buffer.from('\ufeffa\ufffd')), 0)).toBe('\ufeffa\ufffd')
})

const some = cidOf(0x70, Buffer.from('the node'))

function scanned(bytes: Uint8Array) {
  const node = scanNode(some, bytes)
  const links = Array.from({ length: node.count }, (_, i) => ({
    cid: CID.decode(Uint8Array.from(linkCid(node, i))).toString(),
    name: linkName(node, i),
    tsize: node.tsizes[i],
  }))
  return { data: node.data && [...node.data], links }
}

function decodedByLibrary(bytes: Uint8Array) {
  const { Data, Links } = oracle.decode(bytes)
  const links = Links.map(({ Name, Hash, Tsize }) => ({ cid: Hash.toString(), name: Name ?? '', tsize: Tsize ?? -1 }))
  return { data: Data && [...Data], links }
}

function outcome<T>(run: () => T): T | Error {
  try {
    return run()
  } catch (error) {
    return error as Error
  }
}
