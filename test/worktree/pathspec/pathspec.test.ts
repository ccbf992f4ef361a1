import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { toByteString } from '../../../src/worktree/index/byte-string.ts'
import { parsePathspecs, pathFilter } from '../../../src/worktree/pathspec/pathspec.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { git } from '../support/git.ts'
import { randomPath } from '../support/random-edits.ts'
import { createSeededRandom } from '../support/seeded-random.ts'
import type { SeededRandom } from '../support/seeded-random.ts'

const MAGIC = [
  '',
  '',
  '',
  ':/',
  ':!',
  ':^',
  ':(top)',
  ':(glob)',
  ':(literal)',
  ':(exclude)',
  ':(top,glob)',
  ':(exclude,glob)',
]
const WILD = ['*', '**', '?', 'a*', '*.b', '[a-c]', '[!a]', '*/b', '**/b', 'a/**', '*/', '\\*', 'c']

function randomPathspec(random: SeededRandom): string {
  const parts = randomPath(random).split('/')
  const wild = random.chance(0.6) ? parts.map((part) => (random.chance(0.5) ? random.pick(WILD) : part)) : parts
  const magic = random.pick(MAGIC)
  // From the top git lets `..` pass, and it matches nothing.
  const up = random.chance(0.15) && !/top|\//.test(magic) ? '../' : ''
  return `${magic}${up}${wild.join('/')}`
}

function isDirectoryPrefix(path: string, paths: readonly string[]): boolean {
  return paths.some((other) => other.startsWith(`${path}/`))
}

describe('pathspecs', () => {
  test('match what git matches', () => {
    const random = createSeededRandom(5)
    const top = temporaryFolder()
    git(top, ['init', '-q'])
    const candidates = [...new Set(Array.from({ length: 80 }, () => randomPath(random)))]
    const paths = candidates.filter((path) => !isDirectoryPrefix(path, candidates))
    for (const path of paths) {
      mkdirSync(join(top, dirname(path)), { recursive: true })
      writeFileSync(join(top, path), '')
    }
    git(top, ['add', '-A'])
    let matched = 0
    for (let round = 0; round < 250; round++) {
      const specs = Array.from({ length: 1 + random.below(2) }, () => randomPathspec(random))
      // Without an inclusion it is what the command does without pathspecs: for ls-files the current directory.
      const isWithout = specs.every((spec) => /^:([!^]|\(exclude)/.test(spec))
      const cwd = isWithout ? top : join(top, random.pick(['', '', 'a', 'b']))
      mkdirSync(cwd, { recursive: true })
      let theirs: string[] | undefined
      try {
        theirs = git(cwd, ['ls-files', '-z', '--full-name', '--', ...specs])
          .toString()
          .split('\0')
          .filter(Boolean)
          .sort()
      } catch {
        theirs = undefined // outside of the repository, or no pathspec
      }
      let ours: string[] | undefined
      try {
        const filter = pathFilter(parsePathspecs(specs, { worktree: top, cwd }))
        ours = paths.filter((path) => filter?.matches(toByteString(path)) ?? true).sort()
        for (const path of ours) {
          const directory = path.slice(0, path.lastIndexOf('/') + 1)
          expect(filter?.coverage(toByteString(directory))).not.toBe('none')
        }
      } catch (error) {
        if ((error as { code?: string }).code === undefined) throw error
      }
      matched += ours?.length ?? 0
      expect(ours, `${JSON.stringify(specs)} in ${cwd}`).toEqual(theirs)
    }
    expect(matched).toBeGreaterThan(500)
  })

  test('are refused outside the repository, beyond a symlink and with unknown magic', () => {
    const top = temporaryFolder()
    mkdirSync(join(top, 'd'))
    symlinkSync('d', join(top, 'link'))
    const base = { worktree: top, cwd: join(top, 'd') }
    const parse = (text: string) => () => parsePathspecs([text], base)
    const code = (text: string) => expect.objectContaining({ code: text })
    expect(parse('../../x')).toThrow(code('path-outside-repository'))
    expect(parse('/etc/passwd')).toThrow(code('path-outside-repository'))
    expect(parse('../link/x')).toThrow(code('path-beyond-symlink'))
    expect(parse(':(nonsense)x')).toThrow(code('pathspec-invalid'))
    expect(parsePathspecs(['../link', join(top, 'd/x'), '.'], base).map(({ key }) => key)).toEqual(['link', 'd/x', 'd'])
  })
})
