import { describe, expect, it } from 'vitest'

import { searchContent, type SearchContentOptions } from '../../../src/repo/grep/search-content.ts'
import type { FileSearchOptions } from '../../../src/repo/grep/search-file.ts'
import { createSearch, type Search, type SearchOptions } from '../../../src/repo/grep/search.ts'
import { MAX_LINE_BYTES, textPieces } from '../../../src/repo/grep/text-pieces.ts'
import { createSeededRandom, type SeededRandom } from '../../worktree/support/seeded-random.ts'

/** What is found in bytes that come in pieces: a line of text each. */
async function findIn(search: Search, pieces: Iterable<Uint8Array>, options: FileSearchOptions = {}) {
  const found: string[] = []
  const told: SearchContentOptions = {
    ...options,
    onFinding: (finding) =>
      found.push(finding.kind === 'binary' ? 'binary' : `${finding.kind} ${finding.number} ${String(finding.line)}`),
    onPiece: () => {},
  }
  return { count: await searchContent(search, pieces, told), found }
}

/** The same, line by line. */
function findByLine(search: Search, text: Buffer, { before = 0, after = 0, isInverted = false }: FileSearchOptions) {
  const lines = text.toString('latin1').replace(/\n$/, '').split('\n')
  const hits = lines.map((line) => search.matchesLine(Buffer.from(line, 'latin1')) !== isInverted)
  const found = lines.flatMap((line, at) => {
    const isNear = hits.slice(Math.max(0, at - after), at + before + 1).some(Boolean)
    if (!hits[at] && !isNear) return []
    return [`${hits[at] ? 'match' : 'context'} ${at + 1} ${String(Buffer.from(line, 'latin1'))}`]
  })
  return { count: hits.filter(Boolean).length, found }
}

function randomLines(random: SeededRandom, alphabet: readonly string[]): Buffer {
  const line = () => Array.from({ length: random.below(12) }, () => random.pick(alphabet)).join('')
  const text = Array.from({ length: 1 + random.below(4000) }, line).join('\n')
  return Buffer.from(text + random.pick(['', '\n', 'x']), random.chance(0.5) ? 'utf8' : 'latin1')
}

const PATTERNS: [string, Partial<SearchOptions>][] = [
  ['abc', {}],
  ['a.*abc', {}],
  ['abc\nbca', { syntax: 'fixed' }],
  ['a*b$', {}],
  ['^b|c$', { syntax: 'extended' }],
  ['(a|b)\\1c', { syntax: 'extended' }],
  ['AB', { ignoresCase: true }],
  ['é.', {}],
  ['a', { wholeWords: true }],
  ['a*', { wholeWords: true }],
  ['c(?!a)', { syntax: 'javascript' }],
  ['[^a]b', {}],
  ['', {}],
]

describe('a file that comes in pieces', () => {
  it.each([1, 2, 3])('is searched as if line by line: seed %i', async (seed) => {
    const random = createSeededRandom(seed)
    for (const [pattern, options] of PATTERNS) {
      const search = createSearch([pattern], { syntax: 'basic', ...options })
      const text = randomLines(
        random,
        random.pick([
          ['a', 'b', 'c'],
          ['a', 'b', 'c', ' ', '\r'],
          ['a', 'b', 'é', '中', '\u{1f600}'],
        ]),
      )
      const pieces = []
      for (let at = 0; at < text.length;) {
        const size = 1 + random.below(random.pick([10, 20_000, 200_000]))
        pieces.push(text.subarray(at, at + size))
        at += size
      }
      const wanted = {
        binary: 'text' as const,
        before: random.below(3),
        after: random.below(3),
        isInverted: random.chance(0.3),
      }
      const expected = text.length === 0 ? { count: 0, found: [] } : findByLine(search, text, wanted)
      expect({ pattern, ...(await findIn(search, pieces, wanted)) }).toEqual({ pattern, ...expected })
    }
  })

  it('is not read further than is needed', async () => {
    let read = 0
    const pieces = function* () {
      for (; read < 100; read++) yield Buffer.from('needle\n'.repeat(20_000))
    }
    const search = createSearch(['needle'], { syntax: 'fixed' })
    expect(await findIn(search, pieces(), { wants: 'any' })).toEqual({ count: 1, found: [] })
    expect(read).toBe(0)
    expect(await findIn(search, pieces(), { maxCount: 30_000 })).toMatchObject({ count: 30_000 })
    expect(read).toBe(1)
  })

  it('with lines too long for memory is no text, and is searched piece by piece', async () => {
    const mebibyte = Buffer.alloc(1 << 20, 'x')
    const pieces = function* () {
      yield Buffer.from('first needle\n')
      for (let count = 0; count < 40; count++) yield mebibyte
      yield Buffer.from(' needle')
    }
    const { count, found } = await findIn(createSearch(['needle'], { syntax: 'fixed' }), pieces())
    expect({ count, found }).toEqual({ count: 2, found: ['match 1 first needle', 'binary'] })
    for await (const { lines } of textPieces(pieces())) {
      expect(lines.length).toBeLessThanOrEqual(MAX_LINE_BYTES + mebibyte.length)
    }
  })
})

describe('matches in a line', () => {
  const matches = (pattern: string, line: Buffer | string, options: Partial<SearchOptions> = {}) =>
    createSearch([pattern], { syntax: 'extended', ...options })
      .matches(Buffer.from(line))
      .map(({ start, end }) => [start, end])

  it('are counted in bytes, whatever the characters are', () => {
    expect(matches('b', 'é中b\u{1f600}b')).toEqual([
      [5, 6],
      [10, 11],
    ])
    expect(matches('b', Buffer.from([0xff, 0x62, 0xe9, 0x62]))).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  it('are the longest of the alternatives', () => {
    expect(matches('a|ab|abc', 'abcab')).toEqual([
      [0, 3],
      [3, 5],
    ])
  })

  it('of a broken line are found byte by byte, and no byte is a letter', () => {
    expect(matches('é', Buffer.from([0xff, 0xc3, 0xa9]))).toEqual([[1, 3]])
    expect(matches('[[:alpha:]]', Buffer.from([0xff, 0xe9, 0x61]))).toEqual([[2, 3]])
  })
})
