import fc from 'fast-check'
import { expect, test } from 'vitest'

import { classifyLike, classifyText } from '../../../src/repo/text/classify-like.ts'
import { diffLines } from '../../../src/repo/text/diff-lines.ts'
import { createLineClasses } from '../../../src/repo/text/line-classes.ts'
import { bytesOfLines, splitLines } from '../../../src/repo/text/lines.ts'

const aNumbering = fc.array(fc.nat({ max: 5 }), { maxLength: 60 }).map((numbers) => Int32Array.from(numbers))

test.each(['myers', 'histogram'] as const)('changes by %s make the one text of the other', (algorithm) => {
  fc.assert(
    fc.property(aNumbering, aNumbering, (before, after) => {
      const made: number[] = []
      let kept = 0
      for (const change of diffLines(before, after, algorithm)) {
        made.push(
          ...before.subarray(kept, change.before.start),
          ...after.subarray(change.after.start, change.after.end),
        )
        kept = change.before.end
      }
      expect([...made, ...before.subarray(kept)]).toEqual([...after])
    }),
    { numRuns: 300 },
  )
})

test('lines have the same number exactly where they are the same', () => {
  const classes = createLineClasses()
  const known = new Map<string, number>()
  const aText = fc.array(fc.constantFrom('a\n', 'b\n', 'a', '\n', 'b\r\n', `${'long'.repeat(40_000)}\n`, 'ab\n'))
  fc.assert(
    fc.property(aText, (pieces) => {
      const lines = splitLines(Buffer.from(pieces.join('')))
      const numbers = classes.classify(lines)
      for (const [at, number] of numbers.entries()) {
        const line = Buffer.from(bytesOfLines(lines, at, at + 1)).toString()
        if (!known.has(line)) known.set(line, known.size)
        expect(number).toBe(known.get(line))
      }
      expect(classes.count).toBe(known.size)
    }),
    { numRuns: 30 },
  )
})

test('many lines', () => {
  const lines = splitLines(Buffer.from(Array.from({ length: 20_000 }, (_, at) => `${at}\n`).join('')))
  expect(createLineClasses().classify(lines)).toEqual(Int32Array.from({ length: 20_000 }, (_, at) => at))
})

test('a text like another is taken apart as any text is', () => {
  const aLine = fc.constantFrom('a\n', 'bb\n', 'a', '\n', 'c\r\n', 'ddd\n')
  const aText = fc.array(aLine, { maxLength: 100 })
  const anEdit = fc.record({ at: fc.nat(100), removed: fc.nat(50), added: fc.array(aLine, { maxLength: 3 }) })
  fc.assert(
    fc.property(aText, fc.array(anEdit, { maxLength: 4 }), (before, edits) => {
      const after = [...before]
      for (const { at, removed, added } of edits) after.splice(at, removed, ...added)
      const classes = createLineClasses()
      const like = classifyText(classes, Buffer.from(before.join('')))
      const text = Buffer.from(after.join(''))
      expect(classifyLike(classes, text, like)).toEqual(classifyText(classes, text))
    }),
    { numRuns: 300 },
  )
})
