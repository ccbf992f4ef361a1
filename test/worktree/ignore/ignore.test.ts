import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { parseIgnoreFile } from '../../../src/worktree/ignore/ignore-rule.ts'
import { explainIgnore, isExcluding, matchIgnore, openIgnore } from '../../../src/worktree/ignore/ignore.ts'
import { compareIgnoreWithGit } from '../support/ignore-corpus.ts'
import { createSeededRandom } from '../support/seeded-random.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

describe('ignore files', () => {
  test('decide as git does, pattern by pattern, on a generated corpus', () => {
    using directory = temporaryDirectory()
    let paths = 0
    let matched = 0
    for (let seed = 1; seed <= 60; seed++) {
      const result = compareIgnoreWithGit(directory.path, createSeededRandom(seed))
      paths += result.paths
      matched += result.matched
      expect(result.differences, `seed ${seed}`).toEqual([])
    }
    expect(paths).toBeGreaterThan(1500)
    expect(matched).toBeGreaterThan(500)
  })

  test('the last matching pattern of the nearest file decides, and is named', () => {
    using directory = temporaryDirectory()
    mkdirSync(join(directory.path, 'data'))
    writeFileSync(join(directory.path, '.jzfsignore'), '# build products\n*.log\n\n!keep.log\n')
    writeFileSync(join(directory.path, 'data', '.jzfsignore'), '\n*.log  \n')
    const top = openIgnore(directory.path, join(directory.path, 'none'))
    expect(explainIgnore(directory.path, top, 'keep.log', false)).toEqual({
      source: '.jzfsignore',
      line: 4,
      pattern: '!keep.log',
      isIgnored: false,
    })
    expect(explainIgnore(directory.path, top, 'data/keep.log', false)).toEqual({
      source: 'data/.jzfsignore',
      line: 2,
      pattern: '*.log',
      isIgnored: true,
    })
    expect(explainIgnore(directory.path, top, 'data/keep.txt', false)).toBeUndefined()
  })

  test('nothing inside an ignored directory can be taken back', () => {
    using directory = temporaryDirectory()
    mkdirSync(join(directory.path, 'out'))
    writeFileSync(join(directory.path, '.jzfsignore'), 'out/\n!out/a\n')
    writeFileSync(join(directory.path, 'out', '.jzfsignore'), '!a\n')
    const top = openIgnore(directory.path, join(directory.path, 'none'))
    expect(explainIgnore(directory.path, top, 'out/a', false)).toMatchObject({ line: 1, isIgnored: true })
  })

  test('an ignore file that is a symlink or a directory has no patterns', () => {
    using directory = temporaryDirectory()
    writeFileSync(join(directory.path, 'patterns'), '*\n')
    symlinkSync('patterns', join(directory.path, '.jzfsignore'))
    mkdirSync(join(directory.path, 'exclude'))
    const top = openIgnore(directory.path, join(directory.path, 'exclude'))
    expect(explainIgnore(directory.path, top, 'a', false)).toBeUndefined()
  })

  test('a hostile pattern takes no time to speak of', () => {
    const rules = parseIgnoreFile(`${'a*'.repeat(100)}b\n/${'**/a*'.repeat(50)}/b\n`, '.jzfsignore')
    const level = { rules, baseLength: 0, above: undefined, excluded: undefined }
    const path = `${`${'a'.repeat(250)}/`.repeat(10)}${'a'.repeat(250)}`
    expect(isExcluding(matchIgnore(level, path, false))).toBe(false)
  })
})
