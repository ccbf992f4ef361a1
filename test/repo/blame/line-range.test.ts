import { expect, test } from 'vitest'

import { parseLineRanges } from '../../../src/repo/blame/line-range.ts'
import { splitLines } from '../../../src/repo/text/lines.ts'

const lines = splitLines(Buffer.from('one\ntwo\nthree\ntwo\nfive'))

const find = (...texts: string[]) => parseLineRanges(texts)(lines).map(({ start, end }) => [start + 1, end])

test.each([
  ['2,4', [2, 4]],
  ['4,2', [2, 4]],
  ['2,+2', [2, 3]],
  ['4,-2', [3, 4]],
  ['2,-9', [1, 2]],
  ['3', [3, 5]],
  ['3,', [3, 5]],
  [',3', [1, 3]],
  ['4,99', [4, 5]],
  ['/two/,/^t/', [2, 3]],
  ['/five$/', [5, 5]],
  ['/o$/,+2', [2, 3]],
])('-L %s', (text, range) => {
  expect(find(text)).toEqual([range])
})

test('several ranges are united, and a search goes on behind the range before', () => {
  expect(find('4,5', '1,1', '5,5')).toEqual([
    [1, 1],
    [4, 5],
  ])
  expect(find('2,2', '/two/,+1')).toEqual([
    [2, 2],
    [4, 4],
  ])
  expect(find('2,2', '^/two/,+1')).toEqual([[2, 2]])
})

test.each(['6', '9,10', '0,3', '', ':name', 'x', '1,2,3', '/six/', '/(/', '2,+0'])('not -L %s', (text) => {
  expect(() => find(text)).toThrow(expect.objectContaining({ code: 'line-range-invalid' }))
})
