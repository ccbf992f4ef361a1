import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { refNameProblem } from '../../../src/model/ref-name.ts'
import { decodeRefPath, encodeRefName } from '../../../src/repo/refs/ref-encoding.ts'

const hardComponent = fc.oneof(
  fc.constantFrom(
    'Main',
    'main',
    'MAIN',
    'a',
    'A',
    'con',
    'CON',
    'nul.txt',
    'com1',
    'a.ref',
    'a.log',
    'x.ref.ref',
    '+',
    '=',
  ),
  fc.constantFrom('%41', '=a', 'a+', 'a+b', 'é', 'e\u0301', '🦆', 'ſ', 'K', 'v1.0', 'trailing.', '@', '-', "quo'te"),
  fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }),
  fc.string({ minLength: 190, maxLength: 260, unit: fc.constantFrom('a', 'B', 'é', '🦆', '.', 'ref') }),
)
const refName = fc
  .array(hardComponent, { minLength: 1, maxLength: 3 })
  .map((components) => ['refs', ...components].join('/'))
  .filter((name) => refNameProblem(name) === undefined)

/** What the least discerning file systems make of a name. */
function folded(path: string): string {
  return path.normalize('NFKC').toLowerCase()
}

test('a path leads back to the name', () => {
  fc.assert(
    fc.property(refName, (name) => {
      expect(decodeRefPath(encodeRefName(name))).toBe(name)
    }),
    { numRuns: 1000 },
  )
})

test('two names lie at two paths, on every file system, and no file lies where another ref needs a folder', () => {
  fc.assert(
    fc.property(refName, refName, (a, b) => {
      fc.pre(a !== b)
      const [first, second] = [a, b].map((name) => folded(`${encodeRefName(name)}.ref`)) as [string, string]
      expect(first).not.toBe(second)
      expect(second.startsWith(`${first}/`)).toBe(false)
    }),
    { numRuns: 5000 },
  )
})

test('every part of a path is a name that every file system takes', () => {
  fc.assert(
    fc.property(refName, (name) => {
      for (const part of `${encodeRefName(name)}.ref`.split('/')) {
        expect(part).toMatch(/^[a-z0-9%=_+-][a-z0-9%=_.-]{0,209}[a-z0-9%=_+-]?$/)
        expect(part).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/)
      }
    }),
    { numRuns: 1000 },
  )
})

test('ordinary names stay readable', () => {
  expect(encodeRefName('refs/heads/main')).toBe('refs/heads/main')
  expect(encodeRefName('refs/tags/v1.0-rc_2')).toBe('refs/tags/v1.0-rc_2')
  expect(encodeRefName('refs/heads/feature/JIRA-12')).toBe('refs/heads/feature/=j=i=r=a-12')
})

test('a path that no name has is not taken for one', () => {
  for (const path of [
    'refs/heads/Main',
    'refs/heads/%61',
    'refs/heads/a b',
    'refs/heads/x+/+y',
    'refs/heads/+x',
    'refs/heads/=é',
  ]) {
    expect(decodeRefPath(path)).toBeUndefined()
  }
})
