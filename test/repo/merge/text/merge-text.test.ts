import fc from 'fast-check'
import { expect, test } from 'vitest'

import { MAX_MERGED_BYTES } from '../../../../src/repo/merge/text/max-merged-bytes.ts'
import { mergeText, type MergeTextOptions } from '../../../../src/repo/merge/text/merge-text.ts'
import { createRandom } from '../../../support/random.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { makeTriples, mergeFileOfGit, mergeOfGit, type TextTriple, type TripleShape } from './git-merges.ts'

const LABELS = { base: 'base', ours: 'ours', theirs: 'theirs' }

const merge = ({ base, ours, theirs }: TextTriple, options: Partial<MergeTextOptions> = {}) => {
  const texts = { base: Buffer.from(base), ours: Buffer.from(ours), theirs: Buffer.from(theirs) }
  const { bytes, conflicts } = mergeText(texts, { labels: LABELS, ...options })
  return { text: Buffer.from(bytes).toString(), conflicts }
}

const SHAPES: [string, Omit<TripleShape, 'count'>, Partial<MergeTextOptions>, string[]][] = [
  ['all lines distinct', { seed: 1 }, {}, []],
  ['lines moved', { seed: 2, moves: true }, {}, []],
  ['two different lines', { seed: 3, distinct: 2 }, {}, []],
  ['ten different lines', { seed: 4, distinct: 10, moves: true }, {}, []],
  ['carriage returns', { seed: 5, distinct: 30, ending: '\r\n' }, {}, []],
  ['the base shown', { seed: 6, distinct: 30 }, { style: 'diff3' }, ['--diff3']],
  ['the base shown, conflicts trimmed', { seed: 7, distinct: 30 }, { style: 'zdiff3' }, ['--zdiff3']],
  ['ours favoured', { seed: 8, distinct: 30 }, { favour: 'ours' }, ['--ours']],
  ['theirs favoured', { seed: 9, distinct: 30 }, { favour: 'theirs' }, ['--theirs']],
  ['both favoured', { seed: 10, distinct: 30 }, { favour: 'union' }, ['--union']],
  ['longer markers', { seed: 11 }, { markerSize: 9 }, ['--marker-size=9']],
]

test.each(SHAPES)('merges as git merge-file does: %s', (_, shape, options, args) => {
  const folder = temporaryFolder()
  for (const [at, texts] of makeTriples({ ...shape, count: 25 }).entries()) {
    const git = mergeFileOfGit(folder, texts, args)
    expect({ at, shape, ...merge(texts, { algorithm: 'myers', ...options }) }).toEqual({
      at,
      shape,
      text: git.bytes.toString(),
      conflicts: git.conflicts,
    })
  }
})

test.each<Omit<TripleShape, 'count'>>([
  { seed: 21 },
  { seed: 22, moves: true },
  { seed: 23, distinct: 2 },
  { seed: 24, distinct: 10, moves: true },
  { seed: 25, distinct: 40, moves: true, ending: '\r\n' },
])('merges as git merge does: %j', (shape) => {
  const triples = makeTriples({ ...shape, count: 400 })
  const merged = mergeOfGit(temporaryFolder(), triples)
  for (const [at, texts] of triples.entries()) {
    expect({ at, shape, text: merge(texts).text }).toEqual({ at, shape, text: (merged[at] as Buffer).toString() })
  }
})

test('what is too large is a conflict as a whole, or the side that is favoured', () => {
  const texts = {
    base: Buffer.alloc(MAX_MERGED_BYTES + 1, 'b'),
    ours: Buffer.from('ours'),
    theirs: Buffer.from('theirs'),
  }
  const options = { labels: LABELS }
  expect(mergeText(texts, options)).toEqual({ bytes: texts.ours, conflicts: 1, whole: 'too-large' })
  expect(mergeText(texts, { ...options, favour: 'theirs' })).toEqual({ bytes: texts.theirs, conflicts: 0 })
})

test('texts that have nothing in common but frequent lines take bounded time', () => {
  const random = createRandom(5)
  const text = () => Buffer.from(Array.from({ length: 30_000 }, () => `${Math.floor(random() * 300)}\n`).join(''))
  const started = performance.now()
  mergeText({ base: text(), ours: text(), theirs: text() }, { labels: LABELS })
  expect(performance.now() - started).toBeLessThan(8000)
})

const aText = fc
  .array(fc.constantFrom('a\n', 'b\n', 'c\n', 'd\n', 'e\n', 'f\r\n'), { maxLength: 12 })
  .chain((lines) => fc.constantFrom(lines.join(''), `${lines.join('')}end`))

test('what only one side changed is taken', () => {
  fc.assert(
    fc.property(aText, aText, (base, side) => {
      expect(merge({ base, ours: base, theirs: side })).toEqual({ text: side, conflicts: 0 })
      expect(merge({ base, ours: side, theirs: base })).toEqual({ text: side, conflicts: 0 })
      expect(merge({ base, ours: side, theirs: side })).toEqual({ text: side, conflicts: 0 })
    }),
    { numRuns: 200 },
  )
})

test('with the sides changed over, as many conflicts, and the same text if there are none', () => {
  fc.assert(
    fc.property(aText, aText, aText, (base, ours, theirs) => {
      const [one, other] = [merge({ base, ours, theirs }), merge({ base, ours: theirs, theirs: ours })]
      expect(one.conflicts > 0).toBe(other.conflicts > 0)
      if (one.conflicts === 0) expect(one.text).toBe(other.text)
    }),
    { numRuns: 300 },
  )
})
