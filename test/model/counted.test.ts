import fc from 'fast-check'
import { expect, it } from 'vitest'

import { counted, formatCount } from '../../src/model/counted.ts'

it('numbers are written as English writes them', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (count) => {
      expect(formatCount(count)).toBe(count.toLocaleString('en'))
    }),
  )
})

it.each([
  [0, '0 keys'],
  [1, '1 key'],
  [999, '999 keys'],
  [1200, '1,200 keys'],
])('%i is counted as %s', (count, text) => {
  expect(counted(count, 'key')).toBe(text)
})

it('a noun may have a plural of its own', () => {
  expect([1, 2].map((count) => counted(count, 'entry was', 'entries were'))).toEqual(['1 entry was', '2 entries were'])
})
