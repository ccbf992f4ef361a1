import { expect, test } from 'vitest'

import { hasConflictMarkers } from '../../../../src/repo/merge/text/conflict-markers.ts'
import { mergeText } from '../../../../src/repo/merge/text/merge-text.ts'

test.each([
  ['a\n<<<<<<< HEAD\nb\n', true],
  ['<<<<<<<\n', true],
  ['a\r\n>>>>>>> x\r\n', true],
  ['>>>>>>>', true],
  ['a <<<<<<< HEAD\n', false],
  ['<<<<<<<< HEAD\n', false],
  ['Title\n=======\n', false],
  ['<<<<<<<a\n', false],
  ['', false],
])('%j', (text, expected) => {
  expect(hasConflictMarkers(Buffer.from(text))).toBe(expected)
})

test('what a merge marked is found', () => {
  const texts = { base: Buffer.from('a\n'), ours: Buffer.from('b\n'), theirs: Buffer.from('c\n') }
  const { bytes } = mergeText(texts, { labels: { ours: '', theirs: '' } })
  expect(hasConflictMarkers(bytes)).toBe(true)
})
