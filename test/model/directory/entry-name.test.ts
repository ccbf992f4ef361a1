import { expect, test } from 'vitest'

import { checkEntryName, isReservedName } from '../../../src/model/directory/entry-name.ts'

test.each([
  ['empty', ''],
  ['the directory', '.'],
  ['its parent', '..'],
  ['a path', 'a/b'],
  ['a NUL', 'a\0b'],
  ['a lone surrogate', 'a\ud800'],
  ['too long', 'é'.repeat(513)],
])('no entry has the name: %s', (_, name) => {
  expect(() => checkEntryName(name)).toThrow(expect.objectContaining({ code: 'entry-name-invalid', details: { name } }))
})

test.each([
  '...',
  '.a',
  '-rf',
  ' ',
  'a\nb',
  'a\\b',
  '"',
  '\ufeff',
  '\ufffd',
  'e\u0301',
  '\u{1f600}',
  'é'.repeat(512),
  '.jzfs',
])('an entry may have the name %j', (name) => {
  expect(() => checkEntryName(name)).not.toThrow()
})

test.each([
  '.jzfs',
  '.JZFS',
  '.Jzfs',
  '.jzfs.',
  '.jzfs ',
  '.jzfs . .',
  '.j\u200dzfs',
  '\ufeff.jzfs',
  '.jzf\u017f',
  '.jzfs::$INDEX_ALLOCATION',
  '\uff0ejzfs',
  'JZFS~1',
  'jzfs~2',
  '.\u00adjzfs',
])('%j is reserved', (name) => {
  expect(isReservedName(name)).toBe(true)
})

test.each(['jzfs', '.jzfsignore', '.jzfs2', 'x.jzfs', '.jz fs', 'JZFS~', 'jzfs~x', '. jzfs', ''])(
  '%j is not',
  (name) => {
    expect(isReservedName(name)).toBe(false)
  },
)
