import fc from 'fast-check'
import { expect, test } from 'vitest'

import { compareBytes, compareNames } from '../../src/model/compare.ts'

const tricky = fc.array(
  fc.constantFrom('a', '\u{7f}', '\u{80}', '\u{7ff}', '\u{d7ff}', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{10ffff}'),
)
const name = fc.oneof(
  fc.string({ unit: 'binary' }),
  tricky.map((characters) => characters.join('')),
)

test('names have the order of their UTF-8 bytes', () => {
  fc.assert(
    fc.property(name, name, (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b))
      expect(Math.sign(compareNames(a, b))).toBe(expected)
      expect(Math.sign(compareBytes(Buffer.from(a), Buffer.from(b)))).toBe(expected)
    }),
    { numRuns: 2000 },
  )
})

test('an astral character comes after U+FFFF, where JavaScript itself puts it before', () => {
  const names = ['\u{1f600}', '\u{ffff}']
  expect(names.toSorted(compareNames)).toEqual(['\u{ffff}', '\u{1f600}'])
  // oxlint-disable-next-line require-array-sort-compare -- JavaScript's own order is what this shows
  expect(names.toSorted()).toEqual(['\u{1f600}', '\u{ffff}'])
})
