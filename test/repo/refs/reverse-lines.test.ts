import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { reverseLines } from '../../../src/repo/refs/reverse-lines.ts'
import { temporaryFolder } from '../../support/repository.ts'

function linesOf(path: string): { text: string; end: number }[] {
  const file = openSync(path, 'r')
  try {
    return [...reverseLines(file)]
  } finally {
    closeSync(file)
  }
}

test('gives the lines of a file from the last to the first, and nothing of a torn one', () => {
  const path = join(temporaryFolder(), 'log')
  const line = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 5 }),
    // Around the size of the pieces that are read.
    fc.integer({ min: 65_530, max: 65_540 }).map((length) => 'é'.repeat(length / 2)),
    fc.integer({ min: 131_060, max: 131_080 }).map((length) => 'x'.repeat(length)),
  )
  const lines = fc.array(
    line.map((text) => text.replaceAll('\n', ' ')),
    { maxLength: 6 },
  )
  fc.assert(
    fc.property(lines, fc.constantFrom('', 'torn', '\0\0\0'), (texts, torn) => {
      writeFileSync(path, texts.map((text) => `${text}\n`).join('') + torn)
      const read = linesOf(path)
      expect(read.map(({ text }) => text)).toEqual(texts.toReversed())
      expect(read[0]?.end ?? 0).toBe(Buffer.byteLength(texts.map((text) => `${text}\n`).join('')))
    }),
    { numRuns: 200 },
  )
})
