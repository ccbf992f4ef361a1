import { spawnSync } from 'node:child_process'

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { checkBranchName, checkRefName, checkTagName, refNameProblem } from '../../src/model/ref-name.ts'

/** What git says of each name: one shell asks for all of them. */
function askGit(names: readonly string[], option: string): boolean[] {
  const script = `while IFS= read -r -d "" name; do git check-ref-format ${option} "$name" >/dev/null 2>&1; echo $?; done`
  const { stdout, status } = spawnSync('bash', ['-c', script], { input: names.map((name) => `${name}\0`).join('') })
  expect(status).toBe(0)
  return stdout
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => line === '0')
}

/** Names made of the pieces that the rules are about. */
const pieces = [
  'a',
  'b',
  'refs/heads/',
  '/',
  '.',
  '..',
  '.lock',
  '@',
  '{',
  '@{',
  '~',
  '^',
  ':',
  '?',
  '*',
  '[',
  '\\',
  ' ',
  '\t',
  '\u007f',
  '\u0001',
  'é',
  '🐟',
  '-',
  'HEAD',
  'lock',
  'x.lock',
  ']',
  '}',
  '"',
  "'",
  '#',
  '%',
  '\u0080',
  '\n',
]
const generated = (count: number, seed: number) =>
  fc.sample(
    fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 5 }).map((parts) => parts.join('')),
    { numRuns: count, seed },
  )

const accepts = (check: (name: string) => void, name: string) => {
  try {
    check(name)
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'ref-name-invalid', details: { name } })
    return false
  }
}

describe('git check-ref-format agrees', () => {
  test('on full names', () => {
    const names = [
      ...pieces,
      ...pieces.flatMap((piece) => [`refs/${piece}`, `refs/x${piece}y`, `refs/x/${piece}x`]),
      ...generated(600, 1),
    ]
    const git = askGit(names, '')
    expect(names.map((name) => ({ name, ok: accepts(checkRefName, name) }))).toEqual(
      names.map((name, at) => ({ name, ok: git[at] })),
    )
    expect(git.filter(Boolean).length).toBeGreaterThan(50)
  })

  test('on names of branches', () => {
    // `@{-1}` is not a name but a way to say one, which only git's own option expands.
    const names = [...pieces, ...generated(600, 2)].filter((name) => !name.startsWith('@{'))
    const git = askGit(names, '--branch')
    expect(names.map((name) => ({ name, ok: accepts(checkBranchName, name) }))).toEqual(
      names.map((name, at) => ({ name, ok: git[at] })),
    )
  })
})

test('a tag may not be named like an option', () => {
  expect(() => checkTagName('v1.0')).not.toThrow()
  expect(() => checkTagName('-d')).toThrow('begins with "-"')
})

test('limits beyond those of git', () => {
  expect(refNameProblem(`refs/${'é'.repeat(509)}`)).toBe(undefined)
  expect(refNameProblem(`refs/${'é'.repeat(510)}`)).toContain('1024 bytes')
  expect(refNameProblem('refs/x\ud800')).toContain('Unicode')
})
