import { expect, test } from 'vitest'

import { RAW, cidOf } from '../../src/model/cid.ts'
import { EMPTY_DIRECTORY, buildDirectory } from '../../src/model/directory/directory.ts'
import { fileOfBytes } from '../support/build-file.ts'
import { seededBytes } from '../support/seeded.ts'

// The vectors of IPIP-499 for `unixfs-v1-2025`; the two of 1 GiB are in ipip-499.full.test.ts.

test('small file', () => {
  const { cid } = fileOfBytes(Buffer.from('hello world'))
  expect(cid.toString()).toBe('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
})

test('empty directory', () => {
  const empty = 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354'
  expect(EMPTY_DIRECTORY.cid.toString()).toBe(empty)
  expect(buildDirectory([]).cid.toString()).toBe(empty)
})

test.each([
  [1_048_576, 'bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta'],
  [1_048_577, 'bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64'],
])('file of %i bytes, at the limit of a chunk', (size, cid) => {
  expect(fileOfBytes(seededBytes('chunk-v1-seed', size)).cid.toString()).toBe(cid)
})

test.each([
  ['plain at the threshold', 21, 'bafybeic3h7rwruealwxkacabdy45jivq2crwz6bufb5ljwupn36gicplx4'],
  ['sharded one byte above it', 22, 'bafybeiegvuterwurhdtkikfhbxcldohmxp566vpjdofhzmnhv6o4freidu'],
])('directory: %s', (_, lastNameLength, cid) => {
  const content = Buffer.from('x')
  const file = { cid: cidOf(RAW, content), tsize: content.length }
  const entries = seededNames(4766, lastNameLength).map((name) => ({ name, ...file }))
  expect(buildDirectory(entries).cid.toString()).toBe(cid)
})

function seededNames(count: number, lastNameLength: number): string[] {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz01234567890-_'
  const letters = [...seededBytes('hamt-unixfs-v1-2025', 1_048_576)].map((byte) => alphabet[byte % alphabet.length])
  return Array.from({ length: count }, (_, i) =>
    letters.slice(11 * i, 11 * i + (i === count - 1 ? lastNameLength : 11)).join(''),
  )
}
