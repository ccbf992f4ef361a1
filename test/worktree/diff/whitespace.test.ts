import { expect, test } from 'vitest'

import type { DiffSide } from '../../../src/worktree/diff/file-diff.ts'
import { type ContentOptions, diffContent } from '../../../src/worktree/diff/text-diff.ts'
import { fileOfBytes } from '../../support/build-file.ts'

function side(text: string): DiffSide {
  const bytes = Buffer.from(text)
  const { cid } = fileOfBytes(bytes)
  return {
    kind: 'file',
    cid,
    contentCid: cid,
    size: bytes.length,
    read: async function* () {
      yield bytes
    },
  }
}

test.each<[string, string, ContentOptions, number]>([
  ['\nb\n', '  \nb\n', { whitespace: 'all' }, 0],
  ['\n\n', ' \n', { whitespace: 'all' }, 1],
  [' a b\n', 'ab\n', { whitespace: 'all' }, 0],
  [' a  b\n', ' a b \n', { whitespace: 'amount' }, 0],
  ['a b\n', 'ab\n', { whitespace: 'amount' }, 1],
  ['a \t\n', 'a\n', { whitespace: 'at-end' }, 0],
  [' a\n', 'a\n', { whitespace: 'at-end' }, 1],
  ['a\r\n', 'a\n', { whitespace: 'cr-at-end' }, 0],
  ['a \n', 'a\n', { whitespace: 'cr-at-end' }, 1],
  ['a\n', 'a\n\n', { ignoresBlankLines: true }, 0],
])('%j and %j with %j', async (before, after, rules, hunks) => {
  expect(await diffContent({ before: side(before), after: side(after) }, rules)).toMatchObject({
    hunks: { length: hunks },
  })
})
