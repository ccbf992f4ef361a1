import { describe, expect, it } from 'vitest'

import { literalAlternative, translatePosix } from '../../../src/repo/grep/posix-pattern.ts'
import { createSearch, type PatternSyntax } from '../../../src/repo/grep/search.ts'

/** Which of the lines a pattern matches. */
function matching(syntax: PatternSyntax, pattern: string, lines: readonly string[]): string[] {
  const search = createSearch([pattern], { syntax })
  return lines.filter((line) => search.matchesLine(Buffer.from(line)))
}

const LINES = ['a', 'aa', 'ab', 'a*', 'a+', '(a)', 'a|b', '^a', 'a$b', ']', '-', 'a{2}', '\\', 'A', 'é', '_ a', '']

describe('a basic regular expression', () => {
  it.each([
    ['a*b', ['ab', 'a|b', 'a$b']],
    ['*', ['a*']],
    ['^*a', []],
    ['a\\+$', ['a', 'aa', '^a', '_ a']],
    ['\\(a\\)\\1', ['aa']],
    ['a|b', ['a|b']],
    ['a\\|b', LINES.filter((line) => /[ab]/.test(line))],
    ['a$b', ['a$b']],
    ['x^a', []],
    ['[]-]', [']', '-']],
    ['[^[:alnum:]]*$', LINES],
    ['^[[:alpha:]]$', ['a', 'A', 'é']],
    ['^.$', ['a', ']', '-', '\\', 'A', 'é']],
    ['\\<a\\>', ['a', 'a*', 'a+', '(a)', 'a|b', '^a', 'a$b', 'a{2}', '_ a']],
    ['[\\]', ['\\']],
    ['a\\{2\\}', ['aa']],
  ])('%s', (pattern, lines) => {
    expect(matching('basic', pattern, LINES).toSorted()).toEqual(lines.toSorted())
  })

  it.each([
    '\\(',
    'a\\)',
    '[a',
    'a\\',
    'a\\{1',
    'a\\{2,1\\}',
    '\\{1\\}',
    'a**',
    '\\1',
    '[[:no:]]',
    '[b-a]',
    '[[.ab.]]',
  ])('is refused where git refuses it: %s', (pattern) => {
    expect(() => translatePosix(pattern, 'basic')).toThrow(
      expect.objectContaining({ code: 'pattern-invalid', details: expect.objectContaining({}) as object }),
    )
  })
})

describe('an extended regular expression', () => {
  it.each([
    ['a{2}', ['aa']],
    ['^(a|A)+$', ['a', 'aa', 'A']],
    ['\\(a\\)', ['(a)']],
    ['a\\{2\\}', ['a{2}']],
    ['a**$', LINES],
    ['\\^', ['^a']],
    ['a)', ['(a)']],
  ])('%s', (pattern, lines) => {
    expect(matching('extended', pattern, LINES).toSorted()).toEqual(lines.toSorted())
  })

  it.each(['(', '*a', '+', 'a|*b', '^*', '(|+)', 'a{', 'a{1', 'a{,', 'a{2,1}', 'a{99999}', '(a)\\2', '[a'])(
    'is refused where git refuses it: %s',
    (pattern) => {
      expect(() => translatePosix(pattern, 'extended')).toThrow(expect.objectContaining({ code: 'pattern-invalid' }))
    },
  )
})

describe('what must be in every line that matches', () => {
  it('is the longest row of characters of a branch', () => {
    const literals = (pattern: string) => translatePosix(pattern, 'extended').map(({ literal }) => literal)
    expect(literals('^abcd.*xyz|(abc)d*e|f+gh|[ab]|ab\\.c?')).toEqual(['abcd', 'e', 'gh', '', 'ab.'])
    expect(literals('(a)\\1|b')).toEqual([''])
    expect(literalAlternative('a.b')).toMatchObject({ literal: 'a.b', source: 'a\\.b' })
  })
})

it('a pattern that takes exponential time is risky, one that repeats no group is not', () => {
  const isRisky = (pattern: string) => createSearch([pattern], { syntax: 'extended' }).isRisky
  expect(['(a+)+b', '(a|a)*b', '(a)\\1'].map(isRisky)).toEqual([true, true, true])
  expect(['a+b*', '(a|b)c', 'a{2,3}'].map(isRisky)).toEqual([false, false, false])
})
