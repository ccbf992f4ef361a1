import { spawnSync } from 'node:child_process'

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { createIdentity, formatIdentity, parseIdentity } from '../../../src/model/commit/person.ts'

test.each([
  ['Ada Lovelace <ada@example.org>', { name: 'Ada Lovelace', email: 'ada@example.org' }],
  ['  Ada , <ada@example.org> ', { name: 'Ada', email: 'ada@example.org' }],
  ['\tAda \u0001<>', { name: 'Ada', email: '' }],
])('%s', (text, identity) => {
  expect(parseIdentity(text)).toEqual(identity)
  expect(parseIdentity(formatIdentity(identity))).toEqual(identity)
})

test.each([
  'Ada',
  'Ada <ada',
  '<ada@example.org>',
  ' . <a@x>',
  'A <b> <c>',
  'A > <c>',
  'A\u0007B <c>',
  'A\nB <c>',
  '\ud800 <x>',
  '',
])('refused: %j', (text) => {
  expect(() => parseIdentity(text)).toThrow(expect.objectContaining({ code: 'person-invalid' }))
})

describe('git agrees', () => {
  test('on what is stripped from both ends of a name', () => {
    const pieces = ['a', 'é', ' ', '.', ',', ':', ';', '"', '\\', "'", '!', '-']
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 }), (parts) => {
        const middle = `x${parts.join('')}x`
        const name = parts.join('') + middle + parts.toReversed().join('')
        const git = spawnSync('git', ['var', 'GIT_AUTHOR_IDENT'], {
          env: {
            PATH: process.env['PATH'],
            GIT_AUTHOR_NAME: name,
            GIT_AUTHOR_EMAIL: ` ${parts.join('')}m@x.,`,
            GIT_AUTHOR_DATE: '@0 +0000',
          },
          encoding: 'utf8',
        })
        expect(`${formatIdentity(createIdentity(name, ` ${parts.join('')}m@x.,`))} 0 +0000\n`).toBe(git.stdout)
      }),
      { numRuns: 60 },
    )
  })
})
